"""Pods are resized only where their node is there to say what it can."""

from typing import Any

from kobune.apiserver.admission.chain import Write
from kobune.apiserver.admission.refusal import refused


class NodeDeclaredFeatures:
    """Refuses to resize a pod whose node is not known."""

    resources = frozenset({"pods"})

    def validate(self, write: Write) -> None:
        if write.operation != "UPDATE" or write.call.subresource != "resize":
            return
        node = write.new.spec.nodeName
        if node and _amounts(write.new) != _amounts(write.old) and write.api.find("nodes", "", node) is None:
            raise refused(write, f'node "{node}" not found')


def _amounts(pod: Any) -> list[Any]:
    return [container.resources for container in (*pod.spec.initContainers, *pod.spec.containers)]
