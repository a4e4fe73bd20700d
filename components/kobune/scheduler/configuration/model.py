"""What a `KubeSchedulerConfiguration` can say. Source: the reference *kube-scheduler Configuration (v1)*."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from kobune.scheduler.configuration.fields import Wrong

API_VERSION: Final = "kubescheduler.config.k8s.io/v1"
KIND: Final = "KubeSchedulerConfiguration"
DEFAULT_SCHEDULER: Final = "default-scheduler"


@dataclass(frozen=True)
class Plugin:
    """A plugin by its name."""

    name: str
    weight: int = 0
    """How much its scores count; what it says itself if 0."""


@dataclass(frozen=True)
class PluginSet:
    """Who takes part at a point besides, or instead of, those who do by default; `*` disables all of these."""

    enabled: Sequence[Plugin] = ()
    disabled: Sequence[Plugin] = ()


@dataclass(frozen=True)
class Plugins:
    """Sets of plugins, by extension point; `multi_point` is about every point that a plugin has a method for."""

    pre_enqueue: PluginSet = field(default_factory=PluginSet)
    queue_sort: PluginSet = field(default_factory=PluginSet)
    pre_filter: PluginSet = field(default_factory=PluginSet)
    filter: PluginSet = field(default_factory=PluginSet)
    post_filter: PluginSet = field(default_factory=PluginSet)
    pre_score: PluginSet = field(default_factory=PluginSet)
    score: PluginSet = field(default_factory=PluginSet)
    reserve: PluginSet = field(default_factory=PluginSet)
    permit: PluginSet = field(default_factory=PluginSet)
    pre_bind: PluginSet = field(default_factory=PluginSet)
    bind: PluginSet = field(default_factory=PluginSet)
    post_bind: PluginSet = field(default_factory=PluginSet)
    multi_point: PluginSet = field(default_factory=PluginSet)

    def at(self, point: str) -> PluginSet:
        """Return what is said about a point."""
        found: PluginSet = getattr(self, point)
        return found


@dataclass(frozen=True)
class PluginConfig:
    """The arguments of a plugin."""

    name: str
    args: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Profile:
    """How the pods of one `spec.schedulerName` are scheduled."""

    scheduler_name: str = DEFAULT_SCHEDULER
    percentage_of_nodes_to_score: int | None = None
    plugins: Plugins = field(default_factory=Plugins)
    plugin_config: Sequence[PluginConfig] = ()


@dataclass(frozen=True)
class ManagedResource:
    """An extended resource that an extender looks after."""

    name: str
    ignored_by_scheduler: bool = False


@dataclass(frozen=True)
class ExtenderTLS:
    """How an extender is known and trusted; data is base64 of PEM."""

    insecure: bool = False
    server_name: str = ""
    cert_file: str = ""
    key_file: str = ""
    ca_file: str = ""
    cert_data: str = ""
    key_data: str = ""
    ca_data: str = ""


@dataclass(frozen=True)
class Extender:
    """An HTTP server that is asked besides the plugins. A verb that is not named is not asked for."""

    url_prefix: str
    filter_verb: str = ""
    preempt_verb: str = ""
    prioritize_verb: str = ""
    bind_verb: str = ""
    weight: int = 0
    """How much its scores, from 0 to 10, count."""
    enable_https: bool = field(default=False, metadata={"name": "enableHTTPS"})
    tls_config: ExtenderTLS | None = None
    http_timeout: str = "5s"
    node_cache_capable: bool = False
    """Whether it knows the nodes and is told names only."""
    managed_resources: Sequence[ManagedResource] = ()
    """Only pods that ask for one of these concern it; all, if there are none."""
    ignorable: bool = False
    """Whether pods are scheduled without it while it cannot be reached."""

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        if not self.url_prefix.startswith(("http://", "https://")):
            raise Wrong("urlPrefix", f"{self.url_prefix!r} is not a URL that begins with http:// or https://")
        if self.prioritize_verb and self.weight <= 0:
            raise Wrong("weight", "must be greater than 0 where there is a prioritizeVerb")


@dataclass(frozen=True)
class LeaderElection:
    """Accepted without effect."""

    leader_elect: bool = False
    lease_duration: str = ""
    renew_deadline: str = ""
    retry_period: str = ""
    resource_lock: str = ""
    resource_name: str = ""
    resource_namespace: str = ""


@dataclass(frozen=True)
class ClientConnection:
    """Accepted without effect."""

    kubeconfig: str = ""
    accept_content_types: str = ""
    content_type: str = ""
    qps: float = 0
    burst: int = 0


@dataclass(frozen=True)
class KubeSchedulerConfiguration:
    """The whole file."""

    api_version: str = API_VERSION
    kind: str = KIND
    parallelism: int = 16
    leader_election: LeaderElection | None = None
    client_connection: ClientConnection | None = None
    enable_profiling: bool = True
    enable_contention_profiling: bool = True
    percentage_of_nodes_to_score: int | None = None
    pod_initial_backoff_seconds: int = 1
    pod_max_backoff_seconds: int = 10
    profiles: Sequence[Profile] = field(default_factory=lambda: (Profile(),))
    extenders: Sequence[Extender] = ()
    delay_cache_until_active: bool = False

    def __post_init__(self) -> None:
        """Refuse what contradicts itself."""
        if self.pod_initial_backoff_seconds <= 0:
            raise Wrong("podInitialBackoffSeconds", "must be greater than 0")
        if self.pod_max_backoff_seconds < self.pod_initial_backoff_seconds:
            raise Wrong("podMaxBackoffSeconds", "must be greater than or equal to podInitialBackoffSeconds")
        if self.parallelism <= 0:
            raise Wrong("parallelism", "must be greater than 0")
        if not self.profiles:
            raise Wrong("profiles", "there must be at least one")
        _check_percentage(self.percentage_of_nodes_to_score, "percentageOfNodesToScore")
        names = [profile.scheduler_name for profile in self.profiles]
        for at, profile in enumerate(self.profiles):
            path = f"profiles[{at}]"
            if not profile.scheduler_name:
                raise Wrong(f"{path}.schedulerName", "must not be empty")
            if profile.scheduler_name in names[:at]:
                raise Wrong(f"{path}.schedulerName", f"there is another profile {profile.scheduler_name!r}")
            _check_percentage(profile.percentage_of_nodes_to_score, f"{path}.percentageOfNodesToScore")
        if sum(bool(extender.bind_verb) for extender in self.extenders) > 1:
            raise Wrong("extenders", "only one extender can have a bindVerb")


def _check_percentage(value: int | None, path: str) -> None:
    if value is not None and not 0 <= value <= 100:
        raise Wrong(path, f"{value} is not in the range 0 to 100")
