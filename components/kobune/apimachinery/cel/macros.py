"""Calls that are no functions: loops over lists and maps, `has`, and what binds the value of an optional."""

from typing import Final

from kobune.apimachinery.cel.syntax import Ident, Macro, Node, Select

LOOPS: Final = {
    "all": (2,),
    "exists": (2,),
    "exists_one": (2,),
    "existsOne": (2,),
    "map": (2, 3),
    "filter": (2,),
    "optMap": (2,),
    "optFlatMap": (2,),
}
"""How many arguments, the first being a variable."""
PAIR_LOOPS: Final = {
    "all": (3,),
    "exists": (3,),
    "exists_one": (3,),
    "existsOne": (3,),
    "transformList": (3, 4),
    "transformMap": (3, 4),
    "transformMapEntry": (3, 4),
}
"""How many arguments, the first two being variables: for the index or key, and for the value."""


class BadMacro(Exception):
    """A macro that is used wrongly."""

    def __init__(self, at: int, message: str) -> None:
        super().__init__(message)
        self.at = at


def expand(at: int, name: str, target: Node | None, arguments: list[Node]) -> Node | None:
    """Return what a call means that is a macro; None if it is none. Raises `BadMacro`."""
    count = len(arguments)
    if target is None:
        return _has(arguments[0]) if name == "has" and count == 1 else None
    if count in LOOPS.get(name, ()):
        return Macro(at, name, target, (_variable(arguments[0]),), arguments[1:])
    if count in PAIR_LOOPS.get(name, ()):
        return Macro(at, name, target, (_variable(arguments[0]), _variable(arguments[1])), arguments[2:])
    return None


def _has(argument: Node) -> Node:
    if isinstance(argument, Select) and not argument.test:
        return Select(argument.at, argument.operand, argument.field, test=True, optional=argument.optional)
    raise BadMacro(argument.at, "invalid argument to has() macro")


def _variable(argument: Node) -> str:
    if isinstance(argument, Ident) and not argument.name.startswith("."):
        return argument.name
    raise BadMacro(argument.at, "argument must be a simple name")
