"""Expressions in the Common Expression Language, as Kubernetes uses them: compile once, evaluate often.

    program = compile("self.replicas <= self.limit", {"self": type_of_schema}, BOOL)
    program.evaluate({"self": {"replicas": 3, "limit": 2}}, Budget())

Nothing of it is imported before somebody needs it: who has no expression does not pay.
"""

from kobune.apimachinery.cel.budget import Budget
from kobune.apimachinery.cel.errors import CelError, CostExceeded, EvaluationError, WrongType
from kobune.apimachinery.cel.program import Program, compile

__all__ = ["Budget", "CelError", "CostExceeded", "EvaluationError", "Program", "WrongType", "compile"]
