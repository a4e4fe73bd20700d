"""What was measured, and how it is shown."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One measured number."""

    what: str
    value: float
    unit: str
    column: str = ""
    """Of whom, where several are compared."""


def tables(figures: Sequence[Figure]) -> str:
    """Return the figures as Markdown tables: one of single results, one of what is compared."""
    single = [figure for figure in figures if not figure.column]
    compared = [figure for figure in figures if figure.column]
    return "\n\n".join(_table(group) for group in (single, compared) if group)


def _table(figures: Sequence[Figure]) -> str:
    columns = list(dict.fromkeys(figure.column for figure in figures))
    found = {(figure.what, figure.column): f"{_number(figure.value)} {figure.unit}" for figure in figures}
    rows = [
        ("what", *(column or "result" for column in columns)),
        *(
            (what, *(found.get((what, column), "") for column in columns))
            for what in dict.fromkeys(w for w, _ in found)
        ),
    ]
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    rows.insert(1, tuple("-" * width for width in widths))
    return "\n".join("| " + " | ".join(map(str.ljust, row, widths)) + " |" for row in rows)


def _number(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def median(values: Sequence[float]) -> float:
    """Return the middle value."""
    return sorted(values)[len(values) // 2]
