"""What a user can say about a cluster as a whole."""

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from kobune.apiserver.storage.remote.endpoints import CLEAR, TLS, TlsFiles, is_remote, parse
from kobune.component_base.failure import CannotStart

APISERVER = "apiserver"
COMPONENTS = (APISERVER, "scheduler", "controller-manager", "cloud-controller-manager", "kubelet", "kube-proxy")
"""All components, in the order in which they are shown."""

ETCD_FILES = ("etcd_ca", "etcd_certificate", "etcd_key")
"""The settings that name the files with which an etcd cluster is reached."""

STOP_TIMEOUT = 8.0
"""Seconds that components have to end by themselves."""


@dataclass(frozen=True)
class ClusterSettings:
    """A cluster on this machine. A port of 0 lets the system choose."""

    data_dir: Path
    host: str = "127.0.0.1"
    port: int = 6443
    """HTTPS, for kubectl."""
    grpc_port: int = 6444
    etcd_port: int = 2379
    nodes: int = 3
    """How many simulated nodes the kubelet runs."""
    store: str = "leveldb"
    """leveldb, memory, or the URL of an etcd cluster."""
    etcd_ca: Path | None = None
    etcd_certificate: Path | None = None
    etcd_key: Path | None = None
    components: tuple[str, ...] = COMPONENTS
    audit_policy: Path | None = None
    """Which requests the apiserver records; none are without one."""
    audit_log: Path | None = None
    """Where to; a file in the data directory if there is a policy and nothing is said."""
    scheduler_config: Path | None = None
    """The scheduler's KubeSchedulerConfiguration; the default profile without one."""
    runtime_config: str = ""
    """Alpha versions of APIs that are served, too: `scheduling.k8s.io/v1alpha2=true`."""
    debug: bool = False
    """Whether components log everything they do: the apiserver a line for each request."""
    seed: int = 0
    """The same seed makes the same random choices."""


def check(settings: ClusterSettings) -> None:
    """Raise `CannotStart` for what cannot work, before anything is started."""
    if settings.nodes < 0:
        raise CannotStart(f"--nodes {settings.nodes}: there cannot be fewer than no nodes")
    for component in settings.components:
        if component not in COMPONENTS:
            raise CannotStart(f"--components: there is no {component!r}; there are {', '.join(COMPONENTS)}")
    if not settings.components:
        raise CannotStart("--components: name at least one")
    if is_remote(settings.store):
        parse(settings.store, etcd_files(settings))
    elif settings.store not in ("leveldb", "memory"):
        raise CannotStart(f"--store: {settings.store!r} is not one of leveldb, memory, {CLEAR}HOST:PORT,…")
    elif etcd_files(settings):
        raise CannotStart(f"--etcd-ca, --etcd-certificate and --etcd-key are for --store {TLS}HOST:PORT,…")
    if settings.scheduler_config is not None:
        from kobune.scheduler import configuration  # only who says something about it pays for it

        if "scheduler" not in settings.components:
            raise CannotStart("--scheduler-config is for the scheduler, which is not among the --components")
        configuration.read(settings.scheduler_config)
    if settings.runtime_config:
        from kobune.component_base.runtime_config import asked  # as above

        asked(settings.runtime_config)
    for flag, port in ports(settings):
        if not 0 <= port < 65536:
            raise CannotStart(f"{flag} {port}: a port is between 1 and 65535")
    if settings.store == "leveldb" and APISERVER in settings.components and not leveldb_is_installed():
        raise CannotStart("plyvel (LevelDB) is not installed, there is none for this Python: use --store memory")


def ports(settings: ClusterSettings) -> Iterable[tuple[str, int]]:
    """Return the ports that the apiserver is to listen on, each with the flag that chooses it."""
    taken = [("--port", settings.port), ("--grpc-port", settings.grpc_port)]
    return taken if is_remote(settings.store) else [*taken, ("--etcd-port", settings.etcd_port)]


def etcd_files(settings: ClusterSettings) -> TlsFiles:
    """Return the files with which the etcd cluster is reached."""
    return TlsFiles(settings.etcd_ca, settings.etcd_certificate, settings.etcd_key)


def leveldb_is_installed() -> bool:
    """Whether the embedded store can be used; looked up, not imported."""
    return find_spec("plyvel") is not None
