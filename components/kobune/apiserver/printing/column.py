"""One column of a table of objects."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kobune.apimachinery.codec.scalars import format_time

Cell = Callable[[Any, float], Any]
"""From an object and the time now to what the cell shows."""


@dataclass(frozen=True)
class Column:
    """A column: its name, type and priority are what Kubernetes' tables have."""

    name: str
    type: str
    cell: Cell
    format: str = ""
    priority: int = 0
    """0 is always shown, 1 only with `-o wide`."""
    description: str = ""
    """What it shows, in a sentence for people."""


def name(message: Any, now: float) -> str:
    """Return the object's name."""
    return str(message.metadata.name)


def age(message: Any, now: float) -> str:
    """Return how long ago the object was created."""
    created = message.metadata.creationTimestamp
    return human_duration(now - created.seconds) if created.seconds else "<unknown>"


def human_duration(seconds: float) -> str:
    """Return a length of time as kubectl shows it: 45s, 3m20s, 5h10m, 2d3h, 400d, 3y."""
    seconds = int(seconds)
    if seconds < 0:
        return "0s" if seconds > -2 else "<invalid>"
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if seconds < 120:
        return f"{seconds}s"
    if minutes < 10:
        return _two(minutes, "m", seconds % 60, "s")
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return _two(hours, "h", minutes % 60, "m")
    if hours < 48:
        return f"{hours}h"
    if hours < 192:
        return _two(days, "d", hours % 24, "h")
    if days < 730:
        return f"{days}d"
    if days < 8 * 365:
        return _two(days // 365, "y", days % 365, "d")
    return f"{days // 365}y"


def _two(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large}{large_unit}{small}{small_unit}" if small else f"{large}{large_unit}"


def created_at(message: Any, now: float) -> str:
    """Return when the object was created, for kinds that show no age."""
    return format_time(message.metadata.creationTimestamp.seconds)


def show(path: str, empty: str = "") -> Cell:
    """Return the cell that shows the text in a field."""
    parts = path.split(".")

    def cell(message: Any, now: float) -> Any:
        for part in parts:
            message = getattr(message, part)
        return message if isinstance(message, bool | int) else message or empty

    return cell


def count(path: str) -> Cell:
    """Return the cell that shows how many elements a field has."""
    return lambda message, now: len(show_field(message, path))


def show_field(message: Any, path: str) -> Any:
    """Return the value of a field by its path."""
    for part in path.split("."):
        message = getattr(message, part)
    return message


def text(name: str, cell: Cell, *, wide: bool = False) -> Column:
    """Return a column of texts."""
    return Column(name, "string", cell, priority=int(wide))


def number(name: str, cell: Cell) -> Column:
    """Return a column of whole numbers."""
    return Column(name, "integer", cell)


def flag(name: str, cell: Cell) -> Column:
    """Return a column of truths."""
    return Column(name, "boolean", cell)


NAME = Column("Name", "string", name, format="name")
AGE = Column("Age", "string", age)
CREATED_AT = Column("Created At", "date", created_at)
