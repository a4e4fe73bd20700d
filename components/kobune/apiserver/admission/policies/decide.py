"""What a validating policy says about a write. Importing this loads the expressions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from kobune.apimachinery.cel import Budget, CelError, CostExceeded, EvaluationError, Program, compile
from kobune.apimachinery.cel.budget import PER_REQUEST
from kobune.apimachinery.cel.environments import variables
from kobune.apimachinery.cel.types import BOOL, NULL, STRING
from kobune.apiserver.admission.chain import Write
from kobune.apiserver.admission.policies.composed import Composition, compose
from kobune.apiserver.admission.policies.conditions import (
    OUT_OF_BUDGET,
    Conditions,
    Undecided,
    compile_conditions,
    explained,
)
from kobune.apiserver.admission.policies.environment import Facts
from kobune.apiserver.admission.policies.scope import Misconfigured, matching_version, params, selected
from kobune.apiserver.admission.policies.validating import DENY, Binding, Denial, Policy
from kobune.apiserver.registry.resource import Resource

LONGEST_MESSAGE = 5 * 1024
LONGEST_NOTE = 10 * 1024


def denials(write: Write, policy: Policy, versions: Sequence[Resource]) -> Iterator[tuple[Binding, Denial]]:
    """Yield what a policy has against a write, binding by binding."""
    resource = matching_version(write, policy.matcher, versions)
    if resource is None:
        return
    bindings = [binding for binding in policy.bindings if binding.matcher is None or is_bound(write, binding, versions)]
    if not bindings:
        return
    try:
        judge = _judge(policy)
    except CelError as error:
        if policy.fails_closed:
            yield bindings[0], Denial(f"failed to configure policy: {error}")
        return
    facts = Facts(write, resource)
    kind = policy.spec.paramKind if policy.spec.HasField("paramKind") else None
    notes: dict[str, list[str]] = {}
    for binding in bindings:
        try:
            for param in params(write, kind, binding.param_ref):
                given = facts.with_values(params=param) if kind is not None else facts
                for denial in judge.denials(given, policy, notes):
                    yield binding, Denial(denial.message, denial.reason, binding.actions or (DENY,), denial.index)
        except Misconfigured as error:
            if policy.fails_closed:
                yield binding, Denial(f"failed to configure binding: {error}", actions=(DENY,))
    if write.call.trail is not None:
        for key, values in notes.items():
            write.call.trail.annotate(f"{policy.name}/{key}", ", ".join(dict.fromkeys(values)))


def is_bound(write: Write, binding: Binding, versions: Sequence[Resource]) -> bool:
    """Whether a binding, which may have no rules, wants to see a write."""
    assert binding.matcher is not None
    if not binding.matcher.rules and not binding.matcher.excluded:
        return selected(write, binding.matcher)
    return matching_version(write, binding.matcher, versions) is not None


@dataclass(frozen=True)
class Validation:
    """One expression that should be true, and what is said if it is not."""

    program: Program
    message: str
    message_program: Program | None
    reason: str


@dataclass(frozen=True)
class Judge:
    """A compiled policy."""

    conditions: Conditions
    composition: Composition
    validations: Sequence[Validation]
    annotations: Sequence[tuple[str, Program]]
    """What the audit log is to have besides: the keys, and the expressions of their values."""

    def denials(self, facts: Facts, policy: Policy, notes: dict[str, list[str]]) -> Iterator[Denial]:
        """Yield what is against a write; add to `notes` what the audit log is to have."""
        try:
            if not self.conditions.hold(facts):
                return
        except Undecided as error:
            if policy.fails_closed:
                yield Denial(str(error))
            return
        budget = Budget(PER_REQUEST)
        given = facts.with_values(variables=self.composition.values(facts, budget))
        for index, validation in enumerate(self.validations):
            try:
                if validation.program.evaluate(given, budget) is not True:
                    yield Denial(_message(validation, given, budget), validation.reason, index=index)
            except EvaluationError as error:
                if policy.fails_closed:
                    exhausted = isinstance(error, CostExceeded) and budget.left <= 0
                    words = OUT_OF_BUDGET if exhausted else explained(validation.program, error)
                    yield Denial(words, index=index)
                if isinstance(error, CostExceeded) and budget.left <= 0:
                    return
        for key, program in self.annotations:
            try:
                value = program.evaluate(given, budget)
            except EvaluationError as error:
                if policy.fails_closed:
                    yield Denial(explained(program, error))
                continue
            if value:
                notes.setdefault(key, []).append(str(value)[:LONGEST_NOTE])


def _message(validation: Validation, facts: Facts, budget: Budget) -> str:
    if validation.message_program is not None:
        try:
            text = str(validation.message_program.evaluate(facts, budget)).strip()
        except EvaluationError:
            text = ""
        if text and "\n" not in text and len(text) <= LONGEST_MESSAGE:
            return text
    return validation.message.strip() or f"failed expression: {validation.program.source.strip()}"


@lru_cache(maxsize=512)
def _judge(policy: Policy) -> Judge:
    """Return a compiled policy; policies are compared by identity, so a changed one is compiled anew."""
    spec: Any = policy.spec
    has_params = spec.HasField("paramKind")
    conditions = compile_conditions(spec.matchConditions, variables(params=has_params))
    composition = compose(spec.variables, params=has_params)
    known = composition.types
    validations = [
        Validation(
            compile(item.Expression, known, BOOL),
            item.message,
            compile(item.messageExpression, known, STRING) if item.messageExpression else None,
            item.reason or "Invalid",
        )
        for item in spec.validations
    ]
    annotations = [(item.key, compile(item.valueExpression, known, (STRING, NULL))) for item in spec.auditAnnotations]
    return Judge(conditions, composition, validations, annotations)
