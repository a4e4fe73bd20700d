"""`kobune up`: start a cluster."""

from pathlib import Path
from typing import Annotated

import typer

from kobune.cli.detach import Tell, run_detached
from kobune.cli.options import DEFAULT_DATA_DIR, DataDir
from kobune.launcher.data_dir import DataDirectory
from kobune.launcher.progress import ClusterReady, Progress, line
from kobune.launcher.settings import COMPONENTS, ClusterSettings


def up(
    nodes: Annotated[int, typer.Option(help="How many simulated nodes there are.")] = 3,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    port: Annotated[int, typer.Option(help="HTTPS, for kubectl; 0 takes a free one.")] = 6443,
    grpc_port: Annotated[int, typer.Option(help="gRPC; 0 takes a free one.")] = 6444,
    etcd_port: Annotated[int, typer.Option(help="The etcd v3 API of the store; 0 takes a free one.")] = 2379,
    detached: Annotated[
        bool, typer.Option("--detach", help="Return once all is ready; the cluster runs on until `kobune down`.")
    ] = False,
    in_process: Annotated[bool, typer.Option("--in-process", help="All components in one process.")] = False,
    store: Annotated[
        str,
        typer.Option(
            help="leveldb, which is kept; memory, which is not; or your etcd cluster: etcd://HOST:PORT,HOST:PORT, with "
            "TLS etcds://…"
        ),
    ] = "leveldb",
    etcd_ca: Annotated[
        Path | None, typer.Option(help="For etcds://: whom to trust; the system's CAs otherwise.", metavar="FILE")
    ] = None,
    etcd_certificate: Annotated[
        Path | None, typer.Option(help="For etcds://: the client's certificate.", metavar="FILE")
    ] = None,
    etcd_key: Annotated[Path | None, typer.Option(help="For etcds://: the key to it.", metavar="FILE")] = None,
    components: Annotated[str, typer.Option(help="Exactly these.", metavar="NAME,…")] = ",".join(COMPONENTS),
    audit_policy: Annotated[
        Path | None, typer.Option(help="Which requests are recorded: a Policy of audit.k8s.io/v1.", metavar="FILE")
    ] = None,
    audit_log: Annotated[
        Path | None, typer.Option(help="Where to; logs/audit.log in the data directory otherwise.", metavar="FILE")
    ] = None,
    scheduler_config: Annotated[
        Path | None,
        typer.Option(help="Profiles, plugins and extenders: a KubeSchedulerConfiguration.", metavar="FILE"),
    ] = None,
    runtime_config: Annotated[
        str,
        typer.Option(help="Alpha APIs to serve, too: scheduling.k8s.io/v1alpha2=true.", metavar="NAME=true,…"),
    ] = "",
    debug: Annotated[bool, typer.Option("--debug", help="Log everything: a line for each request.")] = False,
    seed: Annotated[int, typer.Option(help="The same seed makes the same random choices.")] = 0,
) -> None:
    """Start a cluster, and keep it running until Ctrl-C."""
    settings = ClusterSettings(
        data_dir=data_dir.expanduser().absolute(),
        port=port,
        grpc_port=grpc_port,
        etcd_port=etcd_port,
        nodes=nodes,
        store=store,
        etcd_ca=etcd_ca and etcd_ca.expanduser().absolute(),
        etcd_certificate=etcd_certificate and etcd_certificate.expanduser().absolute(),
        etcd_key=etcd_key and etcd_key.expanduser().absolute(),
        components=tuple(name.strip() for name in components.split(",") if name.strip()),
        audit_policy=audit_policy and audit_policy.expanduser().absolute(),
        audit_log=audit_log and audit_log.expanduser().absolute(),
        scheduler_config=scheduler_config and scheduler_config.expanduser().absolute(),
        runtime_config=runtime_config,
        debug=debug,
        seed=seed,
    )
    if detached:
        directory = DataDirectory(settings.data_dir)
        directory.prepare()
        run_detached(lambda tell: _run(settings, in_process, tell), log=directory.log("kobune"), show=say)
    else:
        _run(settings, in_process, lambda message: say(message["line"]) if "line" in message else None)


def _run(settings: ClusterSettings, in_process: bool, tell: Tell) -> None:
    # Only the process that becomes the cluster pays for these imports.
    from kobune.apimachinery.clock import SystemClock
    from kobune.launcher.cluster import run_cluster

    def report(progress: Progress) -> None:
        tell({"line": text(progress, settings), "done": isinstance(progress, ClusterReady)})

    run_cluster(settings, clock=SystemClock(), report=report, in_process=in_process)


def text(progress: Progress, settings: ClusterSettings) -> str:
    """Return what is shown of the progress."""
    shown = line(progress)
    if isinstance(progress, ClusterReady) and progress.server:
        file = settings.data_dir / "kubeconfig"
        shown += f"\n\n  export KUBECONFIG={file}\n  kubectl get nodes\n"
    return shown


def say(shown: str) -> None:
    """Print at once, also into a pipe."""
    print(shown, flush=True)
