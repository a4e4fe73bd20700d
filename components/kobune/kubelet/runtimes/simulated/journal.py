"""What the runtime remembers over its own end: one line of JSON for each thing that happened.

A kubelet that is killed must find its containers still running when it returns, as with any runtime. Not fsynced:
after a power cut nothing runs any more anyway.
"""

import logging
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import orjson

log = logging.getLogger(__name__)

Record: TypeAlias = dict[str, Any]


class Journal:
    """A file of records, to be appended to."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._descriptor = -1
        self._failed = False
        self.length = 0
        """How many records are in the file."""

    def read(self) -> Iterator[Record]:
        """Return the records of the last time; a torn last line is left out."""
        try:
            data = self._file.read_bytes()
        except FileNotFoundError:
            return
        for line in data.split(b"\n"):
            if line:
                try:
                    yield orjson.loads(line)
                except orjson.JSONDecodeError:
                    log.warning("left out a broken line of %s", self._file)

    def rewrite(self, records: Iterable[Record]) -> None:
        """Have nothing but these records."""
        lines = [orjson.dumps(record) + b"\n" for record in records]
        temporary = self._file.with_suffix(".new")
        temporary.write_bytes(b"".join(lines))
        temporary.replace(self._file)
        self.close()
        self._descriptor = os.open(self._file, os.O_WRONLY | os.O_APPEND)
        self.length = len(lines)

    def append(self, record: Record) -> None:
        """Add a record."""
        self.length += 1
        try:
            os.write(self._descriptor, orjson.dumps(record) + b"\n")
        except OSError as error:
            if not self._failed:
                self._failed = True
                log.error("cannot write %s, containers will be forgotten when the runtime ends: %s", self._file, error)

    def close(self) -> None:
        """Close the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
