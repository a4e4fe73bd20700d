"""Keeps on every FlowSchema the condition that says whether the priority level it names is there."""

import asyncio
import logging
from dataclasses import dataclass
from typing import Any, Final

from kobune.api.flowcontrol.v1 import FlowSchema, FlowSchemaCondition
from kobune.apimachinery.errors import ApiError
from kobune.apimachinery.meta import time_of
from kobune.apiserver.auth.user import LOOPBACK
from kobune.apiserver.flowcontrol.flows import LEVELS, SCHEMAS
from kobune.apiserver.verbs.api import Api
from kobune.apiserver.verbs.call import Call
from kobune.apiserver.verbs.modify import modify

log = logging.getLogger(__name__)

DANGLING: Final = "Dangling"
AGAIN: Final = 1.0


def condition_of(schema: Any, has_level: bool) -> tuple[str, str, str]:
    """Return the status, the reason and the message of the condition, in Kubernetes' words."""
    name = schema.spec.priorityLevelConfiguration.name
    about = f'This FlowSchema references the PriorityLevelConfiguration object named "{name}"'
    if has_level:
        return "False", "Found", f"{about} and it exists"
    return "True", "NotFound", f"{about} but there is no such object"


def shown(schema: Any) -> tuple[str, str, str]:
    """Return what the condition of a FlowSchema says now."""
    found = next((each for each in schema.status.conditions if each.type == DANGLING), None)
    return (found.status, found.reason, found.message) if found is not None else ("", "", "")


@dataclass(frozen=True)
class SchemaConditions:
    """The part of the apiserver that writes the statuses of FlowSchemas."""

    api: Api

    async def run(self) -> None:
        """Look again whenever a schema or a level changes, until cancelled."""
        rings = [self.api.cacher.ring(self.api.registry[name]) for name in (SCHEMAS, LEVELS)]
        while True:
            seen = [ring.position for ring in rings]
            good = await self.settle()
            if seen == [ring.position for ring in rings]:
                waits = [asyncio.create_task(ring.changed()) for ring in rings]
                try:
                    await asyncio.wait(waits, timeout=None if good else AGAIN, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for wait in waits:
                        wait.cancel()

    async def settle(self) -> bool:
        """Write the conditions that are not as they should be, all at once; return whether that worked."""
        api = self.api
        levels = {level.metadata.name for level in api.select(LEVELS)}
        wanted = {
            schema.metadata.name: condition_of(schema, schema.spec.priorityLevelConfiguration.name in levels)
            for schema in api.select(SCHEMAS)
        }
        wrong = [each.metadata.name for each in api.select(SCHEMAS) if shown(each) != wanted[each.metadata.name]]
        results = await asyncio.gather(*(self._write(name, wanted[name]) for name in wrong), return_exceptions=True)
        for result in results:
            if isinstance(result, ApiError):
                log.debug("cannot write the status of a FlowSchema: %s", result.message)
            elif isinstance(result, BaseException):
                raise result
        return not any(isinstance(result, ApiError) for result in results)

    async def _write(self, name: str, told: tuple[str, str, str]) -> None:
        status, reason, message = told

        def change(stored: Any) -> FlowSchema:
            new: FlowSchema = stored.private()
            new.metadata.ClearField("resourceVersion")
            known = [each for each in new.status.conditions if each.type != DANGLING]
            del new.status.conditions[:]
            moment = time_of(self.api.now())
            new.status.conditions.append(
                FlowSchemaCondition(
                    type=DANGLING, status=status, reason=reason, message=message, lastTransitionTime=moment
                )
            )
            new.status.conditions.extend(known)
            return new

        await modify(self.api, Call(LOOPBACK, self.api.registry[SCHEMAS], "", name, "status"), change)
