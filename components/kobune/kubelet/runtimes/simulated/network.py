"""The sockets of simulated containers."""

import errno
import os
import socket
from collections.abc import Callable
from pathlib import Path

from kobune.apimachinery.clock import Clock
from kobune.kubelet.annotations import NODE_IP, POD_NAME, POD_NAMESPACE
from kobune.kubelet.runtimes.simulated.logs import write
from kobune.kubelet.runtimes.simulated.model import Container
from kobune.kubelet.runtimes.simulated.web import Listener, Spawn

UNPRIVILEGED = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
OFFSET = 34000
"""What is added to a port that cannot be bound: 80 becomes 34080."""


def first_port() -> int:
    """Return the lowest port that this process can bind: 1 for root, 1024 for most."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        try:
            probe.bind(("127.0.0.1", 1))
        except PermissionError:
            pass
        except OSError:
            return 1  # it is in use, so it could have been bound
        else:
            return 1
    try:
        return int(UNPRIVILEGED.read_text())
    except (OSError, ValueError):
        return 1024


class Network:
    """Opens what containers listen on. Ports below `first` cannot be bound, and are opened `OFFSET` higher."""

    def __init__(self, first: int, spawn: Spawn, clock: Clock) -> None:
        self.first = first
        self._clock = clock
        self._spawn = spawn

    def actual(self, port: int) -> int:
        """Return the port that is opened for a port."""
        return port if port >= self.first else port + OFFSET

    def listen(self, container: Container) -> None:
        """Open the ports that a container declares, on its pod's address and where the node maps them to.

        Opens all or none; raises `OSError`, whose `filename` is the address that could not be had.
        """
        sandbox = container.sandbox
        for port in container.ports():
            for host, outside in [(sandbox.ip, port), *sandbox.host_ports(port)]:
                # On the node's own address, a pod's port is there already.
                if (host, outside) == (sandbox.ip, port) or not sandbox.on_host:
                    self._open(container, host, outside, page_of(container, port, self._clock))

    def _open(self, container: Container, host: str, port: int, page: Callable[[str], str]) -> None:
        try:
            container.listeners.append(Listener(host, self.actual(port), page, self._spawn))
        except OSError as error:
            for listener in container.listeners:
                listener.close()
            container.listeners.clear()
            code = error.errno or errno.EIO
            raise OSError(code, os.strerror(code), f"{host}:{self.actual(port)}") from None


def page_of(container: Container, port: int, clock: Clock) -> Callable[[str], str]:
    """Return what a container answers on a port: who and where it is, and what was asked of it; it logs the request."""

    def page(request: str) -> str:
        container.count_request(clock.now())
        write(container, clock.now(), [f'answered on port {port}: "{request}" 200'])
        labels, sandbox = container.config.labels, container.sandbox
        lines = {
            "pod": labels.get(POD_NAME, sandbox.config.metadata.name),
            "namespace": labels.get(POD_NAMESPACE, sandbox.config.metadata.namespace),
            "node": sandbox.node,
            "nodeIP": sandbox.config.annotations.get(NODE_IP, ""),
            "podIP": sandbox.ip,
            "port": str(port),
            "container": container.config.metadata.name,
            "image": container.config.image.image,
            "request": request,
        }
        return "".join(f"{name}: {value}\n" for name, value in lines.items())

    return page
