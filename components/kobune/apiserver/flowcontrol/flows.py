"""From a request to its priority level, by the FlowSchemas that there are."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

from kobune.apiserver.auth.user import User
from kobune.apiserver.cache.view import View
from kobune.apiserver.flowcontrol.level import Level
from kobune.apiserver.flowcontrol.matching import Request, distinguisher, matches

SCHEMAS: Final = "flowschemas"
LEVELS: Final = "prioritylevelconfigurations"
CATCH_ALL: Final = "catch-all"
TOTAL: Final = 600
"""Seats of all levels together: Kubernetes' 400 for reading and 200 for writing."""
HEADER: Final = "X-Kubernetes-PF-"
KEPT: Final = 10_000


@dataclass(frozen=True, slots=True)
class Flow:
    """Requests that wait for each other."""

    schema: str
    level: Level
    number: int
    """Which queues of the level are theirs."""
    headers: Mapping[str, str]
    """What answers say of it."""


class FlowControl:
    """Knows the flow of every request; looks at the schemas again only when they have changed."""

    def __init__(self, view: View, total: int = TOTAL) -> None:
        self._view = view
        self._total = total
        self._schemas_ring = view.cacher.ring(view.registry[SCHEMAS])
        self._levels_ring = view.cacher.ring(view.registry[LEVELS])
        self._seen = (-1, -1)
        self._schemas: list[Any] = []
        self._levels: dict[str, Level] = {}
        self._known: dict[tuple[User, str, str, str, str, str], Flow] = {}
        self._open = Level(CATCH_ALL, "")

    def of(
        self, user: User, verb: str, group: str = "", resource: str = "", namespace: str = "", path: str = ""
    ) -> Flow:
        """Return the flow that a request belongs to."""
        if (self._schemas_ring.revision, self._levels_ring.revision) != self._seen:
            self._learn()
        key = user, verb, group, resource, namespace, path
        flow = self._known.get(key)
        if flow is None:
            if len(self._known) > KEPT:
                self._known.clear()
            flow = self._known[key] = self._classified(Request(*key))
        return flow

    def levels(self) -> Iterator[Level]:
        """Every level that there is."""
        return iter(self._levels.values())

    def _classified(self, request: Request) -> Flow:
        for schema in self._schemas:
            level = self._levels.get(schema.spec.priorityLevelConfiguration.name)
            if level is not None and matches(schema, request):
                name = schema.metadata.name
                uid = schema.metadata.uid
                told = f"{name}\0{distinguisher(schema, request)}".encode()
                number = int.from_bytes(blake2b(told, digest_size=8).digest())
                return Flow(
                    name, level, number, {f"{HEADER}FlowSchema-UID": uid, f"{HEADER}PriorityLevel-UID": level.uid}
                )
        # Without the schemas that every cluster has, nobody is kept out.
        return Flow(CATCH_ALL, self._open, 0, {})

    def _learn(self) -> None:
        self._seen = self._schemas_ring.revision, self._levels_ring.revision
        self._known.clear()
        found = self._view.select(SCHEMAS)
        self._schemas = sorted(found, key=lambda each: (each.spec.matchingPrecedence, each.metadata.name))
        configured = {each.metadata.name: each for each in self._view.select(LEVELS)}
        for name in self._levels.keys() - configured.keys():
            del self._levels[name]
        shares = sum(_shares(each) for each in configured.values())
        for name, each in configured.items():
            level = self._levels.get(name)
            if level is None or level.uid != each.metadata.uid:
                level = self._levels[name] = Level(name, each.metadata.uid)
            if each.spec.type == "Exempt":
                level.configure(None, 0, 1, 0)
                continue
            seats = math.ceil(self._total * _shares(each) / shares) if shares else 0
            queuing = each.spec.limited.limitResponse
            queued = queuing.queuing if queuing.type == "Queue" else type(queuing.queuing)()
            level.configure(seats, queued.queues, queued.handSize, queued.queueLengthLimit)


def _shares(configuration: Any) -> int:
    is_exempt = configuration.spec.type == "Exempt"
    return int((configuration.spec.exempt if is_exempt else configuration.spec.limited).nominalConcurrencyShares)
