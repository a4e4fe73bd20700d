"""`kobune logs`: what the components say."""

import heapq
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from operator import itemgetter
from pathlib import Path
from threading import Event
from typing import Annotated, TextIO

import typer

from kobune.cli.options import DEFAULT_DATA_DIR, DataDir
from kobune.component_base.failure import CannotStart
from kobune.launcher.data_dir import DataDirectory

POLL = 0.1


def logs(
    component: Annotated[str, typer.Argument(help="One of them; all if not given, merged by time.")] = "",
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Print the log of a component, or of all of them: a Pod's way through the cluster."""
    directory = DataDirectory(data_dir.expanduser().absolute())
    files = [directory.log(component)] if component else sorted(directory.logs.glob("*.log"))
    if component and not files[0].exists():
        known = ", ".join(sorted(file.stem for file in directory.logs.glob("*.log"))) or "nobody yet"
        raise CannotStart(f"there is no log of {component!r} in {directory.root}; there are those of {known}")
    with suppress(KeyboardInterrupt):
        _print(files, follow)


def _print(files: list[Path], follow: bool) -> None:
    with ExitStack() as stack:
        streams = [stack.enter_context(file.open(errors="replace")) for file in files]
        while True:
            for _, text in heapq.merge(*map(_timed, streams), key=itemgetter(0)):
                print(text, end="", flush=follow)
            if not follow:
                return
            Event().wait(POLL)


def _timed(stream: TextIO) -> Iterator[tuple[str, str]]:
    """The lines with their times; those of a traceback belong to the line before."""
    when = ""
    for text in stream:
        if text[:1].isdigit():
            when = text.partition(" ")[0]
        yield when, text
