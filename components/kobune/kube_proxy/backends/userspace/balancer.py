"""Which endpoint gets the next connection."""

from collections.abc import Iterator

from kobune.kube_proxy.endpoints import Endpoint
from kobune.kube_proxy.ruleset import Frontend

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


class Balancers:
    """The balancers of a frontend: one for all clients, or one for each set of endpoints that some of them get."""

    def __init__(self, frontend: Frontend) -> None:
        self._frontend = frontend
        self._everybody = Balancer(frontend.endpoints, frontend.affinity_seconds)
        self._some: dict[tuple[Endpoint, ...], Balancer] = {}

    def change(self, frontend: Frontend) -> None:
        """Go on as another frontend says."""
        self._frontend = frontend
        self._everybody.change(frontend.endpoints, frontend.affinity_seconds)
        near = frontend.near
        wanted = {*near.endpoints.values(), near.others} if near is not None else set()
        self._some = {endpoints: kept for endpoints, kept in self._some.items() if endpoints in wanted}
        for endpoints, kept in self._some.items():
            kept.change(endpoints, frontend.affinity_seconds)

    def of(self, client: str) -> Balancer:
        """Return the balancer for a client, by its address."""
        if self._frontend.near is None:
            return self._everybody
        endpoints = self._frontend.endpoints_for(client)
        if endpoints == self._frontend.endpoints:
            return self._everybody
        if (known := self._some.get(endpoints)) is None:
            known = self._some[endpoints] = Balancer(endpoints, self._frontend.affinity_seconds)
        return known
