"""One column of a table of objects."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

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


NAME = Column("Name", "string", name, format="name")
AGE = Column("Age", "string", age)
