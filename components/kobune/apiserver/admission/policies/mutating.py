"""MutatingAdmissionPolicies: expressions that change what is written. Source: *Mutating Admission Policy*."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from kobune.api.meta.v1 import StatusCause, StatusDetails
from kobune.apimachinery.errors import Invalid, qualified
from kobune.apiserver.admission import matching
from kobune.apiserver.admission.chain import Write
from kobune.apiserver.admission.configurations import Configurations
from kobune.apiserver.admission.policies.validating import Policy, bindings_of
from kobune.apiserver.cache.view import View

KIND: Final = "MutatingAdmissionPolicy"
BINDINGS: Final = "mutatingadmissionpolicybindings"


@dataclass(frozen=True)
class Failure(Exception):
    """A policy that fails closed, and could not do what it should."""

    policy: str
    binding: str
    why: str


class MutatingAdmissionPolicies:
    """Lets the policies that are bound to a kind of write change it, in order of their names."""

    resources: frozenset[str] = frozenset()

    def __init__(self, view: View) -> None:
        self._policies = Configurations[Policy](
            view.registry,
            view.cacher,
            "mutatingadmissionpolicies",
            lambda message: _compiled(message, view),
            BINDINGS,
        )

    def mutate(self, write: Write) -> None:
        call = write.call
        found = self._policies.concerned(write.operation, call.resource, call.subresource)
        if not found or write.new is None:
            return
        # Only now, since most clusters have no policy, the expressions are loaded.
        from kobune.apiserver.admission.policies.mutate import mutate

        for policy, versions in found:
            if write.again and policy.spec.reinvocationPolicy != "IfNeeded":
                continue
            try:
                write.changed = mutate(write, policy, versions) or write.changed
            except Failure as failure:
                raise _refused(write, failure) from None


def _compiled(message: Any, view: View) -> Sequence[Policy]:
    bindings = tuple(bindings_of(view, BINDINGS, message.metadata.name))
    if not bindings:
        return ()
    spec = message.spec
    return [Policy(message.metadata.name, matching.of_resources(spec.matchConstraints), spec, bindings)]


def _refused(write: Write, failure: Failure) -> Invalid:
    call = write.call
    message = f"{KIND} '{failure.policy}' with binding '{failure.binding}' denied request: {failure.why}"
    details = StatusDetails(name=write.shown_name, group=call.group, kind=call.plural)
    details.causes.append(StatusCause(message=message))
    where = qualified(call.group, call.plural)
    return Invalid(f'{where} "{write.shown_name}" is forbidden: {message}', details)
