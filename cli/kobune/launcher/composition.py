"""What each component of a cluster is told: the one place that knows all of their configurations.

A component is plugged in by a function here that makes its `Config`, and a row in `PLANS`. Its module
is imported only when it is composed, or by `preload`.
"""

import importlib
import logging
import platform
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from ipaddress import IPv4Network
from random import Random
from typing import Any

from kobune.apimachinery.clock import Clock
from kobune.component_base import certificates
from kobune.component_base.certificates import APISERVER_HOSTS, Identity
from kobune.component_base.failure import CannotStart
from kobune.component_base.kubeconfig import Kubeconfig
from kobune.component_base.serving import Credentials, Ready, ServingConfig
from kobune.launcher import addresses
from kobune.launcher.addresses import Addresses
from kobune.launcher.child import Start
from kobune.launcher.data_dir import DataDirectory
from kobune.launcher.settings import APISERVER, ClusterSettings, etcd_files

FRONT_PROXY = "front-proxy-client"
CLOUD = "cloud-controller-manager"
ADMIN = Identity("admin", "kubernetes-admin", ("system:masters",))


def identities(ranges: Addresses) -> list[Identity]:
    """Return everybody who gets a certificate."""
    return [
        ADMIN,
        Identity(APISERVER, "kube-apiserver", ("system:masters",), (*APISERVER_HOSTS, ranges.apiserver)),
        # What the apiserver shows to the servers of other APIs; its name is all that it is good for.
        Identity(FRONT_PROXY, FRONT_PROXY),
        Identity("scheduler", "system:kube-scheduler"),
        Identity("controller-manager", "system:kube-controller-manager"),
        Identity(CLOUD, "system:cloud-controller-manager"),
        # One process runs all simulated nodes, so it may do for all of them what a kubelet may do for its own.
        Identity("kubelet", "system:kubelet-fleet"),
        Identity("kube-proxy", "system:kube-proxy", ("system:node-proxier",)),
    ]


Run = Callable[..., Coroutine[Any, Any, None]]


@dataclass(frozen=True)
class Facts:
    """All that a component's configuration is made of."""

    settings: ClusterSettings
    data_dir: DataDirectory
    addresses: Addresses
    apiserver: str
    """The gRPC address of the apiserver."""
    server: str = ""
    """The URL of its REST face."""

    def credentials(self, name: str) -> Credentials:
        """Return the files of the component of that name."""
        return certificates.credentials(self.data_dir.pki, name)

    def serving(self, name: str, port: int = 0) -> ServingConfig:
        """Return where a component serves its gRPC services."""
        return ServingConfig(host=self.settings.host, port=port, credentials=self.credentials(name))

    def client(self, name: str) -> Any:
        """Return how the component of that name reaches the apiserver."""
        from kobune.client import ClientConfig

        files = self.credentials(name)
        return ClientConfig(address=self.apiserver, ca=files.ca, certificate=files.certificate, key=files.key)

    def rest(self, name: str) -> Any:
        """Return how the component of that name reaches the apiserver's REST face."""
        from kobune.client.rest import RestConfig

        files = self.credentials(name)
        return RestConfig(self.server, ca=files.ca, certificate=files.certificate, key=files.key)

    def election(self) -> Any:
        """Return how the controllers of this cluster take turns with those of other processes."""
        from kobune.client import LeaderElection

        # There is one process of each component here, and its successor is started after it has ended: it need not
        # wait for its lease to run out.
        return LeaderElection(identity=f"{platform.node()}:{self.data_dir.root}")


@dataclass(frozen=True)
class Plan:
    """One component: the module that has its `run`, and what makes its configuration."""

    module: str
    config: Callable[[Facts], Any]


def _apiserver(facts: Facts) -> Any:
    from kobune.apiserver.service import Config

    settings = facts.settings
    return Config(
        serving=facts.serving(APISERVER, settings.grpc_port),
        rest_port=settings.port,
        etcd_port=settings.etcd_port,
        store=settings.store,
        etcd=etcd_files(settings),
        data_dir=facts.data_dir.store,
        front_proxy=facts.credentials(FRONT_PROXY),
        service_account_key=certificates.service_account_key(facts.data_dir.pki),
        audit_policy=settings.audit_policy,
        audit_log=settings.audit_log or (settings.audit_policy and facts.data_dir.log("audit")),
        with_controllers="controller-manager" in settings.components,
        resource_metrics="kubelet" in settings.components,
        service_network=IPv4Network(facts.addresses.services),
        service_ip=facts.addresses.apiserver,
        runtime_config=settings.runtime_config,
    )


def _scheduler(facts: Facts) -> Any:
    from kobune.scheduler.service import Config

    return Config(
        serving=facts.serving("scheduler"),
        apiserver=facts.client("scheduler"),
        scheduler_config=facts.settings.scheduler_config,
        runtime_config=facts.settings.runtime_config,
    )


def _controller_manager(facts: Facts) -> Any:
    from kobune.controller_manager.service import Config

    return Config(
        serving=facts.serving("controller-manager"),
        apiserver=facts.client("controller-manager"),
        rest=facts.rest("controller-manager"),
        signing_certificate=certificates.authority(facts.data_dir.pki)[0],
        signing_key=certificates.authority(facts.data_dir.pki)[1],
        cluster_cidr=facts.addresses.pods,
        node_cidr_mask_size=facts.addresses.pods_of_a_node,
        runtime_config=facts.settings.runtime_config,
        volumes=facts.data_dir.volumes,
        leader_election=facts.election(),
    )


def _cloud_controller_manager(facts: Facts) -> Any:
    from kobune.cloud_controller_manager.service import Config, SimulatedConfig

    # What the cloud remembers makes sense only together with the cluster that it is for.
    kept = facts.data_dir.cloud if facts.settings.store != "memory" else None
    simulated = SimulatedConfig(data_dir=kept, load_balancers=facts.addresses.load_balancers)
    return Config(
        serving=facts.serving(CLOUD),
        apiserver=facts.client(CLOUD),
        leader_election=facts.election(),
        simulated=simulated,
    )


def _kubelet(facts: Facts) -> Any:
    from kobune.kubelet.service import Config

    components = facts.settings.components
    return Config(
        serving=facts.serving("kubelet"),
        apiserver=facts.client("kubelet"),
        nodes=facts.settings.nodes,
        data_dir=facts.data_dir.kubelet,
        node_network=facts.addresses.nodes,
        pod_network=facts.addresses.pods,
        pods_of_a_node=facts.addresses.pods_of_a_node,
        external_cloud=CLOUD in components,
        cloud=(lambda: str(facts.data_dir.recorded(CLOUD).get("address", ""))) if CLOUD in components else None,
    )


def _kube_proxy(facts: Facts) -> Any:
    from kobune.kube_proxy.service import Config

    return Config(serving=facts.serving("kube-proxy"), apiserver=facts.client("kube-proxy"))


PLANS: Mapping[str, Plan] = {
    APISERVER: Plan("kobune.apiserver.service", _apiserver),
    "scheduler": Plan("kobune.scheduler.service", _scheduler),
    "controller-manager": Plan("kobune.controller_manager.service", _controller_manager),
    CLOUD: Plan("kobune.cloud_controller_manager.service", _cloud_controller_manager),
    "kubelet": Plan("kobune.kubelet.service", _kubelet),
    "kube-proxy": Plan("kobune.kube_proxy.service", _kube_proxy),
}


class Composition:
    """The components of one cluster, ready to be started once it is known where the apiserver is."""

    def __init__(self, settings: ClusterSettings, *, clock: Clock, plans: Mapping[str, Plan] = PLANS) -> None:
        self._settings = settings
        self._plans = plans
        self._clock = clock
        self.data_dir = DataDirectory(settings.data_dir)
        self._addresses = addresses.noted(self.data_dir.addresses)
        self.server = ""
        """The URL for kubectl, once known."""
        self._apiserver = f"{settings.host}:{settings.grpc_port}" if settings.grpc_port else ""
        if settings.port:
            self.server = f"https://{settings.host}:{settings.port}"

    @property
    def log_level(self) -> int:
        """What the components log, as `logging` counts it."""
        return logging.DEBUG if self._settings.debug else logging.INFO

    def stages(self) -> list[list[str]]:
        """Return what is started together: the apiserver first, then all that connect to it."""
        chosen = self._settings.components
        rest = [name for name in self._plans if name in chosen and name != APISERVER]
        return [stage for stage in ([APISERVER] if APISERVER in chosen else [], rest) if stage]

    @property
    def components(self) -> Sequence[str]:
        """The names of what runs."""
        return self._settings.components

    def preload(self, components: Sequence[str]) -> None:
        """Import what some components share before they are forked: of all but the apiserver, their client.

        What a component alone needs it imports itself, beside the others.
        """
        for name in components:
            importlib.import_module(self._plans[name].module if name == APISERVER else "kobune.client")

    @contextmanager
    def owned(self, *, well_known: bool = True) -> Iterator[int]:
        """Hold the data directory, with everybody's certificates in it; gives the descriptor of its lock.

        A cluster that is not `well_known` leaves the loopback addresses of the documentation to others.
        """
        self.data_dir.prepare()
        with ExitStack() as stack:
            lock = stack.enter_context(self.data_dir.locked())
            nodes = self._settings.nodes
            self._addresses = stack.enter_context(
                addresses.reserved(self.data_dir.addresses, nodes=nodes, well_known=well_known)
            )
            self.data_dir.forget()
            certificates.ensure(self.data_dir.pki, identities(self._addresses), clock=self._clock)
            if self.server and APISERVER not in self._settings.components:
                self.write_kubeconfig()  # otherwise once there is something to talk to
            try:
                yield lock
            finally:
                self.data_dir.forget()

    def write_kubeconfig(self) -> None:
        """Write the file for kubectl."""
        admin = certificates.credentials(self.data_dir.pki, ADMIN.name)
        Kubeconfig("kobune", self.server, ADMIN.user, admin).write(self.data_dir.kubeconfig)

    def component_is_ready(self, ready: Ready) -> None:
        """Take note of where the apiserver is, for those that are composed afterwards."""
        if ready.name != APISERVER:
            return
        self._apiserver = ready.address
        if "rest" in ready.others:
            self.server = f"https://{ready.others['rest']}"
        self.write_kubeconfig()
        # A restarted apiserver must be found where its clients look for it.
        self._settings = _with_ports(self._settings, ready)

    def plan(self, name: str) -> tuple[Run, Any]:
        """Return the `run` of a component, and its configuration."""
        if not self._apiserver and name != APISERVER:
            raise CannotStart(f"{name}: it is not known where the apiserver is")
        plan = self._plans[name]
        run: Run = importlib.import_module(plan.module).run
        return run, plan.config(Facts(self._settings, self.data_dir, self._addresses, self._apiserver, self.server))

    def start(self, name: str) -> Start:
        """Return how to run a component.

        Its random numbers depend on the cluster's seed, its name and how often it was started: names and ids that it
        made in an earlier life must not come again.
        """
        run, config = self.plan(name)
        seed = f"{self._settings.seed}/{name}/{self.data_dir.next_life(name)}"
        return bound(run, config, clock=self._clock, random=Random(seed))


def bound(run: Run, config: Any, *, clock: Clock, random: Random) -> Start:
    """Return `run` with all of its arguments but `ready`."""
    return lambda ready: run(config, clock=clock, random=random, ready=ready)


def _with_ports(settings: ClusterSettings, ready: Ready) -> ClusterSettings:
    def port(address: str, otherwise: int) -> int:
        return int(address.rpartition(":")[2]) if address else otherwise

    return replace(
        settings,
        grpc_port=port(ready.address, settings.grpc_port),
        port=port(ready.others.get("rest", ""), settings.port),
        etcd_port=port(ready.others.get("etcd", ""), settings.etcd_port),
    )
