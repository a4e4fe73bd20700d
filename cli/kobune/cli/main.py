"""The command line's entry: which subcommands there are, and how their errors look."""

import sys

import typer

from kobune.cli import cloud, component, controllers, down, fidelity, kubeconfig, logs, scheduler, snapshot, status, up
from kobune.component_base.failure import CannotStart

app = typer.Typer(
    name="kobune",
    help="A whole Kubernetes control plane on this machine, without Docker and without root.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command()(up.up)
app.command()(down.down)
app.command()(status.status)
app.command()(kubeconfig.kubeconfig)
app.command()(logs.logs)
app.command()(fidelity.fidelity)
app.add_typer(cloud.app, name="cloud")
app.add_typer(controllers.app, name="controllers")
app.add_typer(scheduler.app, name="scheduler")
app.add_typer(snapshot.app, name="snapshot")
app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(component.component)


def main() -> None:
    """Run the command line; what cannot be done is told in one line, with exit code 1."""
    try:
        app()
    except CannotStart as error:
        print(f"kobune: {error}", file=sys.stderr)
        sys.exit(1)
    except BrokenPipeError:
        sys.exit(1)  # whoever read our output has seen enough
