"""What came of simulations, as tables: CSV always, Parquet where pyarrow is installed. Same outcome, same bytes."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kobune.scheduler.lab.simulation import Outcome

Table = tuple[Sequence[str], Sequence[Sequence[object]]]
"""Column names, and rows."""


@dataclass(frozen=True)
class Run:
    """One simulation of a comparison."""

    policy: str
    seed: int
    outcome: Outcome


def summary(runs: Iterable[Run]) -> Table:
    """Return one row for each run: how much was placed, how long pods waited, how full the cluster was."""
    columns = (
        "policy",
        "seed",
        "pods",
        "placed",
        "evictions",
        "wait_mean",
        "wait_p50",
        "wait_p99",
        "used",
        "fragmented",
    )
    rows = []
    for run in runs:
        stays = run.outcome.stays
        waits = sorted(stay.wait for stay in stays if stay.wait is not None)
        used, fragmented = _over_time(run.outcome)
        rows.append(
            (
                run.policy,
                run.seed,
                len(stays),
                len(waits),
                sum(stay.evictions for stay in stays),
                _short(sum(waits) / len(waits)) if waits else "",
                _short(_share(waits, 0.5)),
                _short(_share(waits, 0.99)),
                _short(used),
                _short(fragmented),
            )
        )
    return columns, rows


def pods(runs: Iterable[Run]) -> Table:
    """Return one row for each pod of each run."""
    columns = ("policy", "seed", "name", "arrived", "placed", "wait", "node", "left", "attempts", "evictions")
    rows = [
        (
            run.policy,
            run.seed,
            stay.name,
            _short(stay.arrived),
            _short(stay.placed),
            _short(stay.wait),
            stay.node,
            _short(stay.left),
            stay.attempts,
            stay.evictions,
        )
        for run in runs
        for stay in run.outcome.stays
    ]
    return columns, rows


def samples(runs: Sequence[Run]) -> Table:
    """Return one row for each moment of each run at which something happened."""
    resources = runs[0].outcome.resources if runs else ()
    columns = ("policy", "seed", "time", "running", "pending", *(f"used {name}" for name in resources), "fragmented")
    rows = [
        (
            run.policy,
            run.seed,
            _short(sample.time),
            sample.running,
            sample.pending,
            *map(_short, sample.used),
            _short(sample.fragmented),
        )
        for run in runs
        for sample in run.outcome.samples
    ]
    return columns, rows


def write(tables: Mapping[str, Table], folder: Path) -> list[Path]:
    """Write each table into a folder, made if missing, and return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, table in tables.items():
        path = folder / f"{name}.csv"
        path.write_bytes(to_csv(table))
        written += [path, *_parquet(table, folder / f"{name}.parquet")]
    return written


def to_csv(table: Table) -> bytes:
    """Return a table as CSV."""
    columns, rows = table
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return file.getvalue().encode()


def _parquet(table: Table, path: Path) -> list[Path]:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        return []
    columns, rows = table
    arrays = {name: [row[at] if row[at] != "" else None for row in rows] for at, name in enumerate(columns)}
    parquet.write_table(pyarrow.table(arrays), path)
    return [path]


def _over_time(outcome: Outcome) -> tuple[float, float]:
    """Return how full the fullest resource was and how fragmented, each moment weighed by how long it lasted."""
    used = fragmented = total = 0.0
    for sample, following in zip(outcome.samples, outcome.samples[1:], strict=False):
        lasted = following.time - sample.time
        total += lasted
        used += lasted * max(sample.used, default=0.0)
        fragmented += lasted * sample.fragmented
    return (used / total, fragmented / total) if total else (0.0, 0.0)


def _share(values: Sequence[float], share: float) -> float | None:
    return values[min(int(len(values) * share), len(values) - 1)] if values else None


def _short(number: float | None) -> float | str:
    return "" if number is None else round(number, 6)
