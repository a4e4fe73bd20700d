"""The log files of simulated containers, in the format that CRI demands."""

import logging
from datetime import UTC, datetime
from pathlib import Path

from kobune.kubelet.runtimes.simulated.model import Container

log = logging.getLogger(__name__)


def write_start(container: Container, now: float) -> None:
    """Write what a container says when it starts: that it has, and what its command would print."""
    path = container.log_path()
    if not path:
        return
    when = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f000Z")
    command = " ".join([*container.config.command, *container.config.args])
    first = f"simulated container {container.config.metadata.name} of {container.config.image.image} started"
    lines = [f"{first}: {command}" if command else first, *container.behaviour.output]
    try:
        file = Path(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a") as out:
            out.writelines(f"{when} stdout F {line}\n" for text in lines for line in text.splitlines() or [""])
    except OSError as error:
        log.warning("cannot write the log of a container: %s", error)
