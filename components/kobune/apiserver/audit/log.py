"""The file of the audit log: written in batches by a thread of its own, put aside when it grows too large."""

import asyncio
import json
import logging
import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import orjson

from kobune.apimachinery.clock import Clock
from kobune.component_base.failure import CannotStart

log = logging.getLogger(__name__)

GATHER: Final = 0.1
"""Seconds in which events that belong together arrive."""
WAITING_LIMIT: Final = 20_000
"""Events that wait for a slow disk; what comes when there are as many is lost, and that is told."""
SIZE_LIMIT: Final = 100 << 20
"""Bytes of a file, as Kubernetes has it."""
FILES: Final = 5
"""Files that were put aside and are kept."""

Event = Mapping[str, Any]


class AuditLog:
    """Takes events without ever waiting. `run` must be running for them to be written."""

    def __init__(
        self,
        file: Path,
        *,
        clock: Clock,
        render: Callable[[Any], Event],
        size_limit: int = SIZE_LIMIT,
        files: int = FILES,
        waiting_limit: int = WAITING_LIMIT,
    ) -> None:
        """Open nothing yet; `render` makes of what was added what is written, off the path of requests."""
        self._file = file
        self._clock = clock
        self._render = render
        self._size_limit = size_limit
        self._files = files
        self._waiting_limit = waiting_limit
        self._waiting: list[Any] = []
        self._arrived = asyncio.Event()
        self._lost = 0
        self.lost = 0
        """How many events were not written, all in all."""
        self.written = 0

    def check(self) -> None:
        """Raise `CannotStart` if the file cannot be written."""
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self._append(b"")
        except OSError as error:
            raise CannotStart(f"apiserver: cannot write the audit log {self._file}: {error.strerror}") from None

    def add(self, event: Any) -> None:
        """Have an event written soon."""
        if len(self._waiting) >= self._waiting_limit:
            self._lost += 1
            return
        self._waiting.append(event)
        self._arrived.set()

    async def run(self) -> None:
        """Write until cancelled, and then what is left."""
        try:
            while True:
                await self._arrived.wait()
                await self._clock.sleep(GATHER)
                batch = self._taken()
                self._tell(await asyncio.to_thread(self._write, batch), len(batch))
        finally:
            batch = self._taken()
            self._tell(self._write(batch), len(batch))

    def _taken(self) -> list[Any]:
        batch, self._waiting = self._waiting, []
        self._arrived.clear()
        return batch

    def _write(self, batch: Iterable[Any]) -> str:
        """Write events; return why that did not work."""
        try:
            lines = b"".join(_line(self._render(event)) for event in batch)
            if lines:
                self._make_room(len(lines))
                self._append(lines)
        except OSError as error:
            return str(error)
        return ""

    def _append(self, lines: bytes) -> None:
        with open(self._file, "ab", opener=_private) as file:
            file.write(lines)

    def _make_room(self, size: int) -> None:
        """Put the file aside if it would become too large: `audit.log.1` is the newest of the old ones."""
        with suppress(FileNotFoundError):
            length = self._file.stat().st_size
            if length and length + size > self._size_limit:
                for number in range(self._files - 1, 0, -1):
                    with suppress(FileNotFoundError):
                        self._aside(number).replace(self._aside(number + 1))
                self._file.replace(self._aside(1))

    def _aside(self, number: int) -> Path:
        return self._file.with_name(f"{self._file.name}.{number}")

    def _tell(self, problem: str, count: int) -> None:
        if problem:
            self._lost += count
            log.error("lost %d events of the audit log: %s", self._lost, problem)
        elif self._lost:
            log.error("lost %d events of the audit log: the disk is too slow for them", self._lost)
        self.written += 0 if problem else count
        self.lost, self._lost = self.lost + self._lost, 0


def _line(event: Event) -> bytes:
    """Return an event as a line. Whatever a client sends must not keep it, or others, out of the log."""
    try:
        return orjson.dumps(event, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:
        pass
    try:
        # What is no proper text, or nested deeper than others can read.
        return json.dumps(event, default=str).encode() + b"\n"
    except (RecursionError, ValueError):
        bare = {key: value for key, value in event.items() if not key.endswith("Object")}
        return json.dumps(bare, default=str).encode() + b"\n"


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
