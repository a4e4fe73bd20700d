"""`kobune component`: run one component alone, on any machine."""

import os
import signal
import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Annotated, Any

import typer

from kobune.apiserver.storage.remote.endpoints import is_remote
from kobune.cli.options import DEFAULT_DATA_DIR, DataDir
from kobune.component_base import config, logs
from kobune.component_base.credentials import Credentials
from kobune.component_base.failure import CannotStart, reason
from kobune.launcher.data_dir import DataDirectory
from kobune.launcher.settings import APISERVER, COMPONENTS, ETCD_FILES, ClusterSettings


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

    A second apiserver can run beside a cluster whose store is an etcd cluster: it serves the same cluster.
    """
    from kobune.apimachinery.clock import SystemClock
    from kobune.launcher.composition import Composition

    if name not in COMPONENTS:
        raise CannotStart(f"there is no component {name!r}; there are {', '.join(COMPONENTS)}")
    directory = DataDirectory(data_dir.expanduser().absolute())
    running = _settings(directory)
    beside = name == APISERVER and is_remote(running.store) and directory.holder() is not None
    if beside:
        running = replace(running, port=0, grpc_port=0)  # the cluster's own has what these are
    composition = Composition(running, clock=SystemClock())
    run, defaults = composition.plan(name)
    if settings:
        _list(name, defaults)
        return
    loaded = config.load(
        type(defaults), name=name, defaults=defaults, file=file, environment=os.environ, flags=context.args
    )
    with ExitStack() as stack:
        if name == APISERVER and not beside:
            stack.enter_context(composition.owned())
        _serve(name, run, loaded)


def _settings(directory: DataDirectory) -> ClusterSettings:
    """Return the settings of the cluster that runs in this directory, if one does."""
    settings = ClusterSettings(directory.root)
    cluster = directory.recorded("cluster")
    if is_remote(store := cluster.get("store", "")):
        ca, certificate, key = (Path(cluster[file]) if cluster.get(file) else None for file in ETCD_FILES)
        settings = replace(settings, store=store, etcd_ca=ca, etcd_certificate=certificate, etcd_key=key)
        settings = replace(settings, components=tuple(cluster["components"]))  # its apiservers say the same
    if said := cluster.get("scheduler_config"):
        settings = replace(settings, scheduler_config=Path(said))
    settings = replace(settings, runtime_config=cluster.get("runtime_config", ""))
    host, _, port = directory.recorded(APISERVER).get("address", "").rpartition(":")
    return replace(settings, host=host, grpc_port=int(port)) if port else settings


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
        where = f"https://{told.others['rest']}, gRPC {told.address}" if "rest" in told.others else told.address
        print(f"{name} is ready: {where}", file=sys.stderr)

    logs.configure(sys.stderr)
    with logs.component_log(name):
        try:
            work = run(loaded, clock=SystemClock(), random=Random(), ready=ready)
            run_until_terminated(work, (signal.SIGINT, signal.SIGTERM))
        except Exception as error:
            raise CannotStart(f"{name}: {reason(error).removeprefix(f'{name}: ')}") from error
