"""Answers for `metrics.k8s.io/v1beta1`, unless another server does: an APIService can name one.

Source: the documentation's *Resource metrics pipeline*.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from kobune.apimachinery.errors import BadRequest, MethodNotAllowed, NotFound
from kobune.apimachinery.selectors import InvalidSelector, parse_fields, parse_labels
from kobune.apiserver.cache.view import View
from kobune.apiserver.rest.path import Target
from kobune.apiserver.usage.gathering import Gathering, Usages
from kobune.node.v1 import ContainerUsage, PodUsage

GROUP: Final = "metrics.k8s.io"
VERSION: Final = "v1beta1"
RESOURCES: Final[list[dict[str, Any]]] = [
    {"name": "nodes", "singularName": "", "namespaced": False, "kind": "NodeMetrics", "verbs": ["get", "list"]},
    {"name": "pods", "singularName": "", "namespaced": True, "kind": "PodMetrics", "verbs": ["get", "list"]},
]
SERVED: Final = {(GROUP, VERSION): RESOURCES}
PATH: Final = f"/apis/{GROUP}/{VERSION}"
FIELDS: Final = ("metadata.name", "metadata.namespace")


class UsageApi:
    """Makes the answers."""

    def __init__(self, view: View, gathering: Gathering) -> None:
        self._view = view
        self._gathering = gathering

    async def answer(self, method: str, target: Target | None, query: Mapping[str, str]) -> Any:
        """Return the tree of an answer; without a `target`, what there is. Raises what an API raises."""
        if method not in ("GET", "HEAD"):
            raise MethodNotAllowed("the server does not allow this method on the requested resource")
        if target is None:
            return {
                "kind": "APIResourceList",
                "apiVersion": "v1",
                "groupVersion": f"{GROUP}/{VERSION}",
                "resources": RESOURCES,
            }
        if target.resource not in ("nodes", "pods") or target.subresource or target.is_watch or query.get("watch"):
            raise NotFound("the server could not find the requested resource")
        usages = await self._gathering.usages()
        kind = "NodeMetrics" if target.resource == "nodes" else "PodMetrics"
        found = self._nodes(usages) if target.resource == "nodes" else self._pods(usages, target.namespace)
        if target.name:
            for item in found:
                if item["metadata"]["name"] == target.name:
                    return {"kind": kind, "apiVersion": f"{GROUP}/{VERSION}", **item}
            raise NotFound.named(GROUP, target.resource, target.name)
        items = _selected(found, query)
        return {"kind": f"{kind}List", "apiVersion": f"{GROUP}/{VERSION}", "metadata": {}, "items": items}

    def _pods(self, usages: Usages, namespace: str) -> list[dict[str, Any]]:
        found = []
        for pod in self._view.select("pods", namespace):
            meta = pod.metadata
            usage = usages.pods.get((meta.namespace, meta.name))
            if usage is not None and pod.status.phase == "Running":
                containers = [{"name": each.name, "usage": _amounts([each])} for each in usage.containers]
                found.append({**self._head(meta, [usage]), "containers": containers})
        return found

    def _nodes(self, usages: Usages) -> list[dict[str, Any]]:
        by_node: dict[str, list[PodUsage]] = {name: [] for name in usages.nodes}
        for usage in usages.pods.values():
            by_node.setdefault(usage.node, []).append(usage)
        found = []
        for node in self._view.select("nodes"):
            pods = by_node.get(node.metadata.name)
            if pods is not None:
                containers = [container for pod in pods for container in pod.containers]
                found.append({**self._head(node.metadata, pods), "usage": _amounts(containers)})
        return found

    def _head(self, meta: Any, pods: Iterable[PodUsage]) -> dict[str, Any]:
        containers = [container for pod in pods for container in pod.containers]
        now = self._view.now()
        measured = min((each.measured_at for each in containers), default=now)
        window = max((each.window for each in containers), default=10.0)
        head: dict[str, Any] = {"name": meta.name, "creationTimestamp": _time(now)}
        if meta.namespace:
            head["namespace"] = meta.namespace
        if meta.labels:
            head["labels"] = dict(meta.labels)
        return {"metadata": head, "timestamp": _time(measured), "window": f"{window:.3f}".rstrip("0").rstrip(".") + "s"}


def _selected(items: Iterable[dict[str, Any]], query: Mapping[str, str]) -> list[dict[str, Any]]:
    try:
        labels = parse_labels(query.get("labelSelector", ""))
        fields = parse_fields(query.get("fieldSelector", ""), list(FIELDS))
    except InvalidSelector as error:
        raise BadRequest(str(error)) from None
    return [
        item
        for item in items
        if labels.matches(item["metadata"].get("labels", {})) and fields.matches(_field_of(item["metadata"]))
    ]


def _field_of(meta: Mapping[str, Any]) -> Callable[[str], str]:
    return lambda path: str(meta.get(path.removeprefix("metadata."), ""))


def _amounts(containers: Iterable[ContainerUsage]) -> dict[str, str]:
    containers = list(containers)
    nanos = round(sum(each.cpu for each in containers) * 1e9)
    kibi = -(-sum(each.memory for each in containers) // 1024)
    return {"cpu": f"{nanos}n", "memory": f"{kibi}Ki"}


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
