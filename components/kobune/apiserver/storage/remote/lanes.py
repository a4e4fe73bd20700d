"""Which writes wait for each other: those about the same keys, in the order in which they came. Pure."""

import asyncio
from collections.abc import Collection, Sequence

from kobune.apiserver.storage.store import within


class Lane:
    """A write's place: what it is about, and whether it is over."""

    def __init__(self, keys: Collection[bytes], ranges: Sequence[tuple[bytes, bytes]]) -> None:
        self.keys = keys
        self.ranges = ranges
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()


class Lanes:
    """The writes under way. etcd takes up requests of one client in any order; here they get one."""

    def __init__(self) -> None:
        self._last: dict[bytes, Lane] = {}
        """By key: the last write that is about it alone."""
        self._wide: list[Lane] = []
        """Those about ranges."""

    def enter(
        self, keys: Collection[bytes], ranges: Sequence[tuple[bytes, bytes]] = ()
    ) -> tuple[Lane, Sequence[asyncio.Future[None]]]:
        """Take a place, to be left; returns it, and what has to be over before its turn comes."""
        before = [self._last[key].over for key in keys if key in self._last]
        if self._wide:
            before += [lane.over for lane in self._wide if _overlap(lane, keys, ranges)]
        if ranges:
            before += [lane.over for key, lane in self._last.items() if any(within(key, *one) for one in ranges)]
        lane = Lane(keys, ranges)
        for key in keys:
            self._last[key] = lane
        if ranges:
            self._wide.append(lane)
        return lane, before

    def leave(self, lane: Lane) -> None:
        """Let those behind go on."""
        for key in lane.keys:
            if self._last.get(key) is lane:
                del self._last[key]
        if lane.ranges:
            self._wide.remove(lane)
        lane.over.set_result(None)


def _overlap(lane: Lane, keys: Collection[bytes], ranges: Sequence[tuple[bytes, bytes]]) -> bool:
    # Ranges always wait for each other: there are few, and all that they would miss is a little haste.
    return bool(ranges) or any(within(key, *one) for one in lane.ranges for key in keys)
