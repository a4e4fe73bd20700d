"""Making decided writes durable, in order: a thread that syncs groups of them, or nothing at all for memory stores.

While one group is on its way to the disk, the next writes wait; whatever has gathered then goes as one synced batch.
So 64 writers share an fsync, and a lone writer waits for nobody.
"""

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from queue import SimpleQueue
from typing import Final, Protocol

from kobune.apiserver.storage.disk import Disk
from kobune.apiserver.storage.rows import Row, event_rows
from kobune.apiserver.storage.store import Event
from kobune.apiserver.storage.tally import TALLY_ROW, Tally

logger = logging.getLogger(__name__)

CHORE_STEPS: Final = 500
"""How many revisions compaction cleans up between two groups of writes: a few milliseconds."""


@dataclass(slots=True, eq=False)
class Commit:
    """One decided write: what it changes, and who waits. Without rows it only waits its turn."""

    events: tuple[Event, ...]
    done: asyncio.Future[None]
    rows: Sequence[Row] = ()
    """Besides those of the events."""
    then: Callable[[], None] | None = None
    """Called when it is durable, before the writer is answered."""


Committed = Callable[[Sequence[Commit], BaseException | None], None]
"""Told, on the event loop, which commits are durable, or are not and why."""


@dataclass(slots=True, eq=False)
class Chore:
    """Deletions that can be lost and found again, revision by revision, and who waits for the last one."""

    steps: Iterator[Sequence[Row]]
    done: asyncio.Future[None]


class Committer(Protocol):
    """Takes decided writes and says when they are durable, in the same order."""

    def submit(self, commit: Commit) -> None:
        """Make a commit durable after all before it."""

    def clean_up(self, chore: Chore) -> None:
        """Delete rows a few at a time, whenever no write waits."""

    def close(self) -> None:
        """Return when everything submitted is done with; called off the event loop."""


CommitterOf = Callable[[Disk, Committed, asyncio.AbstractEventLoop], Committer]
"""Makes the committer of a store."""


class CommitThread:
    """Writes groups of commits to a disk, in a thread of its own."""

    def __init__(self, disk: Disk, committed: Committed, loop: asyncio.AbstractEventLoop) -> None:
        self._disk = disk
        self._tally = Tally.read(disk.get(TALLY_ROW))
        self._committed = committed
        self._loop = loop
        self._fresh: list[Commit] = []
        self._queue: SimpleQueue[list[Commit] | Chore | None] = SimpleQueue()
        self._chores: deque[Chore] = deque()
        self._broken: BaseException | None = None
        # A daemon: a process that dies without closing its store must not hang; what it acknowledged is on disk.
        self._thread = threading.Thread(target=self._run, name="store-commit", daemon=True)
        self._thread.start()

    def submit(self, commit: Commit) -> None:
        if not self._fresh:
            self._loop.call_soon(self._hand_over)  # one wake-up of the thread per turn of the loop
        self._fresh.append(commit)

    def clean_up(self, chore: Chore) -> None:
        self._queue.put(chore)

    def close(self) -> None:
        self._queue.put(None)
        self._thread.join()

    def _hand_over(self) -> None:
        fresh, self._fresh = self._fresh, []
        self._queue.put(fresh)

    def _run(self) -> None:
        open = True
        while open:
            group: list[Commit] = []
            wait = not self._chores
            while wait or not self._queue.empty():
                match self._queue.get():
                    case None:
                        open = False
                    case Chore() as chore:
                        self._chores.append(chore)
                    case commits:
                        group += commits
                wait = False
            if group:
                self._write(group)
            elif self._chores and open:
                self._do_chore()

    def _write(self, group: list[Commit]) -> None:
        try:
            if self._broken is None and (rows := _rows(group)):
                self._tally.take(group)
                self._disk.write([*rows, self._tally.row()], sync=True)
        except Exception as error:  # whatever it is, nothing after it may be acknowledged
            self._broken = error
        self._tell(self._committed, group, self._broken)

    def _do_chore(self) -> None:
        chore = self._chores[0]
        try:
            steps = list(islice(chore.steps, CHORE_STEPS)) if self._broken is None else []
            if steps:
                # Unsynced: a deletion that is lost is found again when the store is opened.
                self._disk.write([row for step in steps for row in step], sync=False)
                return
        except Exception as error:
            self._broken = error
            self._tell(self._committed, [], error)
        self._chores.popleft()
        self._tell(_resolve, chore.done)

    def _tell(self, callback: Callable[..., None], *arguments: object) -> None:
        try:
            self._loop.call_soon_threadsafe(callback, *arguments)
        except RuntimeError:
            logger.debug("store: the event loop ended before its last answers")


class CommitNow:
    """Writes at once, on the next turn of the loop: for disks that are memory."""

    def __init__(self, disk: Disk, committed: Committed, loop: asyncio.AbstractEventLoop) -> None:
        self._disk = disk
        self._committed = committed
        self._loop = loop
        self._fresh: list[Commit] = []

    def submit(self, commit: Commit) -> None:
        if not self._fresh:
            self._loop.call_soon(self._hand_over)
        self._fresh.append(commit)

    def clean_up(self, chore: Chore) -> None:
        steps = list(islice(chore.steps, CHORE_STEPS))
        self._disk.write((row for step in steps for row in step), sync=False)
        if steps:
            self._loop.call_soon(self.clean_up, chore)
        else:
            _resolve(chore.done)

    def close(self) -> None:
        """Nothing is held."""

    def _hand_over(self) -> None:
        fresh, self._fresh = self._fresh, []
        self._disk.write(_rows(fresh), sync=False)
        self._committed(fresh, None)


def _rows(group: Sequence[Commit]) -> list[Row]:
    return [row for commit in group for row in (*commit.rows, *event_rows(commit.events))]


def _resolve(done: asyncio.Future[None]) -> None:
    if not done.done():
        done.set_result(None)
