"""Reading a container's log as it grows."""

import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from kobune.api.core.v1 import PodLogOptions
from kobune.apimachinery.clock import Clock
from kobune.kubelet.streams.logfile import Selection

PERIOD = 0.1
"""Seconds between looks at a log that is followed."""
PIECE = 1 << 20


async def read(
    path: Path, options: PodLogOptions, clock: Clock, is_running: Callable[[], bool]
) -> AsyncIterator[bytes]:
    """Yield what the options select; with `follow`, until the container has ended.

    A file that another has taken the place of is read to its end, and then the new one.
    """
    selection = Selection(options, clock.now())
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return  # it has said nothing yet, or what it said was thrown away
    try:
        first = selection.begin(file.read())
        for start in range(0, len(first), PIECE):
            yield first[start : start + PIECE]
        while options.follow and not selection.is_full:
            ended = not is_running()  # asked before the last look: what it said at the end is not missed
            rotated = _is_another(path, file.fileno())
            while (data := file.read(PIECE)) and not selection.is_full:
                if shown := selection.feed(data):
                    yield shown
            if rotated:
                file.close()
                file = path.open("rb")
            elif ended:
                break
            else:
                await clock.sleep(PERIOD)
    finally:
        file.close()


def _is_another(path: Path, descriptor: int) -> bool:
    try:
        return path.stat().st_ino != os.fstat(descriptor).st_ino
    except FileNotFoundError:
        return False
