"""Keeps the APIServices: one for each group and version of ours, and of all of them whether they are available.

Level-based: each round looks at all of them as they are, and writes what is not as it should be.
"""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Final

from kobune.api.apiregistration.v1 import APIServiceCondition
from kobune.api.meta.v1 import DeleteOptions
from kobune.apimachinery.errors import AlreadyExists, ApiError, Conflict, NotFound
from kobune.apimachinery.meta import time_of
from kobune.apiserver.aggregation.availability import LOCAL, Found, look
from kobune.apiserver.aggregation.connecting import Connecting
from kobune.apiserver.aggregation.objects import MANAGED, authentication, local_services
from kobune.apiserver.aggregation.services import API_SERVICES, AVAILABLE, ApiServices
from kobune.apiserver.auth.user import LOOPBACK
from kobune.apiserver.cache.stored import Stored
from kobune.apiserver.rest.remote.transport import Transport
from kobune.apiserver.verbs.api import Api
from kobune.apiserver.verbs.call import Call
from kobune.apiserver.verbs.create import create
from kobune.apiserver.verbs.delete import delete
from kobune.apiserver.verbs.modify import modify

log = logging.getLogger(__name__)

DEFINITIONS: Final = "customresourcedefinitions"
PERIOD: Final = 30.0
"""Seconds between two looks at servers that are there."""
SOON: Final = 1.0
"""Seconds between two looks at those that are not."""


@dataclass(frozen=True)
class AggregationController:
    """The part of the apiserver that writes APIServices."""

    api: Api
    services: ApiServices
    connecting: Connecting
    transport: Transport = field(default_factory=Transport)

    async def run(self) -> None:
        """Look after the APIServices until cancelled."""
        try:
            await self._announce()
            while True:
                seen = self._positions()
                wait = await self._round()
                if seen == self._positions():
                    await self._changed(wait)
        finally:
            await self.transport.close()

    async def _announce(self) -> None:
        wanted = authentication(self.connecting.credentials)
        meta = wanted.metadata
        call = Call(LOOPBACK, self.api.registry["configmaps"], meta.namespace)
        found = self.api.find("configmaps", meta.namespace, meta.name)
        with suppress(ApiError):
            if found is None:
                await create(self.api, call, wanted)
            elif any(found.data.get(name) != value for name, value in wanted.data.items()):  # of another CA
                await modify(self.api, replace(call, name=meta.name), lambda stored: _with(stored, wanted.data))

    def _rings(self) -> list[Any]:
        names = [API_SERVICES, DEFINITIONS]
        if self.services.remote():
            names += ["services", "endpointslices"]
        return [self.api.cacher.ring(self.api.registry[name]) for name in names]

    def _positions(self) -> list[int]:
        return [ring.position for ring in self._rings()]

    async def _changed(self, seconds: float | None) -> None:
        tasks = [asyncio.create_task(ring.changed()) for ring in self._rings()]
        try:
            await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _round(self) -> float | None:
        """Look at every APIService once; return when to look again, None if only after a change."""
        try:
            await self._keep_local()
            remote = list(self.services.remote().values())
            self._forget({item.metadata.name for item in remote})
            for item in self.api.select(API_SERVICES, where=lambda one: not one.spec.HasField("service")):
                await self._tell(item, LOCAL)
            found = await asyncio.gather(*(self._look(item) for item in remote))
        except (NotFound, Conflict, AlreadyExists):
            return SOON  # somebody was faster
        except ApiError as error:
            log.warning("cannot look after the APIServices: %s", error)
            return PERIOD
        if not remote:
            return None
        return PERIOD if all(found) else SOON

    async def _keep_local(self) -> None:
        wanted = {item.metadata.name: item for item in local_services(self.api.registry)}
        row = self.api.registry[API_SERVICES]
        missing = [item for name, item in wanted.items() if self.api.find(API_SERVICES, "", name) is None]
        for item in missing:
            _condition(item, LOCAL, self.api.now())
        await asyncio.gather(*(create(self.api, Call(LOOPBACK, row), item) for item in missing))
        for item in self.api.select(API_SERVICES, where=lambda one: bool(one.metadata.labels.get(MANAGED))):
            if item.metadata.name not in wanted and not item.spec.HasField("service"):
                await delete(self.api, Call(LOOPBACK, row, "", item.metadata.name), DeleteOptions())

    async def _look(self, item: Any) -> bool:
        found = await look(self.api, item, self.connecting, self.transport)
        if found.resources is not None:
            self.services.discovered[item.metadata.name] = found.resources
        await self._tell(item, found)
        return found.available

    def _forget(self, known: set[str]) -> None:
        for name in self.services.discovered.keys() - known:
            del self.services.discovered[name]

    async def _tell(self, item: Any, found: Found) -> None:
        wanted = ("True" if found.available else "False", found.reason, found.message)
        if any(
            one.type == AVAILABLE and (one.status, one.reason, one.message) == wanted for one in item.status.conditions
        ):
            return

        def change(current: Any) -> Any:
            new: Any = current.private()
            if new.metadata.uid != item.metadata.uid:
                raise NotFound.named("apiregistration.k8s.io", API_SERVICES, item.metadata.name)
            new.metadata.ClearField("resourceVersion")
            _condition(new, found, self.api.now())
            return new

        call = Call(LOOPBACK, self.api.registry[API_SERVICES], "", item.metadata.name, "status")
        await modify(self.api, call, change, tracked=False)


def _with(stored: Stored, data: Mapping[str, str]) -> Any:
    """Return a ConfigMap with more in it."""
    new: Any = stored.private()
    new.data.update(data)
    return new


def _condition(item: Any, found: Found, now: float) -> None:
    """Set the condition that tells whether an APIService is available."""
    status = "True" if found.available else "False"
    before = next((one for one in item.status.conditions if one.type == AVAILABLE), None)
    since = before.lastTransitionTime if before is not None and before.status == status else time_of(now)
    others = [one for one in item.status.conditions if one.type != AVAILABLE]
    del item.status.conditions[:]
    item.status.conditions.extend(others)
    item.status.conditions.append(
        APIServiceCondition(
            type=AVAILABLE, status=status, lastTransitionTime=since, reason=found.reason, message=found.message
        )
    )
