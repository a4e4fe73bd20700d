"""What a pod asks of its runtime, as CRI says it."""

from collections.abc import Sequence
from pathlib import Path

from kobune.api.core.v1 import Container, Pod
from kobune.kubelet.annotations import (
    CONTAINER_NAME,
    IMAGE,
    NODE,
    NODE_IP,
    POD_CIDR,
    POD_NAME,
    POD_NAMESPACE,
    POD_UID,
    PORTS,
    ROLE,
)
from kobune.kubelet.lifecycle.plan import Role
from kobune.kubelet.members import Member
from kobune.vendor.cri import (
    ContainerConfig,
    ContainerMetadata,
    ImageSpec,
    KeyValue,
    LinuxPodSandboxConfig,
    LinuxSandboxSecurityContext,
    Mount,
    NamespaceOption,
    PodSandboxConfig,
    PodSandboxMetadata,
    PortMapping,
)
from kobune.vendor.cri.runtime_pb2 import NODE as HOST
from kobune.vendor.cri.runtime_pb2 import POD, SCTP, TCP, UDP

PROTOCOLS = {"": TCP, "TCP": TCP, "UDP": UDP, "SCTP": SCTP}


def sandbox_config(pod: Pod, member: Member, attempt: int, logs: Path) -> PodSandboxConfig:
    """Return the sandbox of a pod. Its annotations are the pod's, and say which of our nodes it is on."""
    meta, spec = pod.metadata, pod.spec
    network = HOST if spec.hostNetwork else POD
    return PodSandboxConfig(
        metadata=PodSandboxMetadata(name=meta.name, uid=meta.uid, namespace=meta.namespace, attempt=attempt),
        hostname=spec.hostname or meta.name,
        log_directory=str(logs / f"{meta.namespace}_{meta.name}_{meta.uid}"),
        port_mappings=[
            PortMapping(
                protocol=PROTOCOLS[port.protocol],
                container_port=port.containerPort,
                host_port=port.hostPort,
                host_ip=port.hostIP,
            )
            for container in [*spec.initContainers, *spec.containers]
            for port in container.ports
            if port.hostPort
        ],
        labels={**meta.labels, POD_NAME: meta.name, POD_NAMESPACE: meta.namespace, POD_UID: meta.uid},
        annotations={**meta.annotations, NODE: member.name, NODE_IP: member.ip, POD_CIDR: member.pod_cidr},
        linux=LinuxPodSandboxConfig(
            security_context=LinuxSandboxSecurityContext(
                namespace_options=NamespaceOption(network=network, pid=HOST if spec.hostPID else POD)
            )
        ),
    )


def container_config(
    pod: Pod, container: Container, role: Role, attempt: int, mounts: Sequence[Mount] = ()
) -> ContainerConfig:
    """Return a run of one of a pod's containers."""
    meta = pod.metadata
    return ContainerConfig(
        metadata=ContainerMetadata(name=container.name, attempt=attempt),
        image=ImageSpec(image=container.image, user_specified_image=container.image),
        command=container.command,
        args=container.args,
        working_dir=container.workingDir,
        # What refers to other objects is not looked up: nothing here would read it.
        envs=[
            KeyValue(key=env.name, value=env.value.encode()) for env in container.env if not env.HasField("valueFrom")
        ],
        labels={
            CONTAINER_NAME: container.name,
            POD_NAME: meta.name,
            POD_NAMESPACE: meta.namespace,
            POD_UID: meta.uid,
        },
        annotations={
            ROLE: role.value,
            IMAGE: container.image,
            PORTS: ",".join(str(port) for port in tcp_ports(container)),
        },
        mounts=mounts,
        log_path=f"{container.name}/{attempt}.log",
        stdin=container.stdin,
        stdin_once=container.stdinOnce,
        tty=container.tty,
    )


def tcp_ports(container: Container) -> list[int]:
    """Return the TCP ports that a container declares."""
    return [port.containerPort for port in container.ports if PROTOCOLS.get(port.protocol) == TCP]
