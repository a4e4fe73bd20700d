"""Which leases there are, when they run out, and what hangs on them. Pure; `MvccStore` keeps it up to date.

Only the granted time is kept on disk: after a restart every lease runs its full time again, as in etcd after an
election, so that a slow restart takes nobody's lease away.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from kobune.apiserver.storage.errors import LeaseExists, LeaseNotFound, LeaseTooLong
from kobune.apiserver.storage.store import Entry, Event, LeaseStatus

LONGEST = 9_000_000_000
"""etcd's limit for a time to live, in seconds."""


@dataclass(slots=True)
class Lease:
    """One lease. `keys` follows writes as they are decided; `durable` tells whether the grant is on disk yet."""

    id: int
    ttl: int
    expires: float
    durable: bool = True
    keys: set[bytes] = field(default_factory=set)


class Leases:
    """Every lease of a store."""

    def __init__(self) -> None:
        self._leases: dict[int, Lease] = {}

    def __contains__(self, id: object) -> bool:
        return id in self._leases

    def __len__(self) -> int:
        return len(self._leases)

    def ids(self) -> list[int]:
        """Return the leases whose grant is durable, sorted."""
        return sorted(lease.id for lease in self._leases.values() if lease.durable)

    def get(self, id: int) -> Lease:
        """Return the lease, or raise `LeaseNotFound`."""
        lease = self._leases.get(id)
        if lease is None:
            raise LeaseNotFound(id)
        return lease

    def grant(self, id: int, ttl: int, now: float, *, durable: bool = True) -> Lease:
        if id in self._leases:
            raise LeaseExists(id)
        if ttl > LONGEST:
            raise LeaseTooLong(f"a lease can last {LONGEST} seconds at most, not {ttl}")
        ttl = max(ttl, 1)
        lease = self._leases[id] = Lease(id, ttl, now + ttl, durable)
        return lease

    def remove(self, id: int) -> None:
        del self._leases[id]

    def follow(self, events: Iterable[Event]) -> None:
        """Attach and detach keys as the events say."""
        for event in events:
            if event.previous is not None and event.previous.lease:
                attached = self._leases.get(event.previous.lease)
                if attached is not None:
                    attached.keys.discard(event.entry.key)
            if event.entry.lease:
                self.get(event.entry.lease).keys.add(event.entry.key)

    def attach(self, id: int, key: bytes) -> None:
        """Attach a key that was read from a disk."""
        self.get(id).keys.add(key)

    def status(self, lease: Lease, now: float, newest: Callable[[bytes], Entry | None]) -> LeaseStatus:
        """Return what clients see of a lease: of its keys, those that `newest` finds with it."""
        keys = [key for key in sorted(lease.keys) if (entry := newest(key)) is not None and entry.lease == lease.id]
        return LeaseStatus(lease.id, lease.ttl, max(lease.expires - now, 0.0), keys)

    def expired(self, now: float) -> list[int]:
        """Return the leases that have run out, the oldest first."""
        over = [lease for lease in self._leases.values() if lease.expires <= now]
        return [lease.id for lease in sorted(over, key=lambda lease: (lease.expires, lease.id))]
