"""The log files of containers: lines of `time stream tag text`, as CRI demands, and what is shown of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from kobune.api.core.v1 import PodLogOptions
from kobune.apimachinery.meta import seconds_of

STREAMS = {"Stdout": b"stdout", "Stderr": b"stderr"}
"""The bytes in the file, by the name in the options; other names are for all."""


@dataclass(frozen=True)
class Line:
    """A line of the file. One that is `partial` goes on in the next."""

    time: bytes
    stream: bytes
    partial: bool
    text: bytes


def parse(line: bytes) -> Line | None:
    """Return the parts of a line; None for one that is torn."""
    parts = line.split(b" ", 3)
    if len(parts) < 3 or parts[1] not in (b"stdout", b"stderr"):
        return None
    return Line(parts[0], parts[1], parts[2].split(b":")[0] == b"P", parts[3] if len(parts) > 3 else b"")


class Selection:
    """Shows of a log what the options of a request say; feed it the file, piece by piece."""

    def __init__(self, options: PodLogOptions, now: float) -> None:
        self._timestamps = options.timestamps
        self._stream = STREAMS.get(options.stream, b"")
        self._tail = options.tailLines if options.HasField("tailLines") else None
        self._left = options.limitBytes if options.HasField("limitBytes") else None
        self._since: float | None = None
        if options.HasField("sinceSeconds"):
            self._since = now - options.sinceSeconds
        elif options.HasField("sinceTime"):
            self._since = seconds_of(options.sinceTime)
        self._rest = b""
        self._continues = False

    @property
    def is_full(self) -> bool:
        """Whether `limitBytes` were shown."""
        return self._left is not None and self._left <= 0

    def begin(self, data: bytes) -> bytes:
        """Return what is shown of that which is in the file already."""
        lines = self._lines(data)
        if self._tail is not None:
            lines = lines[len(lines) - self._tail :] if self._tail < len(lines) else lines
        return self._show(lines)

    def feed(self, data: bytes) -> bytes:
        """Return what is shown of that which was added."""
        return self._show(self._lines(data))

    def _lines(self, data: bytes) -> list[bytes]:
        *lines, self._rest = (self._rest + data).split(b"\n")
        return lines

    def _show(self, lines: list[bytes]) -> bytes:
        shown = b"".join(self._shown(lines))
        if self._left is not None:
            shown = shown[: self._left]
            self._left -= len(shown)
        return shown

    def _shown(self, lines: list[bytes]) -> Iterator[bytes]:
        for line in map(parse, lines):
            if line is None or (self._stream and line.stream != self._stream) or self._is_old(line):
                continue
            if self._timestamps and not self._continues:
                yield line.time + b" "
            yield line.text if line.partial else line.text + b"\n"
            self._continues = line.partial

    def _is_old(self, line: Line) -> bool:
        if self._since is None:
            return False
        try:
            return datetime.fromisoformat(line.time.decode("latin-1")).timestamp() < self._since
        except ValueError:
            return False
