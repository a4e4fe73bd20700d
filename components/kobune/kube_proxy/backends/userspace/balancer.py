"""Which endpoint gets the next connection."""

from collections.abc import Iterator

from kobune.kube_proxy.endpoints import Endpoint

REMEMBERED = 10_000
"""Clients whose endpoint is kept in mind before those are looked for whose time is over."""


class Balancer:
    """Takes the endpoints in turn; a client that has one already keeps it for `affinity_seconds` of silence."""

    def __init__(self, endpoints: tuple[Endpoint, ...], affinity_seconds: int = 0) -> None:
        self._endpoints = endpoints
        self._affinity_seconds = affinity_seconds
        self._next = 0
        self._sticky: dict[str, tuple[Endpoint, float]] = {}

    def change(self, endpoints: tuple[Endpoint, ...], affinity_seconds: int) -> None:
        """Go on with other endpoints; clients keep theirs if it is still there."""
        if self._endpoints and endpoints:
            # Those whose turn was next are still next.
            rest = self._endpoints[self._next % len(self._endpoints) :]
            self._next = next((endpoints.index(endpoint) for endpoint in rest if endpoint in endpoints), 0)
        self._endpoints = endpoints
        self._affinity_seconds = affinity_seconds
        if not affinity_seconds:
            self._sticky.clear()

    def candidates(self, client: str, now: float) -> Iterator[Endpoint]:
        """Yield each endpoint once: the one for this client first, and those to try when it does not answer."""
        endpoints = self._endpoints
        count = len(endpoints)
        if not count:
            return
        own = self._own(client, now) if self._affinity_seconds else None
        if own is not None:
            yield own
        start = self._next
        for step in range(count):
            place = (start + step) % count
            if endpoints[place] != own:
                self._next = place + 1
                yield endpoints[place]

    def took(self, client: str, endpoint: Endpoint, now: float) -> None:
        """Note which endpoint a client has got."""
        if not self._affinity_seconds:
            return
        if len(self._sticky) >= REMEMBERED:
            oldest = now - self._affinity_seconds
            self._sticky = {who: kept for who, kept in self._sticky.items() if kept[1] > oldest}
        self._sticky[client] = (endpoint, now)

    def _own(self, client: str, now: float) -> Endpoint | None:
        endpoint, since = self._sticky.get(client, (None, 0.0))
        if endpoint is None or now - since > self._affinity_seconds or endpoint not in self._endpoints:
            return None
        return endpoint
