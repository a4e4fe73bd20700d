"""The conditions under which a webhook or policy looks at a write."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kobune.apimachinery.cel import Budget, CostExceeded, EvaluationError, Program, compile
from kobune.apimachinery.cel.budget import PER_MATCH_CONDITIONS
from kobune.apimachinery.cel.types import BOOL, Type
from kobune.apiserver.admission.policies.environment import Facts

OUT_OF_BUDGET = "validation failed due to running out of cost budget, no further validation rules will be run"


@dataclass(frozen=True)
class Undecided(Exception):
    """No condition is false, but at least one could not be evaluated."""

    why: str

    def __str__(self) -> str:
        return self.why


@dataclass(frozen=True)
class Conditions:
    """All of them must be true."""

    programs: Sequence[Program]

    def hold(self, facts: Facts) -> bool:
        """Whether all are true; `Undecided` if that cannot be said."""
        budget = Budget(PER_MATCH_CONDITIONS)
        errors = []
        for program in self.programs:
            try:
                if program.evaluate(facts, budget) is False:
                    return False
            except EvaluationError as error:
                errors.append(explained(program, error))
                if isinstance(error, CostExceeded) and budget.left <= 0:
                    errors[-1] = OUT_OF_BUDGET
                    break
        if errors:
            raise Undecided(errors[0] if len(errors) == 1 else f"[{', '.join(errors)}]")
        return True


def compile_conditions(conditions: Iterable[Any], variables: Mapping[str, Type]) -> Conditions:
    """Return the conditions in `MatchCondition` messages; `CelError` if one makes no sense."""
    return Conditions([compile(condition.expression, variables, BOOL) for condition in conditions])


def explained(program: Program, error: EvaluationError) -> str:
    """Return Kubernetes' words for an expression that failed."""
    return f"expression '{program.source}' resulted in error: {error}"
