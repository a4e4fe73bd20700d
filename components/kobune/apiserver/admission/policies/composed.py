"""A policy's own variables: each is evaluated when it is looked at, and only once."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kobune.apimachinery.cel import Budget, EvaluationError, Program, compile
from kobune.apimachinery.cel.environments import variables
from kobune.apimachinery.cel.types import ObjectType, Type
from kobune.apiserver.admission.policies.environment import Facts


@dataclass(frozen=True)
class Composition:
    """The variables of a policy, compiled."""

    programs: Mapping[str, Program]
    types: Mapping[str, Type]
    """All variables that expressions of the policy can name."""

    def values(self, facts: Facts, budget: Budget) -> Mapping[str, Any]:
        """Return their values for a write."""
        return _Values(self.programs, facts, budget)


def compose(
    definitions: Iterable[Any],
    *,
    params: bool,
    structs: Mapping[str, ObjectType] | None = None,
    given: Mapping[str, Type] | None = None,
) -> Composition:
    """Return the compiled variables in `Variable` messages; `CelError` if one makes no sense.

    Each may use those before it. `given` are the types of objects, where they are known.
    """
    found: dict[str, Type] = {}
    programs: dict[str, Program] = {}
    for definition in definitions:
        program = compile(
            definition.Expression, {**variables(params=params, composed=found), **(given or {})}, structs=structs
        )
        programs[definition.Name] = program
        found = {**found, definition.Name: program.type}
    return Composition(programs, {**variables(params=params, composed=found), **(given or {})})


class _Values(Mapping[str, Any]):
    def __init__(self, programs: Mapping[str, Program], facts: Facts, budget: Budget) -> None:
        self._programs = programs
        self._facts = facts.with_values(variables=self)
        self._budget = budget
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            program = self._programs[name]
            try:
                self._made[name] = program.evaluate(self._facts, self._budget)
            except EvaluationError as error:
                self._made[name] = error
        value = self._made[name]
        if isinstance(value, EvaluationError):
            raise value
        return value

    def __contains__(self, name: object) -> bool:
        return name in self._programs

    def __iter__(self) -> Iterator[str]:
        return iter(self._programs)

    def __len__(self) -> int:
        return len(self._programs)
