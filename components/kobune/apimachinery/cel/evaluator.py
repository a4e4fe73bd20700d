"""Makes a Python function from a checked tree: one closure per node.

A frame is a list: the budget first, then the variables, then those of the loops. Costs that are known beforehand are
charged at once, where evaluation cannot be cut short: at the start, in each round of a loop, in each branch.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from kobune.apimachinery.cel.checker import Checked
from kobune.apimachinery.cel.declarations import Overload
from kobune.apimachinery.cel.errors import CostExceeded, EvaluationError, no_such_overload
from kobune.apimachinery.cel.loops import LOOPS
from kobune.apimachinery.cel.syntax import (
    Call,
    Const,
    Ident,
    ListLiteral,
    Macro,
    MapLiteral,
    Node,
    Select,
    StructLiteral,
)
from kobune.apimachinery.cel.types import ObjectType
from kobune.apimachinery.cel.values import NOTHING, Optional, TypeValue, UInt

Code = Callable[[list[Any]], Any]
LIST_COST: Final = 10
MAP_COST: Final = 30
STRUCT_COST: Final = 40


def build(tree: Node, checked: Checked, slots: Mapping[str, int]) -> tuple[Code, int]:
    """Return what evaluates the tree on a frame, and how many slots a frame needs."""
    builder = _Builder(checked, len(slots) + 1)
    code = builder.charged(tree, slots)
    return code, builder.size


class _Builder:
    def __init__(self, checked: Checked, size: int) -> None:
        self._checked = checked
        self.size = size

    def charged(self, node: Node, slots: Mapping[str, int]) -> Code:
        """Return the code of a node that is only evaluated sometimes, with its own cost."""
        code, cost = self.node(node, slots)
        if not cost:
            return code

        def run(frame: list[Any]) -> Any:
            frame[0].spend(cost)
            return code(frame)

        return run

    def node(self, node: Node, slots: Mapping[str, int]) -> tuple[Code, int]:
        """Return the code of a node, and what it costs at least."""
        if (named := self._checked.names.get(node)) is not None:
            return _constant(TypeValue(named.kind if named.kind != "null" else "null_type")), 1
        if (variable := self._checked.variables.get(node)) is not None:
            slot = slots[variable]
            return lambda frame: frame[slot], 1
        match node:
            case Const():
                return _constant(node.value), 0
            case Ident():
                at = slots[node.name.lstrip(".")]
                return lambda frame: frame[at], 1
            case Select():
                return self._select(node, slots)
            case Call():
                return self._call(node, slots)
            case ListLiteral():
                return self._list(node, slots)
            case MapLiteral():
                return self._map(node, slots)
            case StructLiteral():
                return self._struct(node, slots)
            case Macro():
                return self._macro(node, slots)

    def _select(self, node: Select, slots: Mapping[str, int]) -> tuple[Code, int]:
        operand, cost = self.node(node.operand, slots)
        type = self._checked.types[node.operand]
        if type.kind == "optional":
            type = type.parameters[0]
        key = type.key(node.field) if isinstance(type, ObjectType) else node.field
        if node.test:
            return _has(operand, key), cost + 1
        if node.optional:
            return (lambda frame: select_optional(operand(frame), key)), cost + 1

        def select(frame: list[Any]) -> Any:
            value = operand(frame)
            if type_of(value) is dict:
                try:
                    return value[key]
                except KeyError:
                    raise EvaluationError(f"no such key: {key}") from None
            return select_other(value, key)

        type_of = _TYPE
        return select, cost + 1

    def _call(self, node: Call, slots: Mapping[str, int]) -> tuple[Code, int]:
        match node.function:
            case "_&&_" | "_||_":
                first, cost = self.node(node.arguments[0], slots)
                rest = [self.charged(argument, slots) for argument in node.arguments[1:]]
                return _logical([first, *rest], decisive=node.function == "_||_"), cost
            case "_?_:_":
                condition, cost = self.node(node.arguments[0], slots)
                chosen, other = (self.charged(argument, slots) for argument in node.arguments[1:])
                return _conditional(condition, chosen, other), cost
        nodes = node.arguments if node.target is None else [node.target, *node.arguments]
        if node.function in ("or", "orValue") and len(nodes) == 2:
            optional, cost = self.node(nodes[0], slots)
            return _otherwise(optional, self.charged(nodes[1], slots), whole=node.function == "or"), cost + 1
        built = [self.node(argument, slots) for argument in nodes]
        codes = [code for code, _ in built]
        certain = all(self._checked.types[argument].kind not in ("dyn", "map", "list") for argument in nodes)
        return _invoke(self._checked.calls[node], codes, certain=certain), sum(cost for _, cost in built) + 1

    def _list(self, node: ListLiteral, slots: Mapping[str, int]) -> tuple[Code, int]:
        built = [self.node(item, slots) for item in node.items]
        codes, optional = [code for code, _ in built], node.optional
        cost = sum(cost for _, cost in built) + LIST_COST
        if not optional:
            if all(isinstance(item, Const) for item in node.items):
                fixed = [code([]) for code in codes]
                return _constant(fixed), cost
            return (lambda frame: [code(frame) for code in codes]), cost

        def make(frame: list[Any]) -> list[Any]:
            items = []
            for index, code in enumerate(codes):
                value = code(frame)
                if index not in optional:
                    items.append(value)
                elif _optional(value).present:
                    items.append(value.value)
            return items

        return make, cost

    def _map(self, node: MapLiteral, slots: Mapping[str, int]) -> tuple[Code, int]:
        entries = [(self.node(key, slots), self.node(value, slots), optional) for key, value, optional in node.entries]
        cost = sum(key[1] + value[1] for key, value, _ in entries) + MAP_COST
        codes = [(key[0], value[0], optional) for key, value, optional in entries]

        def make(frame: list[Any]) -> dict[Any, Any]:
            made: dict[Any, Any] = {}
            for key_code, value_code, optional in codes:
                key, value = key_code(frame), value_code(frame)
                if _TYPE(key) not in KEYS:
                    raise EvaluationError(f"unsupported key type: {_TYPE(key).__name__}")
                if optional:
                    if not _optional(value).present:
                        continue
                    value = value.value
                if key in made:
                    raise EvaluationError(f"Failed with repeated key: {key}")
                made[key] = value
            return made

        return make, cost

    def _struct(self, node: StructLiteral, slots: Mapping[str, int]) -> tuple[Code, int]:
        struct = self._checked.types[node]
        assert isinstance(struct, ObjectType)
        built = [(struct.key(name), self.node(value, slots), optional) for name, _, value, optional in node.entries]
        cost = sum(value[1] for _, value, _ in built) + STRUCT_COST
        codes = [(name, value[0], optional) for name, value, optional in built]

        def make(frame: list[Any]) -> dict[str, Any]:
            made = {}
            for name, code, optional in codes:
                value = code(frame)
                if optional:
                    if not _optional(value).present:
                        continue
                    value = value.value
                made[name] = value
            return made

        return make, cost

    def _macro(self, node: Macro, slots: Mapping[str, int]) -> tuple[Code, int]:
        target, cost = self.node(node.target, slots)
        first = self.size
        self.size += len(node.variables)
        inner = {**slots, **{name: first + index for index, name in enumerate(node.variables)}}
        built = [self.node(argument, inner) for argument in node.arguments]
        # Every round looks at its variables and joins its result to those of the others.
        round_cost = sum(argument[1] for argument in built) + 2
        make = LOOPS[node.name, len(node.variables)]
        return make(target, first, [argument[0] for argument in built], round_cost), cost + 1


_TYPE = type
KEYS: Final = frozenset({str, int, bool, float, UInt})


def _constant(value: Any) -> Code:
    return lambda frame: value


def select_other(value: Any, key: str) -> Any:
    """Return a field of what is no plain dictionary; an error if it has none."""
    if isinstance(value, Optional):
        return select_optional(value, key)
    if isinstance(value, Mapping) and key in value:
        return value[key]
    raise EvaluationError(f"no such key: {key}")


def select_optional(value: Any, key: str) -> Optional:
    """Return a field that may not be there, of what may not be there."""
    if isinstance(value, Optional):
        if not value.present:
            return NOTHING
        value = value.value
    return Optional(True, value[key]) if isinstance(value, Mapping) and key in value else NOTHING


def _has(operand: Code, key: str) -> Code:
    def has(frame: list[Any]) -> bool:
        value = operand(frame)
        if isinstance(value, Optional):
            if not value.present:
                return False
            value = value.value
        if isinstance(value, Mapping):
            return key in value
        raise EvaluationError(f"no such key: {key}")

    return has


def _optional(value: Any) -> Optional:
    if not isinstance(value, Optional):
        raise no_such_overload()
    return value


def _logical(operands: list[Code], *, decisive: bool) -> Code:
    """Return `&&` or `||`: one operand that decides makes errors of the others irrelevant."""

    def run(frame: list[Any]) -> bool:
        error: EvaluationError | None = None
        for operand in operands:
            try:
                value: object = operand(frame)
            except CostExceeded:
                raise
            except EvaluationError as raised:
                error = error or raised
                continue
            if value is decisive:
                return decisive
            if value is not (not decisive):
                error = error or no_such_overload()
        if error is not None:
            raise error
        return not decisive

    return run


def _conditional(condition: Code, chosen: Code, other: Code) -> Code:
    def run(frame: list[Any]) -> Any:
        value = condition(frame)
        if value is True:
            return chosen(frame)
        if value is False:
            return other(frame)
        raise no_such_overload()

    return run


def _otherwise(optional: Code, other: Code, *, whole: bool) -> Code:
    def run(frame: list[Any]) -> Any:
        value = _optional(optional(frame))
        if not value.present:
            return other(frame)
        return value if whole else value.value

    return run


def _invoke(overloads: tuple[Overload, ...], codes: list[Code], *, certain: bool) -> Code:
    run, cost = overloads[0].run, overloads[0].cost
    if any(overload.run is not run for overload in overloads) or not (certain or run.__name__ in CAREFUL):
        return _dispatch(overloads, codes)
    if cost is not None:
        return _costly(run, cost, codes)
    match codes:
        case [one]:
            return lambda frame: run(one(frame))
        case [one, two]:
            return lambda frame: run(one(frame), two(frame))
    return lambda frame: run(*[code(frame) for code in codes])


CAREFUL: Final = frozenset(
    {"add", "subtract", "multiply", "divide", "modulo", "equals", "differs", "negate", "complement", "contains"}
    | {"index", "index_optional", "less", "less_equal", "greater", "greater_equal"}
)
"""The functions that check the types of their arguments themselves."""


def _costly(run: Callable[..., Any], cost: Callable[..., int], codes: list[Code]) -> Code:
    def call(frame: list[Any]) -> Any:
        arguments = [code(frame) for code in codes]
        frame[0].spend(cost(*arguments))
        return run(*arguments)

    return call


def _dispatch(overloads: tuple[Overload, ...], codes: list[Code]) -> Code:
    def call(frame: list[Any]) -> Any:
        arguments = [code(frame) for code in codes]
        for overload in overloads:
            if overload.accepts(arguments):
                if overload.cost is not None:
                    frame[0].spend(overload.cost(*arguments))
                return overload.run(*arguments)
        raise no_such_overload()

    return call
