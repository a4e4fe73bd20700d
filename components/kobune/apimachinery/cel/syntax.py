"""What a parsed expression consists of. `at` is the position in the text that errors point at."""

from dataclasses import dataclass
from typing import Any, Union

from kobune.apimachinery.cel.types import Type


@dataclass(eq=False, slots=True)
class Const:
    """A literal."""

    at: int
    value: Any
    type: Type


@dataclass(eq=False, slots=True)
class Ident:
    """A name."""

    at: int
    name: str


@dataclass(eq=False, slots=True)
class Select:
    """`operand.field`, `operand.?field`, or `has(operand.field)`."""

    at: int
    operand: "Node"
    field: str
    test: bool = False
    optional: bool = False


@dataclass(eq=False, slots=True)
class Call:
    """A function, a method of `target`, or an operator under its name `_+_`."""

    at: int
    function: str
    target: Union["Node", None]
    arguments: list["Node"]


@dataclass(eq=False, slots=True)
class ListLiteral:
    """`[a, ?b]`."""

    at: int
    items: list["Node"]
    optional: frozenset[int]


@dataclass(eq=False, slots=True)
class MapLiteral:
    """`{key: value, ?key: value}`."""

    at: int
    entries: list[tuple["Node", "Node", bool]]


@dataclass(eq=False, slots=True)
class StructLiteral:
    """`Name{field: value, ?field: value}`."""

    at: int
    name: str
    entries: list[tuple[str, int, "Node", bool]]
    """Name, position, value, and whether it is left out when the value is an empty optional."""


@dataclass(eq=False, slots=True)
class Macro:
    """A loop over `target`, or a binding of its value: `target.all(variable, argument)`."""

    at: int
    name: str
    target: "Node"
    variables: tuple[str, ...]
    arguments: list["Node"]


Node = Const | Ident | Select | Call | ListLiteral | MapLiteral | StructLiteral | Macro
