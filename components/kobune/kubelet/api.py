"""`kobune.node.v1.Nodes`: what our nodes and their pods are doing."""

import math
from collections.abc import Mapping
from typing import Any

from kobune.kubelet.cri.runtime import Runtime, RuntimeFailed
from kobune.kubelet.lifecycle.plan import ContainerPlan
from kobune.kubelet.lifecycle.state import Container, Exited, Gone, Preparing, Running, Stopping, Waiting
from kobune.kubelet.members import Member
from kobune.kubelet.pods import Pods
from kobune.kubelet.tracked import Tracked
from kobune.kubelet.usage import Usages
from kobune.node.v1 import (
    ContainerState,
    GetUsageRequest,
    GetUsageResponse,
    ListNodesRequest,
    ListNodesResponse,
    ListPodsRequest,
    ListPodsResponse,
    NodeState,
    PodState,
    PodUsage,
)
from kobune.node.v1.nodes_pb2_grpc import NodesServicer


class Api(NodesServicer):
    """Answers from memory."""

    def __init__(self, members: Mapping[str, Member], pods: Pods, runtime: Runtime, described: str) -> None:
        self._members = members
        self._pods = pods
        self._runtime = runtime
        self._described = described
        self._usages = Usages()

    async def ListNodes(self, request: ListNodesRequest, context: Any) -> ListNodesResponse:  # noqa: N802
        """Return our nodes."""
        return ListNodesResponse(
            nodes=[
                NodeState(
                    name=member.name,
                    address=member.ip,
                    pod_cidr=member.pod_cidr,
                    pods=len(list(self._pods.of_node(member.name))),
                    capacity=member.pods,
                    runtime=self._described,
                )
                for member in self._members.values()
            ]
        )

    async def ListPods(self, request: ListPodsRequest, context: Any) -> ListPodsResponse:  # noqa: N802
        """Return the pods of one of our nodes, or of all."""
        tracked = self._pods.of_node(request.node) if request.node else self._pods.tracked.values()
        return ListPodsResponse(pods=[pod_state(one) for one in tracked])

    async def GetUsage(self, request: GetUsageRequest, context: Any) -> GetUsageResponse:  # noqa: N802
        """Return what the containers of our nodes use."""
        try:
            stats = await self._runtime.stats()
        except RuntimeFailed as error:
            await context.abort(error.code, str(error))
        pods: dict[str, PodUsage] = {}
        for each in self._usages.measured(stats):
            tracked = self._pods.tracked.get(each.uid)
            if tracked is None or not self._pods.is_heard(tracked.member.name):
                continue
            if each.uid not in pods:
                meta = tracked.pod.metadata
                pods[each.uid] = PodUsage(namespace=meta.namespace, name=meta.name, node=tracked.member.name)
            pods[each.uid].containers.add(
                name=each.name, cpu=each.cpu, memory=each.memory, measured_at=each.at, window=each.window
            )
        return GetUsageResponse(pods=list(pods.values()))


def pod_state(tracked: Tracked) -> PodState:
    """Return where a pod is in its lifecycle."""
    meta, state = tracked.pod.metadata, tracked.state
    sandbox = None if isinstance(state, Preparing | Gone) else state.sandbox
    return PodState(
        namespace=meta.namespace,
        name=meta.name,
        uid=meta.uid,
        node=tracked.member.name,
        state=type(state).__name__,
        sandbox=sandbox.id if sandbox else None,
        ip=sandbox.ip if sandbox else None,
        containers=[
            container_state(known, state.containers[known.name])
            for known in tracked.plan.containers()
            if known.name in state.containers
        ],
    )


def container_state(plan: ContainerPlan, container: Container) -> ContainerState:
    """Return where a container is in its lifecycle."""
    run = container.run
    next_at = math.inf
    match run:
        case Running(id=id) | Stopping(id=id):
            pass
        case Exited(ended, next_at):
            id = ended.id
        case Waiting(until=next_at):
            id = container.last.id if container.last else ""
        case _:
            id = container.last.id if container.last else ""
    return ContainerState(
        name=plan.name,
        role=plan.role.value,
        state=type(run).__name__,
        id=id or None,
        restarts=container.restarts,
        next_at=next_at if math.isfinite(next_at) else None,
    )
