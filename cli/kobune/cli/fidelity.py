"""`kobune fidelity`: what of the API has an effect in this cluster; known from the schema, whether one runs or not."""

from enum import Enum
from typing import Annotated

import typer


class Output(Enum):
    """How the ledger is shown."""

    TEXT = "text"
    JSON = "json"


def fidelity(
    kind: Annotated[
        str, typer.Argument(help="Such as Pod, deploy or ingresses.networking.k8s.io; all kinds if empty.")
    ] = "",
    output: Annotated[Output, typer.Option("--output", "-o", help="How to show it.")] = Output.TEXT,
) -> None:
    """Print which fields are enforced, which are stored (kept and returned, without effect) and which are refused."""
    from kobune.cli import ledger

    as_json = output is Output.JSON
    if kind:
        ledger.print_kind(kind, as_json=as_json)
    else:
        ledger.print_all(as_json=as_json)
