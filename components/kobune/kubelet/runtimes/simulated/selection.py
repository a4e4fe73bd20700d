"""What CRI's filters choose."""

from collections.abc import Mapping

from kobune.kubelet.runtimes.simulated.model import Container, Sandbox
from kobune.vendor.cri import ContainerFilter, PodSandboxFilter
from kobune.vendor.cri.runtime_pb2 import SANDBOX_READY


def sandboxes_that_match(sandboxes: Mapping[str, Sandbox], wanted: PodSandboxFilter) -> list[Sandbox]:
    """Return the sandboxes that a filter lets through; an empty one lets all."""
    chosen = (sandbox for id, sandbox in sandboxes.items() if id.startswith(wanted.id))
    if wanted.HasField("state"):
        ready = wanted.state.state == SANDBOX_READY
        chosen = (sandbox for sandbox in chosen if sandbox.ready == ready)
    return [sandbox for sandbox in chosen if has_labels(sandbox.config.labels, wanted.label_selector)]


def containers_that_match(containers: Mapping[str, Container], wanted: ContainerFilter) -> list[Container]:
    """Return the containers that a filter lets through; an empty one lets all."""
    chosen = (container for id, container in containers.items() if id.startswith(wanted.id))
    if wanted.HasField("state"):
        chosen = (container for container in chosen if container.state == wanted.state.state)
    if wanted.pod_sandbox_id:
        chosen = (container for container in chosen if container.sandbox.id.startswith(wanted.pod_sandbox_id))
    return [container for container in chosen if has_labels(container.config.labels, wanted.label_selector)]


def has_labels(labels: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    return all(labels.get(name) == value for name, value in wanted.items())
