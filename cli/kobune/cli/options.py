"""Options that several subcommands share."""

from pathlib import Path
from typing import Annotated

import typer

DataDir = Annotated[
    Path,
    typer.Option(envvar="KOBUNE_DATA_DIR", help="The folder that holds all there is of the cluster."),
]

DEFAULT_DATA_DIR = Path("~/.kobune/default")
