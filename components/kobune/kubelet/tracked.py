"""A pod that one of our nodes has."""

import math
from dataclasses import dataclass, field

from kobune.api.core.v1 import ObjectReference, Pod
from kobune.api.meta.v1 import ObjectMeta
from kobune.apimachinery.meta import is_deleting
from kobune.client import DeleteOf, PatchOf, UpdateStatusOf, Write
from kobune.kubelet.admission import Claim
from kobune.kubelet.annotations import PORT_MAP
from kobune.kubelet.lifecycle.plan import PodPlan
from kobune.kubelet.lifecycle.state import Active, Exited, Running, State, Terminated, Waiting
from kobune.kubelet.lifecycle.status import Place, status_of
from kobune.kubelet.members import Member
from kobune.kubelet.timers import Timer
from kobune.kubelet.volumes import Prepared

SOON_MORE_SECONDS = 0.2
"""A pod that is just being made is written late: most have come further by then, and one write was enough."""


@dataclass
class Tracked:
    """All that is known of one pod."""

    pod: Pod
    """The newest that we have seen of it."""
    plan: PodPlan
    state: State
    member: Member
    since: float
    """When the node took it on."""
    claim: Claim
    volumes: Prepared | None = None
    """None until they are there."""
    ports: str = ""
    """Its `kobune.dev/port-map`, if it needs one."""
    has_probes: bool = False
    timer: Timer | None = None
    wakes_at: float = math.inf
    references: dict[str, ObjectReference] = field(default_factory=dict)
    """What events refer to, by the container that they are about."""

    @property
    def uid(self) -> str:
        return self.pod.metadata.uid

    @property
    def version(self) -> int:
        return int(self.pod.metadata.resourceVersion)

    @property
    def name(self) -> str:
        """As in logs: default/web."""
        return f"{self.pod.metadata.namespace}/{self.pod.metadata.name}"

    def next_write(self, place: Place, now: float) -> Write | None:
        """Return what the API has yet to be told: ports, then the status, then that nothing is left. One at a time."""
        meta = self.pod.metadata
        if self.ports and meta.annotations.get(PORT_MAP) != self.ports:
            # The uid is a precondition: never annotate a namesake. Nodes may change no more of a pod than its status.
            patch = {"metadata": {"uid": meta.uid, "annotations": {PORT_MAP: self.ports}}}
            return PatchOf(Pod, meta.name, meta.namespace, patch, subresource="status")
        status = status_of(self.plan, self.pod, self.state, place, since=self.since, now=now)
        if status != self.pod.status:
            told = Pod(metadata=meta, status=status)
            return UpdateStatusOf(told)
        if isinstance(self.state, Terminated) and is_deleting(meta):
            return DeleteOf(Pod, meta.name, meta.namespace, uid=meta.uid, grace_seconds=0)
        return None

    def patience(self) -> float:
        """Return how long its status can wait."""
        runs = [container.run for container in self.state.containers.values()]
        unremarkable = all(
            not run.reason if isinstance(run, Waiting) else not isinstance(run, Running | Exited) for run in runs
        )
        if isinstance(self.state, Active) and not unremarkable:
            settled = all(
                isinstance(run, Running | Exited) or (isinstance(run, Waiting) and run.reason) for run in runs
            )
            return 0.0 if settled else SOON_MORE_SECONDS
        return 0.0 if isinstance(self.state, Terminated) else SOON_MORE_SECONDS

    def reference(self, container: str = "") -> ObjectReference:
        """Return what an event about the pod, or one of its containers, refers to."""
        known = self.references.get(container)
        if known is None:
            meta: ObjectMeta = self.pod.metadata
            kind = (
                "initContainers" if any(one.name == container for one in self.pod.spec.initContainers) else "containers"
            )
            known = self.references[container] = ObjectReference(
                kind="Pod",
                namespace=meta.namespace,
                name=meta.name,
                uid=meta.uid,
                apiVersion="v1",
                resourceVersion=meta.resourceVersion,
                fieldPath=f"spec.{kind}{{{container}}}" if container else None,
            )
        return known
