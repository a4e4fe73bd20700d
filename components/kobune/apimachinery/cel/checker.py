"""Finds the types in an expression, and what cannot be: names that are not there, functions for other types."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from kobune.apimachinery.cel import types
from kobune.apimachinery.cel.declarations import Functions, Overload
from kobune.apimachinery.cel.errors import CelError, Issue
from kobune.apimachinery.cel.literals import PROBLEMS
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
from kobune.apimachinery.cel.types import BOOL, DYN, Bindings, ObjectType, Type

TYPE_NAMES: Final = {
    "bool": types.BOOL,
    "bytes": types.BYTES,
    "double": types.DOUBLE,
    "dyn": types.DYN,
    "google.protobuf.Duration": types.DURATION,
    "google.protobuf.Timestamp": types.TIMESTAMP,
    "int": types.INT,
    "list": types.LIST,
    "map": types.MAP,
    "null_type": types.NULL,
    "string": types.STRING,
    "type": types.type_of(DYN),
    "uint": types.UINT,
}
OPERATORS: Final = {"all": "_&&_", "exists": "_||_"}
"""What a loop joins the results with."""
MIXED: Final = frozenset({"format"})
"""The functions that take lists of values of different types."""


@dataclass
class Checked:
    """What the checker has found out about a tree."""

    types: dict[Node, Type] = field(default_factory=dict)
    calls: dict[Call, tuple[Overload, ...]] = field(default_factory=dict)
    """The overloads that may be meant."""
    names: dict[Node, Type] = field(default_factory=dict)
    """The nodes that are names of types."""
    variables: dict[Node, str] = field(default_factory=dict)
    """The nodes that are variables with a dotted name."""
    used: set[str] = field(default_factory=set)
    """The variables that the expression looks at."""
    issues: list[Issue] = field(default_factory=list)


def check(
    source: str, tree: Node, variables: Mapping[str, Type], functions: Functions, structs: Mapping[str, ObjectType]
) -> Checked:
    """Return the types of all nodes; `CelError` with every issue."""
    checker = _Checker(functions, structs)
    checker.visit(tree, variables)
    if checker.found.issues:
        raise CelError(source, checker.found.issues)
    return checker.found


class _Checker:
    def __init__(self, functions: Functions, structs: Mapping[str, ObjectType]) -> None:
        self._functions = functions
        self._structs = structs
        self._mixed = False
        self._bound: list[str] = []
        """The variables of the loops around."""
        self.found = Checked()

    def visit(self, node: Node, scope: Mapping[str, Type]) -> Type:
        match node:
            case Const():
                type = node.type
            case Ident():
                type = self._ident(node, scope)
            case Select():
                type = self._select(node, scope)
            case Call():
                type = self._call(node, scope)
            case ListLiteral():
                type = self._list(node, scope)
            case MapLiteral():
                type = self._map(node, scope)
            case StructLiteral():
                type = self._struct(node, scope)
            case Macro():
                type = self._macro(node, scope)
        self.found.types[node] = type
        return type

    def _issue(self, at: int, message: str) -> Type:
        self.found.issues.append(Issue(at, message))
        return DYN

    def _ident(self, node: Ident, scope: Mapping[str, Type]) -> Type:
        name = node.name.lstrip(".")
        if (known := scope.get(name)) is not None:
            if name not in self._bound:
                self.found.used.add(name)
            return known
        if (named := TYPE_NAMES.get(name)) is not None:
            self.found.names[node] = named
            return types.type_of(named)
        return self._issue(node.at, f"undeclared reference to '{name}' (in container '')")

    def _select(self, node: Select, scope: Mapping[str, Type]) -> Type:
        path = _dotted(node)
        if path in scope:
            self.found.variables[node] = path
            self.found.used.add(path)
            return scope[path]
        if path in TYPE_NAMES and path.partition(".")[0] not in scope:
            self.found.names[node] = TYPE_NAMES[path]
            return types.type_of(TYPE_NAMES[path])
        operand = self.visit(node.operand, scope)
        through = operand.kind == "optional"
        type = self._field(node, operand.parameters[0] if through else operand)
        if node.test:
            return BOOL
        return types.optional_of(type) if (through or node.optional) and type.kind != "optional" else type

    def _field(self, node: Select, operand: Type) -> Type:
        if operand.kind == "dyn":
            return DYN
        if operand.kind == "map":
            return operand.parameters[1]
        if isinstance(operand, ObjectType):
            found = operand.fields.get(node.field)
            return found if found is not None else self._issue(node.at, f"undefined field '{node.field}'")
        return self._issue(node.at, f"type '{operand}' does not support field selection")

    def _call(self, node: Call, scope: Mapping[str, Type]) -> Type:
        mixed, self._mixed = self._mixed, node.function in MIXED
        if node.target is not None and (name := self._qualified(node, scope)):
            node.function, node.target = name, None
        method = node.target is not None
        arguments = [self.visit(argument, scope) for argument in _all_arguments(node)]
        self._mixed = mixed
        self._check_literals(node)
        if node.function in ("_&&_", "_||_"):
            return self._logical(node, arguments)
        overloads = self._functions.get(node.function, ())
        if not any(overload.method == method for overload in overloads):
            return self._issue(node.at, f"undeclared reference to '{node.function}' (in container '')")
        fitting = []
        result: Type | None = None
        for overload in overloads:
            if overload.method != method or len(overload.parameters) != len(arguments):
                continue
            bindings = Bindings()
            if all(map(bindings.fits, overload.parameters, arguments)):
                fitting.append(overload)
                settled = bindings.settle(overload.result)
                result = settled if result is None or result == settled else DYN
        if result is None:
            return self._no_overload(node, arguments)
        self.found.calls[node] = tuple(fitting)
        return result

    def _no_overload(self, node: Call, arguments: list[Type]) -> Type:
        shown = [str(argument) for argument in arguments]
        applied = f"({', '.join(shown)})"
        if node.target is not None:
            applied = f"{shown[0]}.({', '.join(shown[1:])})"
        return self._issue(node.at, f"found no matching overload for '{node.function}' applied to '{applied}'")

    def _logical(self, node: Call, arguments: list[Type]) -> Type:
        for index, argument in enumerate(arguments):
            if argument.kind not in ("bool", "dyn"):
                applied = f"({argument}, {arguments[1]})" if index == 0 else f"(bool, {argument})"
                return self._issue(node.at, f"found no matching overload for '{node.function}' applied to '{applied}'")
        return BOOL

    def _qualified(self, node: Call, scope: Mapping[str, Type]) -> str:
        """Return the full name of a function that is called like a method: `math.greatest`."""
        path = _dotted(node.target) if node.target is not None else ""
        if not path or path.partition(".")[0] in scope:
            return ""
        name = f"{path}.{node.function}"
        return name if name in self._functions else ""

    def _check_literals(self, node: Call) -> None:
        if (problem := PROBLEMS.get(node.function)) and node.arguments:
            last = node.arguments[-1]
            if isinstance(last, Const) and isinstance(last.value, str) and problem(last.value):
                self._issue(last.at, f"invalid {node.function} argument")

    def _list(self, node: ListLiteral, scope: Mapping[str, Type]) -> Type:
        found: Type | None = None
        mixed, self._mixed = self._mixed, False
        for index, item in enumerate(node.items):
            type = self.visit(item, scope)
            if index in node.optional:
                type = self._unwrapped(item, type)
            found = self._same(found, type, item.at, mixed=mixed)
        return types.list_of(found or DYN)

    def _map(self, node: MapLiteral, scope: Mapping[str, Type]) -> Type:
        keys: Type | None = None
        values: Type | None = None
        mixed, self._mixed = self._mixed, False
        for key, value, optional in node.entries:
            keys = self._same(keys, self.visit(key, scope), key.at, mixed=mixed)
            type = self.visit(value, scope)
            values = self._same(values, self._unwrapped(value, type) if optional else type, value.at, mixed=mixed)
        return types.map_of(keys or DYN, values or DYN)

    def _same(self, found: Type | None, type: Type, at: int, *, mixed: bool) -> Type:
        if found is None or found == type:
            return type
        if mixed:
            return DYN
        return self._issue(at, f"expected type '{found}' but found '{type}'")

    def _unwrapped(self, node: Node, type: Type) -> Type:
        if type.kind == "dyn":
            return DYN
        if type.kind == "optional":
            return type.parameters[0]
        return self._issue(node.at, f"expected type 'optional_type({type})' but found '{type}'")

    def _struct(self, node: StructLiteral, scope: Mapping[str, Type]) -> Type:
        name = node.name.lstrip(".")
        struct = self._structs.get(name)
        if struct is None:
            return self._issue(node.at, f"undeclared reference to '{name}' (in container '')")
        for field_name, at, value, optional in node.entries:
            type = self.visit(value, scope)
            if optional:
                type = self._unwrapped(value, type)
            wanted = struct.fields.get(field_name)
            if wanted is None:
                self._issue(at, f"undefined field '{field_name}'")
            elif not Bindings().fits(wanted, type):
                self._issue(at, f"expected type of field '{field_name}' is '{wanted}' but provided type is '{type}'")
        return struct

    def _macro(self, node: Macro, scope: Mapping[str, Type]) -> Type:
        target = self.visit(node.target, scope)
        if node.name in ("optMap", "optFlatMap"):
            return self._optional_macro(node, target, scope)
        inner = {**scope, **dict(zip(node.variables, self._variables(node, target), strict=True))}
        self._bound += node.variables
        results = [self.visit(argument, inner) for argument in node.arguments]
        del self._bound[-len(node.variables) :]
        if node.name in OPERATORS or node.name.startswith("exists"):
            if results[0].kind not in ("bool", "dyn"):
                name = OPERATORS.get(node.name, "_?_:_")
                applied = f"(bool, {results[0]})" if name != "_?_:_" else f"({results[0]}, int, int)"
                self._issue(node.at, f"found no matching overload for '{name}' applied to '{applied}'")
            return BOOL
        if (len(results) == 2 or node.name == "filter") and results[0].kind not in ("bool", "dyn"):
            made = target if node.name == "filter" else types.list_of(results[-1])
            applied = f"({results[0]}, {made}, {made})"
            self._issue(node.at, f"found no matching overload for '_?_:_' applied to '{applied}'")
        return _loop_type(node, target, self._variables(node, target, silent=True), results[-1])

    def _variables(self, node: Macro, target: Type, *, silent: bool = False) -> list[Type]:
        pair = len(node.variables) == 2
        match target.kind:
            case "list":
                return [types.INT, target.parameters[0]] if pair else [target.parameters[0]]
            case "map":
                return list(target.parameters) if pair else [target.parameters[0]]
            case "dyn":
                return [DYN] * len(node.variables)
        if not silent:
            why = f"expression of type '{target}' cannot be range of a comprehension (must be list, map, or dynamic)"
            self._issue(node.target.at, why)
        return [DYN] * len(node.variables)

    def _optional_macro(self, node: Macro, target: Type, scope: Mapping[str, Type]) -> Type:
        inner = target.parameters[0] if target.kind == "optional" else DYN
        if target.kind not in ("optional", "dyn"):
            why = f"found no matching overload for 'hasValue' applied to '{target}.()'"
            self._issue(node.at, why)
        self._bound += node.variables
        result = self.visit(node.arguments[0], {**scope, node.variables[0]: inner})
        self._bound.pop()
        return types.optional_of(result) if node.name == "optMap" else result


def _loop_type(node: Macro, target: Type, variables: list[Type], result: Type) -> Type:
    match node.name:
        case "filter":
            return target if target.kind == "list" else types.list_of(variables[0])
        case "transformMap":
            return types.map_of(variables[0], result)
        case "transformMapEntry":
            return result
    return types.list_of(result)


def _all_arguments(node: Call) -> list[Node]:
    return node.arguments if node.target is None else [node.target, *node.arguments]


def _dotted(node: Node) -> str:
    if isinstance(node, Ident):
        return node.name.lstrip(".")
    if isinstance(node, Select) and not node.test and not node.optional:
        path = _dotted(node.operand)
        return f"{path}.{node.field}" if path else ""
    return ""
