"""A priority level: so many requests at once, so many waiting in queues, and no more."""

import asyncio
from collections import Counter, deque
from collections.abc import Iterator
from typing import Final

from kobune.api.meta.v1 import StatusDetails
from kobune.apimachinery.errors import TooManyRequests

PATIENCE: Final = 15.0
"""Seconds that a request waits at most: a quarter of the minute that a request may take."""
FULL: Final = "queue-full"
NO_QUEUE: Final = "concurrency-limit"
LATE: Final = "time-out"


class Overloaded(TooManyRequests):
    """More requests than there are seats and places to wait for one."""

    def __init__(self) -> None:
        super().__init__("Too many requests, please try again later.", StatusDetails(retryAfterSeconds=1))


class Level:
    """Seats, and queues of those who wait for one. No seats means: as many as like may come."""

    def __init__(self, name: str, uid: str) -> None:
        self.name = name
        self.uid = uid
        self.seats: int | None = None
        self.taken = 0
        self.waiting = 0
        self.dispatched = 0
        self.rejected: Counter[str] = Counter()
        self._queues: list[deque[asyncio.Future[None]]] = []
        self._hand = 1
        self._length = 0
        self._next = 0

    def configure(self, seats: int | None, queues: int, hand: int, length: int) -> None:
        """Have so many seats, and so many queues of that length, of which a flow uses a few (no queues: none wait)."""
        self.seats = seats
        waiting = [each for queue in self._queues for each in queue] if queues != len(self._queues) else []
        if queues != len(self._queues):
            self._queues = [deque() for _ in range(queues)]
            if queues:
                for number, each in enumerate(waiting):
                    self._queues[number % queues].append(each)
            else:
                for each in waiting:
                    if not each.done():
                        each.set_exception(self._refused(NO_QUEUE))
                self.waiting = 0
        self._hand, self._length = hand, length
        self._wake()

    def take(self) -> bool:
        """Take a seat if there is one and nobody waits for it."""
        if self.seats is not None and (self.taken >= self.seats or self.waiting):
            return False
        self.taken += 1
        self.dispatched += 1
        return True

    async def wait(self, flow: int) -> None:
        """Wait for a seat and take it; `Overloaded` if the queues of the flow are full, or after 15 s."""
        if not self._queues:
            raise self._refused(NO_QUEUE)
        queue = min((self._queues[number] for number in dealt(flow, len(self._queues), self._hand)), key=len)
        if len(queue) >= self._length:
            raise self._refused(FULL)
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue.append(mine)
        self.waiting += 1
        try:
            async with asyncio.timeout(PATIENCE):
                await mine
        except TimeoutError:
            self._leave(mine)
            raise self._refused(LATE) from None
        except asyncio.CancelledError:
            self._leave(mine)
            raise

    def give(self) -> None:
        """Give a seat back; whoever is next gets it."""
        self.taken -= 1
        if self.waiting:
            self._wake()

    def _leave(self, mine: "asyncio.Future[None]") -> None:
        """Stand up, or leave the queue."""
        if mine.done() and not mine.cancelled():
            self.give()
            return
        for queue in self._queues:
            if mine in queue:
                queue.remove(mine)
                self.waiting -= 1
                return

    def _wake(self) -> None:
        """Seat those who are next: one of each queue in turn."""
        while self.waiting and (self.seats is None or self.taken < self.seats):
            queue = next((queue for queue in self._in_turn() if queue), None)
            if queue is None:
                return
            first = queue.popleft()
            self.waiting -= 1
            if not first.done():
                self.taken += 1
                self.dispatched += 1
                first.set_result(None)

    def _in_turn(self) -> Iterator["deque[asyncio.Future[None]]"]:
        for _ in range(len(self._queues)):
            self._next = (self._next + 1) % len(self._queues)
            yield self._queues[self._next]

    def _refused(self, reason: str) -> Overloaded:
        self.rejected[reason] += 1
        return Overloaded()


def dealt(flow: int, deck: int, hand: int) -> Iterator[int]:
    """Yield the queues of a flow: different ones of a deck, so that few flows share all of theirs."""
    taken: list[int] = []
    for number in range(min(hand, deck)):
        flow, card = divmod(flow, deck - number)
        for each in sorted(taken):
            card += each <= card
        taken.append(card)
        yield card
