"""`kobune component`: run one component alone, on any machine."""

import os
import signal
import sys
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import Annotated, Any

import typer

from kobune.cli.options import DEFAULT_DATA_DIR, DataDir
from kobune.component_base import config, logs
from kobune.component_base.credentials import Credentials
from kobune.component_base.failure import CannotStart, reason
from kobune.launcher.data_dir import DataDirectory
from kobune.launcher.settings import APISERVER, COMPONENTS, ClusterSettings


def component(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help=f"One of {', '.join(COMPONENTS)}.")],
    file: Annotated[Path | None, typer.Option("--config", help="Its settings, in YAML.")] = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    settings: Annotated[bool, typer.Option("--settings", help="List its settings, and start nothing.")] = False,
) -> None:
    """Run one component in the foreground until Ctrl-C.

    Certificates and addresses are those of the data directory, unless told otherwise: by a file, by variables such as
    KOBUNE_SCHEDULER_SERVING_PORT, or by flags such as --serving-port. --settings lists them.
    """
    from kobune.apimachinery.clock import SystemClock
    from kobune.launcher.composition import Composition

    if name not in COMPONENTS:
        raise CannotStart(f"there is no component {name!r}; there are {', '.join(COMPONENTS)}")
    composition = Composition(_settings(data_dir.expanduser().absolute()), clock=SystemClock())
    run, defaults = composition.plan(name)
    if settings:
        _list(name, defaults)
        return
    loaded = config.load(
        type(defaults), name=name, defaults=defaults, file=file, environment=os.environ, flags=context.args
    )
    with ExitStack() as stack:
        if name == APISERVER:
            stack.enter_context(composition.owned())
        _serve(name, run, loaded)


def _settings(data_dir: Path) -> ClusterSettings:
    """Return the settings of the cluster that runs in this directory, if one does."""
    address = DataDirectory(data_dir).recorded(APISERVER).get("address", "")
    host, _, port = address.rpartition(":")
    return ClusterSettings(data_dir, host=host, grpc_port=int(port)) if port else ClusterSettings(data_dir)


def _list(name: str, defaults: Any) -> None:
    for setting in config.settings(type(defaults)):
        value: Any = defaults
        for part in setting.path:
            value = getattr(value, part, None)
        print(f"{setting.flag}  {setting.variable(name)}  {setting.dotted}: {value}")


def _serve(name: str, run: Any, loaded: Any) -> None:
    from kobune.apimachinery.clock import SystemClock
    from kobune.component_base.serving import Ready
    from kobune.launcher.child import run_until_terminated
    from kobune.launcher.network import check_reachable

    if apiserver := getattr(loaded, "apiserver", None):
        Credentials(apiserver.ca, apiserver.certificate, apiserver.key).read()
        check_reachable(apiserver.address)

    def ready(told: Ready) -> None:
        print(f"{name} is ready: {told.address}", file=sys.stderr)

    logs.configure(sys.stderr)
    with logs.component_log(name):
        try:
            work = run(loaded, clock=SystemClock(), random=Random(), ready=ready)
            run_until_terminated(work, (signal.SIGINT, signal.SIGTERM))
        except Exception as error:
            raise CannotStart(f"{name}: {reason(error).removeprefix(f'{name}: ')}") from error
