"""`kobune scheduler`: try schedulers on traces, ask what would be if, and why a pod is where it is."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TextIO, TypeVar

import typer

from kobune.cli.options import DEFAULT_DATA_DIR, DataDir
from kobune.component_base.failure import CannotStart
from kobune.launcher.data_dir import DataDirectory

T = TypeVar("T")

app = typer.Typer(help="A laboratory for schedulers.", no_args_is_help=True, rich_markup_mode=None)

Compare = Annotated[
    str, typer.Option(help="Which schedulers, separated by commas: default, FILE.yaml, or the import path of a plugin.")
]


@app.command()
def replay(
    trace: Annotated[Path, typer.Argument(metavar="TRACE", show_default=False)],
    nodes: Annotated[Path, typer.Option(help="The nodes, as CSV.", show_default=False)],
    compare: Compare = "default",
    seeds: Annotated[int, typer.Option(min=1, help="How often each is run, with seeds from 1 on.")] = 1,
    out: Annotated[Path, typer.Option(help="The folder for the report.")] = Path("report"),
    until: Annotated[float | None, typer.Option(help="Stop at this second of the trace.", show_default=False)] = None,
) -> None:
    """Replay a trace of pods on simulated time, with one or more schedulers, and write a report.

    Same trace, nodes and seed: same result, to the byte. The columns of the files are those of Alibaba's openb traces,
    or name,arrival,duration,cpu,memory,gpu,priority,labels,selector,count for pods and
    name,cpu,memory,gpu,pods,labels,taints,count for nodes.
    """
    from kobune.scheduler.framework import PluginFailed
    from kobune.scheduler.lab import report, results, traces
    from kobune.scheduler.lab.overcommit import Overcommitted
    from kobune.scheduler.lab.profiles import profile_of
    from kobune.scheduler.lab.simulation import simulate

    sys.path.insert(0, "")  # plugins are looked for here, too
    runs = []
    profiles = {name: profile_of(name) for name in filter(None, compare.split(","))}
    if not profiles:
        raise CannotStart("--compare names no scheduler")
    for name, profile in profiles.items():
        for seed in range(1, seeds + 1):
            machines, arrivals = _read(nodes, traces.read_nodes), _read(trace, traces.read_pods)
            try:
                outcome = simulate(profile, machines, arrivals, seed=seed, until=until)
            except (PluginFailed, Overcommitted) as error:
                raise CannotStart(f"{name}, seed {seed}: {error}") from error
            runs.append(results.Run(name, seed, outcome))
    tables = {"summary": results.summary(runs), "pods": results.pods(runs), "samples": results.samples(runs)}
    written = results.write(tables, out)
    plotted = report.write(runs, out / "index.html", f"{trace.name} on {nodes.name}, {seeds} seeds each")
    print(results.to_csv(tables["summary"]).decode(), end="")
    hint = "" if plotted else " (for plots, and tables as Parquet: pip install 'kobune[lab]')"
    print(f"\n{out / 'index.html'}{hint}, and {len(written)} tables beside it")


def _read(file: Path, read: Callable[[TextIO], list[T]]) -> list[T]:
    """Return what a CSV file has; `CannotStart` names the file and says what is wrong with it."""
    try:
        with file.open(encoding="utf-8-sig") as text:
            found = read(text)
    except OSError as error:
        raise CannotStart(f"cannot read {file}: {error.strerror}") from error
    except ValueError as error:  # also what is not UTF-8
        raise CannotStart(f"{file}: {error}") from error
    if not found:
        raise CannotStart(f"{file}: there is no row in it")
    return found


@app.command(name="what-if")
def what_if(
    file: Annotated[Path, typer.Option("--file", "-f", help="Pods, or workloads, as YAML.", show_default=False)],
    nodes: Annotated[
        list[str] | None,
        typer.Option(help="+COUNT=node.yaml for more nodes, -NAME for one less; may be given several times."),
    ] = None,
    against: Annotated[
        str, typer.Option(help="Compare with this: FILE.yaml, or the import path of a plugin.", show_default=False)
    ] = "",
    how_many: Annotated[bool, typer.Option("--how-many", help="How many more of the first of these fit.")] = False,
    seed: Annotated[int, typer.Option(help="For nodes that are equally good.")] = 1,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Place pods on a copy of the running cluster, and show what would be; nothing changes."""
    from kobune.cli.what_if import Question, answer

    sys.path.insert(0, "")
    answer(DataDirectory(data_dir.expanduser().absolute()), Question(file, nodes or [], against, how_many, seed))


@app.command()
def explain(
    pod: Annotated[str, typer.Argument(metavar="POD", help="pod/NAME or NAME", show_default=False)],
    namespace: Annotated[str, typer.Option("--namespace", "-n")] = "default",
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Tell per node which plugin says no and why, or how the plugins rate it, and what would have to be different.

    The cluster is looked at as it was when the scheduler decided, up to an hour ago.
    """
    from kobune.cli import explain as explanation

    name = pod.removeprefix("pod/").removeprefix("pods/")
    explanation.explain(DataDirectory(data_dir.expanduser().absolute()), namespace, name)
