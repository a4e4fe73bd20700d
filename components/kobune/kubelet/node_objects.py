"""Nodes and their leases, as the kubelet tells the API of them."""

import platform
import uuid
from dataclasses import dataclass

from kobune.api.coordination.v1 import Lease, LeaseSpec
from kobune.api.core.v1 import Node, NodeAddress, NodeCondition, NodeSpec, NodeStatus, NodeSystemInfo, Taint
from kobune.api.meta.v1 import ObjectMeta, OwnerReference, Time
from kobune.api.runtime.v1 import Quantity
from kobune.apimachinery.meta import micro_time_of, time_of
from kobune.kubelet.annotations import KUBELET
from kobune.kubelet.members import Member

VERSION = "v1.36.2+kobune"
LEASES = "kube-node-lease"
LEASE_SECONDS = 40
UNINITIALIZED = "node.cloudprovider.kubernetes.io/uninitialized"
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm"}
CONDITIONS = {
    "MemoryPressure": ("False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    "DiskPressure": ("False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    "PIDPressure": ("False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    "Ready": ("True", "KubeletReady", "kubelet is posting ready status"),
}


@dataclass(frozen=True)
class Capacity:
    """What each node has, as quantities."""

    cpu: str = "8"
    memory: str = "32Gi"
    storage: str = "100Gi"


def node_of(
    member: Member, capacity: Capacity, runtime: str, address: str, now: float, *, waits_for_cloud: bool = False
) -> Node:
    """Return a node that registers. It has its range of pod addresses already, because its pods come from there.

    Where there is a cloud, it takes no pods before that has said what it knows of it.
    """
    taints = [Taint(key=UNINITIALIZED, value="true", effect="NoSchedule")] if waits_for_cloud else []
    return Node(
        metadata=ObjectMeta(
            name=member.name,
            labels=labels_of(member),
            annotations={"volumes.kubernetes.io/controller-managed-attach-detach": "true", **annotations_of(address)},
        ),
        spec=NodeSpec(
            podCIDR=member.pod_cidr,
            podCIDRs=[member.pod_cidr],
            providerID=f"kobune://{member.name}",
            taints=taints,
        ),
        status=status_of(member, capacity, runtime, address, NodeStatus(), now),
    )


def labels_of(member: Member) -> dict[str, str]:
    """Return the labels that a node has of itself."""
    architecture = ARCHITECTURES.get(platform.machine(), platform.machine())
    return {
        "beta.kubernetes.io/arch": architecture,
        "beta.kubernetes.io/os": "linux",
        "kubernetes.io/arch": architecture,
        "kubernetes.io/hostname": member.name,
        "kubernetes.io/os": "linux",
    }


def annotations_of(address: str) -> dict[str, str]:
    """Return the annotations by which the apiserver finds the kubelet of a node."""
    return {KUBELET: address} if address else {}


def status_of(
    member: Member, capacity: Capacity, runtime: str, address: str, before: NodeStatus, now: float
) -> NodeStatus:
    """Return a node's status, with what others have said in the one before; `address` is where its kubelet serves."""
    status = NodeStatus()
    status.CopyFrom(before)
    if port := address.rpartition(":")[2]:
        status.daemonEndpoints.kubeletEndpoint.Port = int(port)
    amounts = {
        "cpu": capacity.cpu,
        "memory": capacity.memory,
        "ephemeral-storage": capacity.storage,
        "pods": str(member.pods),
    }
    for name, amount in amounts.items():
        status.capacity[name].CopyFrom(Quantity(string=amount))
        status.allocatable[name].CopyFrom(Quantity(string=amount))
    del status.addresses[:]
    status.addresses.append(NodeAddress(type="InternalIP", address=member.ip))
    status.addresses.append(NodeAddress(type="Hostname", address=member.name))
    status.nodeInfo.CopyFrom(system_info(member, runtime))
    made = conditions({condition.type: condition for condition in before.conditions}, now)
    others = [condition for condition in before.conditions if condition.type not in CONDITIONS]
    del status.conditions[:]
    status.conditions.extend([*others, *made])
    return status


def conditions(before: dict[str, NodeCondition], now: float) -> list[NodeCondition]:
    """Return how a node is: well. A condition that stays keeps the time since when it is so."""
    made = []
    for type, (state, reason, message) in CONDITIONS.items():
        known = before.get(type)
        since: Time = known.lastTransitionTime if known is not None and known.status == state else time_of(now)
        made.append(
            NodeCondition(
                type=type,
                status=state,
                reason=reason,
                message=message,
                lastHeartbeatTime=time_of(now),
                lastTransitionTime=since,
            )
        )
    return made


def is_well(node: Node) -> bool:
    """Whether the API shows the node's conditions as they are."""
    said = {condition.type: condition.status for condition in node.status.conditions}
    return all(said.get(type) == state for type, (state, _, _) in CONDITIONS.items())


def system_info(member: Member, runtime: str) -> NodeSystemInfo:
    """Return what a node's machine is: always the same for a name."""
    identity = uuid.uuid5(uuid.NAMESPACE_DNS, f"{member.name}.kobune.dev")
    return NodeSystemInfo(
        machineID=identity.hex,
        systemUUID=str(identity),
        bootID=str(identity),
        kernelVersion=platform.release(),
        osImage="Kobune",
        containerRuntimeVersion=runtime,
        kubeletVersion=VERSION,
        kubeProxyVersion="",
        operatingSystem="linux",
        architecture=ARCHITECTURES.get(platform.machine(), platform.machine()),
    )


def lease_of(member: Member, now: float) -> Lease:
    """Return the lease by which a node shows that it is alive; it goes with the node."""
    owner = OwnerReference(apiVersion="v1", kind="Node", name=member.name, uid=member.uid)
    return Lease(
        metadata=ObjectMeta(name=member.name, namespace=LEASES, ownerReferences=[owner]),
        spec=LeaseSpec(holderIdentity=member.name, leaseDurationSeconds=LEASE_SECONDS, renewTime=micro_time_of(now)),
    )
