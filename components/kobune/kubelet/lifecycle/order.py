"""In which order a pod's containers start and end, and when it is over."""

import math
from collections.abc import Iterator

from kobune.kubelet.lifecycle.plan import ContainerPlan, PodPlan, Role
from kobune.kubelet.lifecycle.state import Container, Containers, Exited


def whose_turn(plan: PodPlan, containers: Containers) -> Iterator[ContainerPlan]:
    """Return the containers that may run: up to the first init container that has not done its part."""
    for known in plan.init:
        container = containers[known.name]
        if known.role is Role.SIDECAR:
            yield known
            if not container.begun:
                return
        elif not succeeded(container):
            yield known
            return
    yield from plan.apps


def to_stop(plan: PodPlan, containers: Containers) -> Iterator[ContainerPlan]:
    """Return the containers that are to end now: all but the sidecars, then those, the last to start first."""
    others = [known for known in plan.containers() if known.role is not Role.SIDECAR]
    yield from others
    if any(containers[known.name].is_alive for known in others):
        return
    for known in reversed(list(plan.sidecars())):
        yield known
        if containers[known.name].is_alive:
            return


def is_over(plan: PodPlan, containers: Containers) -> bool:
    """Whether the pod has come to its end by itself: all is done, or what comes first has failed for good."""
    for known in plan.init:
        container = containers[known.name]
        if known.role is Role.INIT and ended_for_good(container) and not succeeded(container):
            return True
    return bool(plan.apps) and all(ended_for_good(containers[known.name]) for known in plan.apps)


def is_initialized(plan: ContainerPlan, container: Container) -> bool:
    """Whether an init container has done its part, or a sidecar is up."""
    return container.begun if plan.role is Role.SIDECAR else succeeded(container)


def succeeded(container: Container) -> bool:
    return isinstance(container.run, Exited) and container.run.ended.exit_code == 0


def ended_for_good(container: Container) -> bool:
    return isinstance(container.run, Exited) and container.run.restart_at == math.inf
