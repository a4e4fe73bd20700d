"""An expression, ready to be evaluated."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from kobune.apimachinery.cel.budget import PER_EXPRESSION, Budget
from kobune.apimachinery.cel.checker import check
from kobune.apimachinery.cel.conversion import converter
from kobune.apimachinery.cel.declarations import functions
from kobune.apimachinery.cel.errors import CelError, EvaluationError, Issue, WrongType
from kobune.apimachinery.cel.evaluator import Code, build
from kobune.apimachinery.cel.parser import parse
from kobune.apimachinery.cel.types import ObjectType, Type


class Values(Protocol):
    """Where the values of variables come from: a mapping, or something that makes each one when it is asked for."""

    def __getitem__(self, name: str, /) -> Any: ...


NAMES: Final = {"null": "null_type"}
TOO_DEEP: Final = "expression recursion limit exceeded"


class Program:
    """A compiled expression. It keeps nothing between evaluations."""

    def __init__(self, source: str, type: Type, code: Code, names: Sequence[str], size: int, types: Sequence[Type]):
        self.source = source
        self.type = type
        """The type of its result."""
        self.variables = tuple(names)
        """The variables that it looks at: no others need to be given."""
        self._code = code
        self._frame = [None] * (size - len(names) - 1)
        self._converters = [converter(type) for type in types]

    def evaluate(self, values: Values, budget: Budget, limit: int = PER_EXPRESSION) -> Any:
        """Return the result for these values of its variables, which are JSON trees or values of `cel.values`.

        Spends of `budget`, and at most `limit`. Raises `EvaluationError` in Kubernetes' words, as `CostExceeded` when
        the work takes too long.
        """
        own = Budget(min(limit, budget.left))
        granted = own.left
        frame: list[Any] = [own]
        for name, convert in zip(self.variables, self._converters, strict=True):
            value = values[name]
            frame.append(convert(value) if convert is not None and value is not None else value)
        frame += self._frame
        try:
            return self._code(frame)
        except RecursionError:
            raise EvaluationError("the value is nested too deeply") from None
        finally:
            budget.left -= granted - max(own.left, 0)


def compile(
    expression: str,
    variables: Mapping[str, Type],
    result: Type | Sequence[Type] | None = None,
    *,
    structs: Mapping[str, ObjectType] | None = None,
) -> Program:
    """Return the program of an expression over `variables`.

    `structs` are the types that literals like `Name{field: value}` can make. Raises `CelError` in Kubernetes' words;
    `WrongType` if its result is neither of the type, nor one of the types, in `result`.
    """
    try:
        tree = parse(expression)
        checked = check(expression, tree, variables, functions(), structs or {})
        names = [name for name in variables if name in checked.used]
        code, size = build(tree, checked, {name: index for index, name in enumerate(names, 1)})
    except RecursionError:
        raise CelError(expression, [Issue(0, TOO_DEEP)]) from None
    found = checked.types[tree]
    wanted = (result,) if isinstance(result, Type) else tuple(result or ())
    if wanted and found not in wanted:
        names = [NAMES.get(type.kind, str(type)) for type in wanted]
        shown = names[0] if len(names) == 1 else f"one of [{' '.join(names)}]"
        raise WrongType(f"must evaluate to {shown}")
    return Program(expression, found, code, names, size, [variables[name] for name in names])
