"""ValidatingAdmissionPolicies: expressions that refuse writes, warn about them, or note them.

Source: *Validating Admission Policy*.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from kobune.api.meta.v1 import StatusCause, StatusDetails
from kobune.apimachinery.errors import ApiError, Forbidden, Invalid, RequestEntityTooLarge, Unauthorized, qualified
from kobune.apiserver.admission import matching
from kobune.apiserver.admission.chain import Write
from kobune.apiserver.admission.configurations import Configurations
from kobune.apiserver.admission.matching import Matcher
from kobune.apiserver.cache.view import View

DENY, WARN, AUDIT = "Deny", "Warn", "Audit"
REASONS: Final[Mapping[str, type[ApiError]]] = {
    "Unauthorized": Unauthorized,
    "Forbidden": Forbidden,
    "Invalid": Invalid,
    "RequestEntityTooLarge": RequestEntityTooLarge,
}
FAILURES: Final = "validation.policy.admission.k8s.io/validation_failure"
KIND: Final = "ValidatingAdmissionPolicy"


@dataclass(frozen=True)
class Denial:
    """One thing that a policy has against a write."""

    message: str
    reason: str = "Invalid"
    actions: Sequence[str] = (DENY,)
    index: int = 0
    """Of the expression."""


class ValidatingAdmissionPolicies:
    """Asks the policies that are bound to a kind of write."""

    resources: frozenset[str] = frozenset()

    def __init__(self, view: View) -> None:
        self._policies = Configurations[Policy](
            view.registry,
            view.cacher,
            "validatingadmissionpolicies",
            lambda message: _compiled(message, view),
            "validatingadmissionpolicybindings",
        )

    def validate(self, write: Write) -> None:
        call = write.call
        found = self._policies.concerned(write.operation, call.resource, call.subresource)
        if not found:
            return
        # Only now, since most clusters have no policy, the expressions are loaded.
        from kobune.apiserver.admission.policies.decide import denials

        refusal: tuple[Any, Any, Denial] | None = None
        failures: list[dict[str, Any]] = []
        for policy, versions in found:
            for binding, denial in denials(write, policy, versions):
                if AUDIT in denial.actions:
                    failures.append(_noted(policy, binding, denial))
                if WARN in denial.actions:
                    who = f"{KIND} '{policy.name}' with binding '{binding.name}'"
                    call.warnings.append(f"Validation failed for {who}: {denial.message}")
                if DENY in denial.actions and refusal is None:
                    refusal = policy, binding, denial
        if failures and call.trail is not None:
            call.trail.annotate(FAILURES, orjson.dumps(failures).decode())
        if refusal is not None:
            raise _refused(write, *refusal)


@dataclass(frozen=True)
class Binding:
    """Where a policy is in force, and what follows."""

    name: str
    matcher: Matcher | None
    """None for everywhere."""
    actions: tuple[str, ...]
    param_ref: Any


@dataclass(frozen=True, eq=False)
class Policy:
    """A policy and its bindings."""

    name: str
    matcher: Matcher
    spec: Any
    bindings: tuple[Binding, ...]

    @property
    def fails_closed(self) -> bool:
        """Whether what cannot be decided is refused."""
        return bool(self.spec.failurePolicy != "Ignore")


def bindings_of(view: View, plural: str, policy: str) -> Iterator[Binding]:
    """Yield the bindings of a policy."""
    for binding in view.select(plural, where=lambda item: item.spec.policyName == policy):
        spec = binding.spec
        yield Binding(
            binding.metadata.name,
            matching.of_resources(spec.matchResources) if spec.HasField("matchResources") else None,
            tuple(getattr(spec, "validationActions", ())),
            spec.paramRef if spec.HasField("paramRef") else None,
        )


def _compiled(message: Any, view: View) -> Sequence[Policy]:
    bindings = tuple(bindings_of(view, "validatingadmissionpolicybindings", message.metadata.name))
    if not bindings:
        return ()
    spec = message.spec
    return [Policy(message.metadata.name, matching.of_resources(spec.matchConstraints), spec, bindings)]


def _noted(policy: Policy, binding: Binding, denial: Denial) -> dict[str, Any]:
    """Return what the audit log has of something that a policy has against a write."""
    return {
        "message": denial.message,
        "policy": policy.name,
        "binding": binding.name,
        "expressionIndex": denial.index,
        "validationActions": list(denial.actions),
    }


def _refused(write: Write, policy: Policy, binding: Binding, denial: Denial) -> ApiError:
    call = write.call
    message = f"{KIND} '{policy.name}' with binding '{binding.name}' denied request: {denial.message}"
    details = StatusDetails(name=write.shown_name, group=call.group, kind=call.plural)
    details.causes.append(StatusCause(message=message))
    where = qualified(call.group, call.plural)
    kind = REASONS.get(denial.reason, Invalid)
    return kind(f'{where} "{write.shown_name}" is forbidden: {message}', details)
