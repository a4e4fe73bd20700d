"""The pods of our nodes: what happens to them goes through `step`, and what that asks for is done."""

import logging
import math
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

from kobune.api.core.v1 import Pod, PodStatus
from kobune.apimachinery import quantity
from kobune.apimachinery.clock import Clock
from kobune.apimachinery.kinds import Object
from kobune.apimachinery.meta import is_deleting, seconds_of
from kobune.client import Client, EventRecorder, Write
from kobune.kubelet.admission import Allocatable, admit, claim_of
from kobune.kubelet.cri.runtime import Found, Runtime, RuntimeInfo
from kobune.kubelet.lifecycle.events import Deleted, Event, Observed, Removed, Tick
from kobune.kubelet.lifecycle.plan import grace_of, plan_of
from kobune.kubelet.lifecycle.restore import restore
from kobune.kubelet.lifecycle.state import Gone, Preparing, Terminated
from kobune.kubelet.lifecycle.status import TERMINAL, Place, status_of
from kobune.kubelet.lifecycle.step import rejected, step, wake_at
from kobune.kubelet.machines import Power
from kobune.kubelet.members import Member
from kobune.kubelet.node_objects import Capacity
from kobune.kubelet.performer import Performer
from kobune.kubelet.ports import as_annotation, port_map, udp_ports
from kobune.kubelet.probes.prober import Prober, has_probes
from kobune.kubelet.timers import Timers
from kobune.kubelet.tracked import Tracked
from kobune.kubelet.volumes import Volumes
from kobune.kubelet.writer import Writer

log = logging.getLogger(__name__)

SHORTEST_WAIT = 0.01
SIMULATED = "simulated"
"""A runtime that is ours alone: what nobody knows of there is nobody's."""

Spawn = Callable[[Coroutine[Any, Any, None]], None]


class Pods:
    """All pods of our nodes. Nothing here waits: calls go out through `performer`, writes through `writer`."""

    def __init__(
        self,
        members: Mapping[str, Member],
        runtime: Runtime,
        info: RuntimeInfo,
        client: Client,
        recorder: EventRecorder,
        *,
        capacity: Capacity,
        logs: Path,
        timers: Timers,
        clock: Clock,
        random: Random,
        spawn: Spawn,
    ) -> None:
        """Start nothing. `members` are read as they are then; each must be registered before pods come."""
        self.tracked: dict[str, Tracked] = {}
        """By uid."""
        self.writer = Writer(client, clock, random, self._next_write, self._written)
        self.performer = Performer(
            runtime,
            recorder,
            clock,
            logs=logs,
            actual_port=info.actual_port,
            spawn=spawn,
            post=self.post,
            volumes=Volumes(client, clock, mounts=info.name != SIMULATED),
            uses=lambda node: self.volumes_changed(node),
        )
        self.volumes_changed: Callable[[str], None] = lambda node: None
        """Told the name of a node that uses other volumes than before."""
        self._members = members
        self._by_node: dict[str, dict[str, Tracked]] = {}
        self._info = info
        self._cpu, self._memory = quantity.milli(capacity.cpu), quantity.units(capacity.memory)
        self._timers = timers
        self._clock = clock
        self._spawn = spawn
        self._found: dict[str, Observed] = {}
        self._power: dict[str, Power] = {}
        """Of the nodes whose machines are not simply on."""
        self._lost: dict[str, str] = {}
        """The node of each pod that a machine had when it went off, by uid."""
        self._prober = Prober(
            runtime,
            timers,
            actual_port=info.actual_port,
            clock=clock,
            random=random,
            spawn=spawn,
            post=self.post,
            unhealthy=self._unhealthy,
        )

    def of_node(self, node: str) -> Iterable[Tracked]:
        """Return the pods that a node has."""
        return self._by_node.get(node, {}).values()

    def volumes_in_use(self, node: str) -> Sequence[str]:
        """Return what a node's status says of the volumes that its pods use."""
        prepared = [tracked.volumes for tracked in self.of_node(node) if tracked.volumes is not None]
        return sorted({name for one in prepared for name in one.in_use})

    def status(self, tracked: Tracked) -> PodStatus:
        """Return a pod's status as it is now, told to the API or not."""
        place = Place(tracked.member.ip, self._info.name)
        now = self._clock.now()
        return status_of(tracked.plan, tracked.pod, tracked.state, place, since=tracked.since, now=now)

    def adopt(self, found: Iterable[Found]) -> None:
        """Take note of what the runtime has, before the first pod comes."""
        for one in found:
            known = self._found.get(one.uid)
            if known is None or known.attempt < one.observed.attempt:
                self._found[one.uid] = one.observed

    def pod_changed(self, old: Pod | None, new: Pod | None) -> None:
        """Follow a change in the API."""
        if self._power and self._is_out_of_hearing(new or old):
            return
        if new is None:
            if old is not None:
                self.post(old.metadata.uid, Removed())
            return
        tracked = self.tracked.get(new.metadata.uid)
        if tracked is not None:
            self._newer(tracked, new)
        elif new.spec.nodeName in self._members:
            self._track(new)

    def observed(self, uid: str, observed: Observed) -> None:
        """Follow what the runtime says of a pod."""
        if uid in self._lost:
            # It was just being made when its machine went off.
            self._spawn(self.performer.remove_sandbox(observed.sandbox))
        else:
            self.post(uid, observed)

    def resync(self, found: Iterable[Found]) -> None:
        """Follow all that the runtime says of pods: what it does not have any more, it has lost."""
        found = list(found)
        there = {one.observed.sandbox for one in found}
        for one in found:
            if one.uid in self.tracked:
                self.observed(one.uid, one.observed)
            elif self._power.get(one.node) is Power.CUT_OFF:
                self.adopt([one])  # its pod is not heard of yet
            elif one.node in self._members or self._info.name == SIMULATED:
                log.info("kubelet: removing what is left of a pod that is gone: %s", one.uid)
                self._spawn(self.performer.remove_sandbox(one.observed.sandbox))
        for uid, tracked in list(self.tracked.items()):
            if isinstance(tracked.state, Preparing | Gone) or tracked.state.sandbox is None:
                continue
            sandbox = tracked.state.sandbox
            if sandbox.id not in there:
                self.observed(uid, Observed(sandbox.id, sandbox.attempt, ready=False, ip=""))

    def set_power(self, node: str, power: Power, assigned: Iterable[Pod] = ()) -> None:
        """Follow what becomes of the machine of a node; `assigned` are its pods as the API has them by now.

        When it goes off, its containers are lost. Those of one that is cut off run on, but nothing is heard or said of
        them until it is on again: then both sides catch up.
        """
        if power is Power.ON:
            self._power.pop(node, None)
            self._lost = {uid: where for uid, where in self._lost.items() if where != node}
            self._catch_up(node, {pod.metadata.uid: pod for pod in assigned})
            return
        self._power[node] = power
        if power is Power.OFF:
            for tracked in list(self.of_node(node)):
                self._lost[tracked.uid] = node
                if not isinstance(tracked.state, Preparing | Gone) and tracked.state.sandbox is not None:
                    self._spawn(self.performer.remove_sandbox(tracked.state.sandbox.id))
                self._forget(tracked)

    def is_heard(self, node: str) -> bool:
        """Whether somebody outside of a node would hear of its pods."""
        return node not in self._power

    def _catch_up(self, node: str, assigned: Mapping[str, Pod]) -> None:
        for tracked in list(self.of_node(node)):
            if tracked.uid not in assigned:
                self.post(tracked.uid, Removed())
            else:
                self.writer.wants(tracked.uid)
        for pod in assigned.values():
            self.pod_changed(None, pod)

    def _is_out_of_hearing(self, pod: Pod | None) -> bool:
        return pod is not None and pod.spec.nodeName in self._power

    def post(self, uid: str, event: Event) -> None:
        """Have something happen to a pod; nothing, if we do not have it any more."""
        tracked = self.tracked.get(uid)
        if tracked is None:
            return
        before = tracked.state
        tracked.state, actions = step(tracked.plan, before, event, self._clock.now())
        for action in actions:
            self.performer.perform(tracked, action)
        if tracked.has_probes:
            self._prober.follow(tracked.pod, tracked.state, tracked.member.ip)
        if isinstance(tracked.state, Gone):
            self._forget(tracked)
            return
        self._arm(tracked)
        if tracked.state is not before:
            self.writer.wants(uid, patience=tracked.patience())

    def _track(self, pod: Pod) -> None:
        uid = pod.metadata.uid
        now = self._clock.now()
        member = self._members[pod.spec.nodeName]
        since = seconds_of(pod.status.startTime) if pod.status.HasField("startTime") else now
        plan, claim = plan_of(pod, since=since), claim_of(pod)
        found = self._found.pop(uid, None)
        is_new = found is None and not pod.status.HasField("startTime") and pod.status.phase not in TERMINAL
        failure = admit(claim, self._claims(member), self._allocatable(member)) if is_new else None
        state = rejected(plan, failure) if failure is not None else restore(plan, pod, found, now)
        tracked = Tracked(pod, plan, state, member, since, claim, has_probes=has_probes(pod))
        tracked.ports = as_annotation(port_map(pod, self._info)) if self._info.port_offset else ""
        self.tracked[uid] = tracked
        self._by_node.setdefault(member.name, {})[uid] = tracked
        if failure is not None:
            self.performer.record(tracked, "Warning", failure.reason, failure.message)
            log.info("kubelet: %s refuses %s: %s", member.name, tracked.name, failure.reason)
        elif is_new:
            self._say_what_is_different(tracked)
        for container in pod.spec.containers if found is not None else ():
            self.performer.images.has(member, container.image)
        self.post(uid, Deleted(grace_of(pod)) if is_deleting(pod.metadata) else Tick())
        self.writer.wants(uid, patience=tracked.patience())

    def _newer(self, tracked: Tracked, pod: Pod) -> None:
        """Follow a pod's newer version; our own writes come back here, too."""
        before = tracked.pod
        if int(pod.metadata.resourceVersion) <= tracked.version:
            return
        tracked.pod = pod
        if is_deleting(pod.metadata):
            if before.metadata.deletionTimestamp != pod.metadata.deletionTimestamp:
                log.info("kubelet: stopping %s on %s", tracked.name, tracked.member.name)
                self.post(tracked.uid, Deleted(grace_of(pod)))
        elif before.metadata.generation != pod.metadata.generation:
            tracked.plan = plan_of(pod, since=tracked.since)
            if len(pod.spec.ephemeralContainers) > len(before.spec.ephemeralContainers):
                message = "ephemeral containers are not supported by this kubelet"
                self.performer.record(tracked, "Warning", "NotSupported", message)
            self.post(tracked.uid, Tick())
        self.writer.wants(tracked.uid, patience=tracked.patience())

    def _next_write(self, uid: str) -> Write | None:
        tracked = self.tracked.get(uid)
        if tracked is None or not self.is_heard(tracked.member.name):
            return None
        place = Place(tracked.member.ip, self._info.name)
        return tracked.next_write(place, self._clock.now())

    def _written(self, uid: str, result: Object | None) -> None:
        tracked = self.tracked.get(uid)
        if tracked is None or not isinstance(result, Pod):
            return
        if int(result.metadata.resourceVersion) > tracked.version:
            tracked.pod = result
        if tracked.ports or isinstance(tracked.state, Terminated):
            self.writer.wants(uid)  # there may be more to write, which had to come later

    def _forget(self, tracked: Tracked) -> None:
        del self.tracked[tracked.uid]
        del self._by_node[tracked.member.name][tracked.uid]
        self.writer.forget(tracked.uid)
        if tracked.volumes is not None and tracked.volumes.in_use:
            self.volumes_changed(tracked.member.name)
        if tracked.timer is not None:
            tracked.timer.cancel()

    def _arm(self, tracked: Tracked) -> None:
        """Have a `Tick` when the pod needs one."""
        at = wake_at(tracked.plan, tracked.state)
        if at == tracked.wakes_at:
            return
        if tracked.timer is not None:
            tracked.timer.cancel()
            tracked.timer = None
        tracked.wakes_at = at
        if at != math.inf:
            soonest = self._clock.now() + SHORTEST_WAIT
            tracked.timer = self._timers.at(max(at, soonest), lambda: self._wake(tracked))

    def _wake(self, tracked: Tracked) -> None:
        tracked.timer = None
        tracked.wakes_at = math.inf
        self.post(tracked.uid, Tick())

    def _claims(self, member: Member) -> list[Any]:
        others = self._by_node.get(member.name, {}).values()
        return [other.claim for other in others if not isinstance(other.state, Terminated)]

    def _allocatable(self, member: Member) -> Allocatable:
        return Allocatable(self._cpu, self._memory, member.pods)

    def _say_what_is_different(self, tracked: Tracked) -> None:
        if tracked.ports:
            message = (
                f"ports below {self._info.first_port} cannot be opened here, they answer elsewhere: {tracked.ports}"
            )
            self.performer.record(tracked, "Normal", "PortsMapped", message)
        if self._info.name == SIMULATED and (ports := udp_ports(tracked.pod)):
            message = f"simulated containers answer on TCP only, nothing listens on: {', '.join(map(str, ports))}"
            self.performer.record(tracked, "Warning", "PortsNotServed", message)

    def _unhealthy(self, pod: Pod, container: str, message: str) -> None:
        if (tracked := self.tracked.get(pod.metadata.uid)) is not None:
            self.performer.record(tracked, "Warning", "Unhealthy", message, container)
