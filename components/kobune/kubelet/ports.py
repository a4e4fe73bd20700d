"""Ports that could not be opened where they belong, and where they are instead."""

from kobune.api.core.v1 import Pod
from kobune.kubelet.cri.configs import tcp_ports
from kobune.kubelet.cri.runtime import RuntimeInfo


def port_map(pod: Pod, runtime: RuntimeInfo) -> dict[int, int]:
    """Return which of a pod's ports answer elsewhere on its address, and where: 80 at 34080."""
    ports = {port for container in [*pod.spec.initContainers, *pod.spec.containers] for port in tcp_ports(container)}
    return {port: actual for port in sorted(ports) if (actual := runtime.actual_port(port)) != port}


def as_annotation(ports: dict[int, int]) -> str:
    """Return the value of `kobune.dev/port-map`: `80=34080,443=34443`."""
    return ",".join(f"{port}={actual}" for port, actual in ports.items())


def udp_ports(pod: Pod) -> list[int]:
    """Return the ports that nothing answers on."""
    return sorted(
        {
            port.containerPort
            for container in pod.spec.containers
            for port in container.ports
            if port.protocol not in ("", "TCP")
        }
    )
