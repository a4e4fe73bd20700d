"""A node that has the images already starts a pod sooner."""

from collections.abc import Sequence
from dataclasses import dataclass

from kobune.scheduler.nodeinfo import NodeInfo
from kobune.scheduler.podinfo import PodInfo
from kobune.scheduler.snapshot import Snapshot

MIB = 1024 * 1024
LEAST = 23 * MIB
"""Images smaller than this are fetched quickly anyway."""
MOST_PER_CONTAINER = 1000 * MIB
"""What one container can count at most."""


@dataclass(frozen=True)
class ImageLocality:
    """Prefers nodes that have large images of the pod, weighed by how many nodes have them."""

    weight: int = 1

    needs_only = True

    def sees(self, pod: PodInfo, node: NodeInfo) -> tuple[int, ...]:
        return tuple([node.images.get(name, 0) for name in images(pod)]) if node.images else ()

    def pre_score(self, pod: PodInfo, nodes: Sequence[NodeInfo], cluster: Snapshot) -> dict[str, tuple[int, int]]:
        """Return on how many nodes each image of the pod is, and how many there are."""
        return {name: (cluster.image_counts.get(name, 0), cluster.node_count) for name in images(pod)}

    def score(self, pod: PodInfo, node: NodeInfo, state: dict[str, tuple[int, int]]) -> float:
        total = 0
        for name in images(pod):
            count, nodes = state[name]
            total += int(node.images.get(name, 0) * (count / nodes))
        most = MOST_PER_CONTAINER * max(len(pod.spec.initContainers) + len(pod.spec.containers), 1)
        return 100 * (min(max(total, LEAST), most) - LEAST) // (most - LEAST)


def images(pod: PodInfo) -> list[str]:
    """Return the images of a pod, each as often as it is used, as nodes name them."""
    containers = (*pod.spec.initContainers, *pod.spec.containers)
    return [normalized(container.image) for container in containers] + [
        volume.volumeSource.image.reference for volume in pod.spec.volumes if volume.volumeSource.HasField("image")
    ]


def normalized(name: str) -> str:
    """Return an image's name with the tag that it means."""
    return name if name.rfind(":") > name.rfind("/") else f"{name}:latest"
