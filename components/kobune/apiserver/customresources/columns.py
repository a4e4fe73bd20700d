"""The columns that a definition gives to tables of its objects."""

from collections.abc import Sequence
from typing import Any

import orjson

from kobune.apimachinery.codec.scalars import parse_time
from kobune.apiserver.customresources import jsonpath
from kobune.apiserver.customresources.causes import go_float
from kobune.apiserver.customresources.jsonpath import BadPath
from kobune.apiserver.printing.column import Cell, Column, human_duration, name
from kobune.apiserver.printing.meanings import meaning

NAME = Column("Name", "string", name, format="name", description=meaning("", "Name"))


def of(described: Sequence[Any]) -> tuple[Column, ...]:
    """Return the columns: the name, and those that are described, or the age if none is."""
    if not described:
        age = _cell(".metadata.creationTimestamp", "date")
        return NAME, Column("Age", "date", age, description=meaning("", "Age"))
    try:
        return NAME, *map(_column, described)
    except BadPath:
        return (NAME,)


def _column(column: Any) -> Column:
    path: str = column.jsonPath
    words = column.description or f"Custom resource definition column (in JSONPath format): {path}"
    cell = _cell(path, column.type)
    return Column(column.name, column.type, cell, format=column.format, priority=column.priority, description=words)


def _cell(text: str, type: str) -> Cell:
    path = jsonpath.compile(text)
    # Few columns show metadata, which is a message that must be made a tree first.
    wants_metadata = not text.startswith((".spec", ".status"))

    def cell(item: Any, now: float) -> Any:
        found = path.find(item.tree() if wants_metadata else item.fields)
        return _show(found[0], type, now) if found else None

    return cell


def _show(value: Any, type: str, now: float) -> Any:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    match type:
        case "string":
            return _text(value)
        case "integer":
            return int(value) if is_number else None
        case "number":
            return float(value) if is_number else None
        case "boolean":
            return value if isinstance(value, bool) else None
        case "date" if isinstance(value, str):
            try:
                return human_duration(now - parse_time(value)[0])
            except ValueError:
                return "<invalid>"
    return None


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return go_float(value)
    return str(value) if isinstance(value, int) else orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
