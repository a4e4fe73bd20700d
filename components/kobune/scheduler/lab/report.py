"""A page about a comparison: plots of how full, how fragmented and how patient, and the numbers below."""

import html
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from kobune.scheduler.lab import results
from kobune.scheduler.lab.results import Run

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>
body {{ font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222 }}
table {{ border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }}
th, td {{ text-align: right; padding: .2rem .6rem; border-bottom: 1px solid #ddd }}
th:first-child, td:first-child {{ text-align: left }}
svg {{ width: 100%; height: auto }}
</style></head><body><h1>{title}</h1>
<p>{about}</p>
{table}
{plots}
</body></html>
"""
COLORS = ("#1b6ca8", "#d1495b", "#3c7a3f", "#8a5a9e", "#c98a1b", "#555555")


def write(runs: Sequence[Run], path: Path, about: str) -> bool:
    """Write the page; False if it has no plots because matplotlib is not installed."""
    drawn = _plots(runs)
    plots = "\n".join(drawn) if drawn is not None else "<p>Plots need matplotlib: pip install 'kobune[lab]'.</p>"
    table = _table(results.summary(runs))
    page = PAGE.format(title="Schedulers compared", about=html.escape(about), table=table, plots=plots)
    path.write_text(page, encoding="utf-8")
    return drawn is not None


def _table(table: results.Table) -> str:
    columns, rows = table
    head = "".join(f"<th>{html.escape(name)}</th>" for name in columns)
    body = "\n".join("<tr>" + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{head}</tr>\n{body}</table>"


def _plots(runs: Sequence[Run]) -> list[str] | None:
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ImportError:
        return None
    mpl.rcParams["svg.hashsalt"] = "kobune"  # else the ids in the picture differ each time
    policies = list(dict.fromkeys(run.policy for run in runs))
    colors = {policy: COLORS[at % len(COLORS)] for at, policy in enumerate(policies)}

    def plot(title: str, across: str, draw: Callable[[Any, Run], None]) -> str:
        figure = Figure(figsize=(9, 3.2), layout="constrained")
        axes = figure.add_subplot()
        seen: set[str] = set()
        for run in runs:
            draw(axes, run)
            if run.policy not in seen:
                axes.lines[-1].set_label(run.policy)
                seen.add(run.policy)
        axes.set(title=title, xlabel=across)
        axes.grid(alpha=0.3)
        axes.legend()
        file = io.StringIO()
        figure.savefig(file, format="svg", metadata={"Date": None})
        return file.getvalue()[file.getvalue().index("<svg") :]

    def over_time(value: Callable[[Any], float]) -> Callable[[Any, Run], None]:
        def draw(axes: Any, run: Run) -> None:
            samples = run.outcome.samples
            times, values = [sample.time for sample in samples], [value(sample) for sample in samples]
            axes.step(times, values, where="post", color=colors[run.policy], alpha=0.7, linewidth=1.2)

        return draw

    def waits(axes: Any, run: Run) -> None:
        found = sorted(stay.wait for stay in run.outcome.stays if stay.wait is not None)
        shares = [(at + 1) / len(run.outcome.stays) for at in range(len(found))]
        axes.step(found or [0.0], shares or [0.0], where="post", color=colors[run.policy], alpha=0.7, linewidth=1.2)

    return [
        plot("Taken of the fullest resource", "seconds", over_time(lambda sample: max(sample.used, default=0.0))),
        plot("Fragmented: free where no average pod fits", "seconds", over_time(lambda sample: sample.fragmented)),
        plot("Pods that wait", "seconds", over_time(lambda sample: sample.pending)),
        plot("Share of pods placed within", "seconds of waiting", waits),
    ]
