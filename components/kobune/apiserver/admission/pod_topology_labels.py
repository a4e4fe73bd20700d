"""Gives pods the zone and the region of their node as labels. Source: the page on admission, *PodTopologyLabels*."""

from typing import Any, Final

from kobune.apiserver.admission.chain import Write

LABELS: Final = ("topology.kubernetes.io/region", "topology.kubernetes.io/zone")


class PodTopologyLabels:
    """Puts the labels of the node on a binding, from where the pod gets them, and on pods that are born with a node."""

    resources = frozenset({"pods"})

    def mutate(self, write: Write) -> None:
        if write.operation != "CREATE":
            return
        if write.call.subresource == "binding":
            _label(write, write.new.target.name)
        elif write.is_plain:
            _label(write, write.new.spec.nodeName)


def _label(write: Write, name: str) -> None:
    node: Any = write.api.find("nodes", "", name) if name else None
    if node is None:
        return
    for label in LABELS:
        if label in node.metadata.labels:
            write.new.metadata.labels[label] = node.metadata.labels[label]
