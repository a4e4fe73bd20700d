"""Expressions in the Common Expression Language, as Kubernetes uses them: compile once, evaluate often.

    program = compile("self.replicas <= self.limit", {"self": type_of_schema}, BOOL)
    program.evaluate({"self": {"replicas": 3, "limit": 2}}, Budget())

Nothing of it is imported before somebody needs it: an apiserver without any rule does not pay.
"""

from kobune.apiserver.cel.budget import Budget
from kobune.apiserver.cel.errors import CelError, CostExceeded, EvaluationError, WrongType
from kobune.apiserver.cel.program import Program, compile

__all__ = ["Budget", "CelError", "CostExceeded", "EvaluationError", "Program", "WrongType", "compile"]
