"""What was measured, and how it is shown."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One measured number."""

    what: str
    value: float
    unit: str


def table(figures: Iterable[Figure]) -> str:
    """Return the figures as a Markdown table."""
    rows = [(figure.what, f"{_number(figure.value)} {figure.unit}") for figure in figures]
    widths = [max((len(row[column]) for row in rows), default=0) for column in (0, 1)]
    head = ("what".ljust(widths[0]), "result".ljust(widths[1]))
    lines = [head, ("-" * widths[0], "-" * widths[1]), *((a.ljust(widths[0]), b.ljust(widths[1])) for a, b in rows)]
    return "\n".join(f"| {a} | {b} |" for a, b in lines)


def _number(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def median(values: Sequence[float]) -> float:
    """Return the middle value."""
    return sorted(values)[len(values) // 2]
