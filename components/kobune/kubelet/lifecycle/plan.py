"""What a pod asks for, reduced to what its lifecycle depends on."""

import enum
from collections.abc import Iterator
from dataclasses import dataclass

from kobune.api.core.v1 import Container, ContainerRestartRule, Pod
from kobune.apimachinery.meta import seconds_of

DEFAULT_GRACE = 30


class Role(enum.Enum):
    """What a container is in its pod."""

    INIT = "init"
    SIDECAR = "sidecar"
    """An init container that runs on: `restartPolicy: Always`, KEP-753."""
    APP = "app"


@dataclass(frozen=True)
class ContainerPlan:
    """One container as it should be."""

    name: str
    role: Role
    image: str
    restart: str
    """Always, OnFailure or Never."""
    rules: tuple[tuple[str, tuple[int, ...]], ...] = ()
    """Exit codes, In or NotIn which it is restarted whatever its policy: KEP-5307."""
    startup_probe: bool = False
    readiness_probe: bool = False

    def restarts_after(self, exit_code: int) -> bool:
        """Whether the container is run again when it ended with this code."""
        for operator, codes in self.rules:
            if (exit_code in codes) is (operator == "In"):
                return True
        return self.restart == "Always" or (self.restart == "OnFailure" and exit_code != 0)


@dataclass(frozen=True)
class PodPlan:
    """A pod as it should be."""

    described: str
    """As the kubelet's messages name it: web-1_default(uid)."""
    init: tuple[ContainerPlan, ...]
    """Init containers and sidecars, in the order in which they start."""
    apps: tuple[ContainerPlan, ...]
    grace: float = DEFAULT_GRACE
    """Seconds that its containers have to end."""
    deadline: float | None = None
    """When it must have ended."""

    def containers(self) -> Iterator[ContainerPlan]:
        """Every container, in the order in which they start."""
        yield from self.init
        yield from self.apps

    def sidecars(self) -> Iterator[ContainerPlan]:
        return (plan for plan in self.init if plan.role is Role.SIDECAR)


def plan_of(pod: Pod, *, since: float) -> PodPlan:
    """Return what a pod asks for; `since` is when its node took it on, unless its status says that already."""
    meta, spec = pod.metadata, pod.spec
    policy = spec.restartPolicy or "Always"
    deadline = None
    if spec.HasField("activeDeadlineSeconds"):
        started = seconds_of(pod.status.startTime) if pod.status.HasField("startTime") else since
        deadline = started + spec.activeDeadlineSeconds
    return PodPlan(
        described=f"{meta.name}_{meta.namespace}({meta.uid})",
        init=tuple(_init(container, policy) for container in spec.initContainers),
        apps=tuple(_plan(container, Role.APP, container.restartPolicy or policy) for container in spec.containers),
        grace=grace_of(pod),
        deadline=deadline,
    )


def grace_of(pod: Pod) -> float:
    """Return the seconds that a pod's containers have to end, once they are told to."""
    if pod.metadata.HasField("deletionGracePeriodSeconds"):
        return pod.metadata.deletionGracePeriodSeconds
    if pod.spec.HasField("terminationGracePeriodSeconds"):
        return pod.spec.terminationGracePeriodSeconds
    return DEFAULT_GRACE


def _init(container: Container, policy: str) -> ContainerPlan:
    if container.restartPolicy == "Always":
        return _plan(container, Role.SIDECAR, "Always")
    # One that succeeded is never run again, whatever the policy.
    inherited = "Never" if policy == "Never" else "OnFailure"
    return _plan(container, Role.INIT, container.restartPolicy or inherited)


def _plan(container: Container, role: Role, restart: str) -> ContainerPlan:
    return ContainerPlan(
        name=container.name,
        role=role,
        image=container.image,
        restart=restart,
        rules=tuple(_rule(rule) for rule in container.restartPolicyRules if rule.action == "Restart"),
        startup_probe=container.HasField("startupProbe"),
        readiness_probe=container.HasField("readinessProbe"),
    )


def _rule(rule: ContainerRestartRule) -> tuple[str, tuple[int, ...]]:
    return rule.exitCodes.operator, tuple(rule.exitCodes.values)
