"""Writes into the status of validating policies what is wrong with their expressions."""

import logging
from dataclasses import dataclass, field
from typing import Any

from kobune.apimachinery.errors import ApiError
from kobune.apiserver.auth.user import LOOPBACK
from kobune.apiserver.verbs.api import Api
from kobune.apiserver.verbs.call import Call
from kobune.apiserver.verbs.modify import modify

log = logging.getLogger(__name__)

POLICIES = "validatingadmissionpolicies"


@dataclass(frozen=True)
class PolicyStatuses:
    """The part of the apiserver that checks the types of policies; what it cannot check, it leaves alone."""

    api: Api
    failed: dict[str, int] = field(default_factory=dict)
    """The generations of policies that could not be checked, by name: said once."""

    async def run(self) -> None:
        """Look again whenever a policy changes, until cancelled."""
        ring = self.api.cacher.ring(self.api.registry[POLICIES])
        while True:
            position = ring.position
            for policy in self.api.select(POLICIES):
                if policy.status.observedGeneration != policy.metadata.generation:
                    await self._check(policy.metadata.name, policy)
            if ring.position == position:
                await ring.changed()

    async def _check(self, name: str, policy: Any) -> None:
        # Only now: most clusters have no policies, so no expressions.
        from kobune.apiserver.admission.policies.typechecking import warnings_of

        generation = policy.metadata.generation
        if self.failed.get(name) == generation:
            return
        try:
            warnings = warnings_of(policy.spec, self.api.registry)
        except Exception:
            # One odd policy must not keep the others from being looked at.
            self.failed[name] = generation
            log.exception("cannot check the types of the policy %s", name)
            return

        def change(stored: Any) -> Any:
            new = stored.private()
            new.metadata.ClearField("resourceVersion")
            if new.metadata.generation == generation:
                new.status.observedGeneration = generation
                new.status.typeChecking.Clear()
                new.status.typeChecking.SetInParent()
                new.status.typeChecking.expressionWarnings.extend(warnings)
            return new

        try:
            await modify(self.api, Call(LOOPBACK, self.api.registry[POLICIES], "", name, "status"), change)
        except ApiError as error:
            self.failed[name] = generation
            log.debug("cannot write the status of the policy %s: %s", name, error.message)
