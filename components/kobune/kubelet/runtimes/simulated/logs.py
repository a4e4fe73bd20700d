"""The log files of simulated containers, in the format that CRI demands."""

import logging
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from kobune.kubelet.runtimes.simulated.model import Container

log = logging.getLogger(__name__)

LIMIT = 10 << 20
"""Bytes of a log that are kept, and once more as many before them."""


def write_start(container: Container, now: float) -> None:
    """Write what a container says when it starts: that it has, and what its command would print."""
    command = " ".join([*container.config.command, *container.config.args])
    first = f"simulated container {container.config.metadata.name} of {container.config.image.image} started"
    write(container, now, [f"{first}: {command}" if command else first, *container.behaviour.output])


def write_end(container: Container, now: float) -> None:
    """Write that a container has ended, and how."""
    why = f": {container.message}" if container.message else ""
    write(
        container,
        now,
        [f"simulated container {container.config.metadata.name} ended with exit code {container.exit_code}{why}"],
    )
    container.output.say("")


def write(container: Container, now: float, texts: Iterable[str]) -> None:
    """Add lines to a container's log, if it has one, and tell them to those who are attached."""
    texts = list(texts)
    for text in texts:
        container.output.say(text + "\n")
    path = container.log_path()
    if not path:
        return
    when = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f000Z")
    lines = "".join(f"{when} stdout F {line}\n" for text in texts for line in text.splitlines() or [""])
    file = Path(path)
    try:
        try:
            _append(file, lines)
        except FileNotFoundError:
            file.parent.mkdir(parents=True, exist_ok=True)
            _append(file, lines)
    except OSError as error:
        log.warning("cannot write the log of a container: %s", error)


def _append(file: Path, lines: str) -> None:
    with file.open("a") as out:
        out.write(lines)
        full = out.tell() > LIMIT
    if full:
        file.replace(file.with_suffix(".log.1"))
        file.touch()
