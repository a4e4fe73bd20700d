"""A pod as the scheduler sees it: the object, and what it asks of a node, added up once."""

from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

from kobune.api.core.v1 import Pod, PodSpec, PodStatus
from kobune.api.meta.v1 import ObjectMeta
from kobune.apimachinery.meta import key_of
from kobune.apimachinery.volumes import claims_of
from kobune.scheduler.affinity import Terms, has_terms, terms_of
from kobune.scheduler.amounts import Amounts, requests_of
from kobune.scheduler.template import DISKS, forget_claims, template_of

Group: TypeAlias = tuple[str, str]
"""The namespace and name of a PodGroup."""
GROUP = "schedulingGroup"

CPU_IF_UNSAID = 100
MEMORY_IF_UNSAID = 200 * 1024 * 1024
"""What a container counts as when nodes are compared, if it asks for nothing."""

MOST_SHARED = 10_000
"""For so many amounts that pods ask for there is but one copy."""


class Traits(NamedTuple):
    """What other pods can tell a pod by, and what it says of them: selectors and terms look at nothing else."""

    namespace: str
    labels: frozenset[tuple[str, str]]
    is_leaving: bool
    terms: bytes
    """Its affinity, if that is about pods."""


class PodInfo:
    """A pod. It quacks like the `Pod` that it is made of."""

    def __init__(self, pod: Pod, raw: bytes = b"") -> None:
        """`raw` is the same as bytes, for pods that will be packed."""
        self._pod: Pod | None = pod
        self._raw = raw
        self.key = key_of(pod.metadata.namespace, pod.metadata.name)
        self.uid = pod.metadata.uid
        """What tells it from its namesakes."""
        self._is_shared = False
        """Whether its amounts are those that all have who ask for the same."""

    @classmethod
    def parse(cls, raw: bytes) -> "PodInfo":
        """Return the pod that bytes hold."""
        return cls(Pod.FromString(raw), raw)

    @property
    def pod(self) -> Pod:
        """The object; for reading only once it is packed."""
        return self._pod if self._pod is not None else Pod.FromString(self._raw)

    def pack(self) -> None:
        """Take a fifth of the memory: what decisions look at is kept at hand, all else is read anew when asked for.

        There are tens of thousands of pods on nodes, and few that are still to be decided.
        """
        if self._raw:
            for name in ("claims", "disks", "group", "host_ports", "priority", "terms", "traits"):
                getattr(self, name)
            self._pod = None

    @property
    def metadata(self) -> ObjectMeta:
        """The pod's metadata."""
        return self.pod.metadata

    @property
    def spec(self) -> PodSpec:
        """The pod's spec."""
        return self.pod.spec

    @property
    def status(self) -> PodStatus:
        """The pod's status."""
        return self.pod.status

    @cached_property
    def group(self) -> Group | None:
        """The pods that it belongs to, if it names any."""
        spec = self.pod.spec
        return (self.pod.metadata.namespace, spec.schedulingGroup.podGroupName) if spec.HasField(GROUP) else None

    @cached_property
    def requests(self) -> Amounts:
        """What must be free on a node. Source: *Resource Management for Pods and Containers*, KEP-753."""
        return requests_of(self.pod.spec, {})

    @cached_property
    def counted_requests(self) -> Amounts:
        """The same for comparing nodes: containers that ask for nothing count as small ones."""
        return requests_of(self.pod.spec, {"cpu": CPU_IF_UNSAID, "memory": MEMORY_IF_UNSAID})

    @cached_property
    def template(self) -> bytes:
        """What decisions look at: equal for pods that no scheduler can tell apart, as replicas are."""
        return template_of(self.pod).SerializeToString(deterministic=True)

    @cached_property
    def likeness(self) -> bytes:
        """The template without the names of claims of volumes: equal for pods of which each has claims of its own."""
        if not self.claims:
            return self.template
        template = template_of(self.pod)
        forget_claims(template)
        return template.SerializeToString(deterministic=True)

    @cached_property
    def needs(self) -> bytes:
        """The template without what only other pods, or whoever queues and evicts them, look at."""
        needs = template_of(self.pod)
        forget_claims(needs)
        needs.ClearField("metadata")
        spec = needs.spec
        for name in ("schedulerName", "preemptionPolicy", "priority", "topologySpreadConstraints"):
            spec.ClearField(name)
        for name in ("podAffinity", "podAntiAffinity"):
            spec.affinity.ClearField(name)
        if not spec.affinity.ListFields():
            spec.ClearField("affinity")
        return needs.SerializeToString(deterministic=True)

    @cached_property
    def unplaced_template(self) -> bytes:
        """The same before the pod has a node and after."""
        if not self.spec.nodeName:
            return self.template
        template = template_of(self.pod)
        template.spec.ClearField("nodeName")
        return template.SerializeToString(deterministic=True)

    def adopt(self, other: "PodInfo") -> None:
        """Take over what was added up for a pod of the same likeness."""
        self.__dict__.update(
            requests=other.requests,
            counted_requests=other.counted_requests,
            priority=other.priority,
            terms=other.terms,
            traits=other.traits,
        )
        self._is_shared = other._is_shared
        if not other.claims:
            self.__dict__["claims"] = ()

    def share(self, known: dict[tuple[tuple[str, int], ...], Amounts]) -> None:
        """Keep the amounts that it asks for but once, with others that ask for the same."""
        if self._is_shared:
            return
        self._is_shared = True
        if len(known) > MOST_SHARED:
            known.clear()
        for name in ("requests", "counted_requests"):
            amounts: Amounts = getattr(self, name)
            self.__dict__[name] = known.setdefault(tuple(amounts.items()), amounts)

    def resemble(self, other: "PodInfo") -> None:
        """Take over what a pod of the same traits has in common with it."""
        for name in ("terms", "traits"):
            self.__dict__[name] = getattr(other, name)

    @cached_property
    def terms(self) -> Terms:
        """What it says about the pods beside it."""
        return terms_of(self.pod)

    @cached_property
    def traits(self) -> Traits:
        """What others can tell it by, and what it says of them."""
        metadata = self.pod.metadata
        terms = self.pod.spec.affinity.SerializeToString(deterministic=True) if has_terms(self.pod) else b""
        is_leaving = metadata.HasField("deletionTimestamp")
        return Traits(metadata.namespace, frozenset(metadata.labels.items()), is_leaving, terms)

    @cached_property
    def started(self) -> float:
        """When it was started, or was to be: the earlier, the more it has to lose."""
        pod = self.pod
        time = pod.status.startTime if pod.status.HasField("startTime") else pod.metadata.creationTimestamp
        return float(time.seconds)

    @cached_property
    def priority(self) -> int:
        """How important it is."""
        return self.pod.spec.priority

    @cached_property
    def claims(self) -> tuple[tuple[str, bool], ...]:
        """The names of its claims of volumes, and whether each is made for the pod and goes with it."""
        return tuple(claims_of(self.pod)) if self.pod.spec.volumes else ()

    @cached_property
    def disks(self) -> tuple[Any, ...]:
        """Its volumes that are disks, which few can use at once."""
        sources = [volume.volumeSource for volume in self.pod.spec.volumes]
        return tuple(source for source in sources if any(source.HasField(name) for name in DISKS))

    @cached_property
    def host_ports(self) -> frozenset[tuple[str, str, int]]:
        """The ports that the pod wants of the node itself: address, protocol, number."""
        containers = [*self.spec.containers, *(c for c in self.spec.initContainers if c.restartPolicy == "Always")]
        return frozenset(
            (port.hostIP or "0.0.0.0", port.protocol or "TCP", port.hostPort)
            for container in containers
            for port in container.ports
            if port.hostPort
        )
