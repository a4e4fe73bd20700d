"""Looks after the definitions: settles their names, and lets them go once their instances are gone.

Level-based: each round looks at all definitions as they are, and writes what is not as it should be.
"""

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from kobune.api.meta.v1 import DeleteOptions
from kobune.apimachinery.errors import ApiError, Conflict, NotFound
from kobune.apiserver.auth.user import LOOPBACK
from kobune.apiserver.cache.stored import Stored
from kobune.apiserver.customresources.conditions import CLEANUP, COMPLETED, IN_PROGRESS, NEVER, set_condition, status_of
from kobune.apiserver.customresources.serving import DEFINITIONS, DefinitionServing
from kobune.apiserver.customresources.state import is_true
from kobune.apiserver.verbs.api import Api
from kobune.apiserver.verbs.call import Call
from kobune.apiserver.verbs.delete import delete
from kobune.apiserver.verbs.modify import modify

log = logging.getLogger(__name__)

AGAIN = 1.0
"""Seconds until it looks again whether instances have gone that wait for something."""


@dataclass(frozen=True)
class DefinitionController:
    """The part of the apiserver that writes the status of definitions."""

    api: Api
    serving: DefinitionServing
    complaints: dict[str, str] = field(default_factory=dict)
    """By definition: what was wrong the last time, which is said once."""

    async def run(self) -> None:
        """Look after the definitions until cancelled."""
        ring = self.api.cacher.ring(self.api.registry[DEFINITIONS])
        position = -1
        while True:
            position = ring.position
            waits = await self._round()
            if ring.position != position:
                continue
            # Instances that go wake nobody here: their definition is not written to.
            with suppress(TimeoutError):
                async with asyncio.timeout(AGAIN if waits else None):
                    await ring.changed()

    async def _round(self) -> bool:
        """Look at every definition once; return whether some wait for something."""
        waits = False
        definitions = self.api.select(DEFINITIONS)
        for definition in sorted(definitions, key=lambda item: item.metadata.creationTimestamp.seconds):
            try:
                if not definition.metadata.HasField("deletionTimestamp"):
                    await self._settle(definition)
                elif CLEANUP in definition.metadata.finalizers:
                    waits |= await self._clean_up(definition)
            except (NotFound, Conflict):
                waits = True  # somebody was faster
            except ApiError as error:
                if self.complaints.get(definition.metadata.name) != error.message:
                    self.complaints[definition.metadata.name] = error.message
                    log.warning("cannot look after the definition %s: %s", definition.metadata.name, error)
                waits = True
        return waits

    async def _settle(self, definition: Any) -> None:
        group, name = definition.spec.group, definition.metadata.name
        others = self.api.select(
            DEFINITIONS, where=lambda other: other.spec.group == group and other.metadata.name != name
        )
        status = status_of(definition, others, self.api.now())
        if status != definition.status:
            await self._write(definition, lambda new: new.status.CopyFrom(status))

    async def _clean_up(self, definition: Any) -> bool:
        """Delete the instances of a definition; once there are none, let it go. Return whether some are left."""
        if not is_true(definition, "Established"):
            await self._let_go(definition, NEVER)
            return False
        left = self._instances(definition)
        if left:
            await self._say(definition, IN_PROGRESS)
            for stored in left:
                if not stored.message.metadata.HasField("deletionTimestamp"):
                    await self._delete(stored)
            if self._instances(definition):
                return True
        await self._let_go(definition, COMPLETED)
        return False

    def _instances(self, definition: Any) -> list[Stored]:
        versions = self.serving.versions(definition.metadata.name)
        return list(self.api.cacher.ring(versions.storage).select(b"")) if versions is not None else []

    async def _delete(self, stored: Stored) -> None:
        meta = stored.message.metadata
        call = Call(LOOPBACK, stored.resource, meta.namespace, meta.name)
        with suppress(NotFound):
            await delete(self.api, call, DeleteOptions())

    async def _say(self, definition: Any, words: tuple[str, str]) -> None:
        def change(new: Any) -> None:
            set_condition(new.status, "Terminating", "True", *words, self.api.now())

        await self._write(definition, change)

    async def _let_go(self, definition: Any, words: tuple[str, str]) -> None:
        def say(new: Any) -> None:
            set_condition(new.status, "Terminating", "False", *words, self.api.now())

        def release(new: Any) -> None:
            kept = [name for name in new.metadata.finalizers if name != CLEANUP]
            del new.metadata.finalizers[:]
            new.metadata.finalizers.extend(kept)

        await self._write(definition, say)
        await self._write(definition, release, subresource="")

    async def _write(self, definition: Any, change: Any, subresource: str = "status") -> None:
        call = Call(LOOPBACK, self.api.registry[DEFINITIONS], "", definition.metadata.name, subresource)

        def changed(current: Stored) -> Any:
            new: Any = current.private()
            if new.metadata.uid != definition.metadata.uid:
                raise NotFound.named(call.group, call.plural, call.name)
            new.metadata.ClearField("resourceVersion")
            change(new)
            return new

        await modify(self.api, call, changed, tracked=False)
