"""Sets of fields, in the form in which `managedFields` keeps them (FieldsV1).

A set is a tree of dictionaries. A key is one step of a path: `f:name` a field, `k:{"name":"web"}` the item of a list
with these keys, `v:"a"` an item of a set. A node that is empty, or has the key `.`, is itself in the set. Sets are
shared: nobody may change one.
"""

import json
from collections.abc import Iterator
from typing import Any

Set = dict[str, Any]

SELF = "."


def holds(node: Set) -> bool:
    """Whether the path that leads to a node is in the set, and not only something beneath it."""
    return not node or SELF in node


def node(*, member: bool, children: Set) -> Set | None:
    """Return the node for a path that is in the set or not and has these children; None if nothing is left of it."""
    if not children:
        return {} if member else None
    return {SELF: {}, **children} if member else children


def union(one: Set, other: Set) -> Set:
    """Return what is in either set."""
    if not one or not other:
        return one or other
    out = dict(one)
    for step, theirs in other.items():
        if step == SELF:
            continue
        ours = one.get(step)
        out[step] = theirs if ours is None else _join(ours, theirs)
    if SELF in other:
        out[SELF] = {}
    return out


def _join(one: Set, other: Set) -> Set:
    member = holds(one) or holds(other)
    return node(member=member, children=_children(union(one, other))) or {}


def intersection(one: Set, other: Set) -> Set:
    """Return what is in both sets."""
    out: Set = {}
    for step, ours in one.items():
        theirs = other.get(step)
        if step == SELF or theirs is None:
            continue
        both = node(member=holds(ours) and holds(theirs), children=intersection(ours, theirs))
        if both is not None:
            out[step] = both
    return out


def difference(one: Set, other: Set) -> Set:
    """Return what is in the first set and not in the second."""
    if not other:
        return one
    out: Set = {}
    for step, ours in one.items():
        if step == SELF:
            continue
        theirs = other.get(step)
        if theirs is None:
            out[step] = ours
            continue
        member = holds(ours) and not holds(theirs)
        left = node(member=member, children=_children(difference(ours, theirs)))
        if left is not None:
            out[step] = left
    return out


def without(one: Set, other: Set) -> Set:
    """Return the first set without the fields of the second and all that is beneath them."""
    out: Set = {}
    for step, ours in one.items():
        theirs = other.get(step)
        if theirs is None:
            out[step] = ours
        elif not holds(theirs):
            left = node(member=holds(ours), children=_children(without(ours, theirs)))
            if left is not None:
                out[step] = left
    return out


def paths(one: Set, prefix: str = "") -> Iterator[str]:
    """Yield the paths in a set as people read them: `.spec.containers[name="web"].image`.

    What is beneath a path comes after the path's siblings, each sorted.
    """
    steps = sorted(step for step in one if step != SELF)
    for step in steps:
        if holds(one[step]):
            yield prefix + _show(step)
    for step in steps:
        yield from paths(one[step], prefix + _show(step))


def _children(one: Set) -> Set:
    return {step: below for step, below in one.items() if step != SELF} if SELF in one else one


def _show(step: str) -> str:
    kind, _, rest = step.partition(":")
    match kind:
        case "f":
            return f".{rest}"
        case "k":
            keys = json.loads(rest)
            shown = (f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in keys.items())
            return f"[{','.join(shown)}]"
        case "v":
            return f"[={rest}]"
    return f"[{rest}]"
