"""Addresses that several apiservers give away: each sees what the others gave before it gives one.

A service that gets an address is written together with one entry that all of them share, and only if that entry is
as it was when the address was found to be free. Whoever was too late looks again.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final

from kobune.apiserver.storage.errors import RevisionConflict
from kobune.apiserver.storage.store import ABSENT, Compare, Entry, Put, PutResult, SharedStore, Target
from kobune.apiserver.verbs.addresses import Addresses, addresses_of

LAST: Final = b"/kobune/allocations"
"""Changes with every address that is given away."""


class Allocations:
    """Writes services that get addresses."""

    def __init__(self, store: SharedStore, addresses: Addresses) -> None:
        self._store = store
        self._addresses = addresses
        self._turn = asyncio.Lock()

    def concern(self, new: Any, old: Any) -> bool:
        """Tell whether a service gets an address that it does not have yet."""
        return not addresses_of(new) <= addresses_of(old)

    async def put(
        self, key: bytes, new: Any, expect: int, dump: Callable[[], bytes], again: Callable[[], None]
    ) -> Entry:
        """Write a service over revision `expect`; call `again`, to give it others, if its addresses are taken by now.

        Raises `RevisionConflict`, or what `again` does.
        """
        async with self._turn:  # those of one process need not find out that they were too late
            while True:
                last = self._store.get(LAST)
                seen = last.mod_revision if last is not None else ABSENT
                if self._addresses.is_taken(new):
                    again()
                result = await self._store.txn(
                    [Compare(key, Target.MOD, expect), Compare(LAST, Target.MOD, seen)],
                    [Put(key, dump()), Put(LAST, b"")],
                )
                if result.succeeded:
                    written = result.responses[0]
                    assert isinstance(written, PutResult)
                    return written.entry
                current = self._store.get(key)
                if (current.mod_revision if current is not None else ABSENT) != expect:
                    raise RevisionConflict(key, expect, current)
