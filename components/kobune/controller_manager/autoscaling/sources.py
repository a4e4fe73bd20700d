"""Where autoscalers read: scales of whatever they scale, and the metrics APIs."""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from kobune.api.meta.v1 import LabelSelector
from kobune.apimachinery import quantity
from kobune.apimachinery.errors import ApiError, NotFound
from kobune.apimachinery.selectors import Requirement, from_label_selector
from kobune.client.rest import RestClient
from kobune.controller_manager.autoscaling.replicas import Sample

log = logging.getLogger(__name__)

METRICS = "/apis/metrics.k8s.io/v1beta1"
CUSTOM = "/apis/custom.metrics.k8s.io/v1beta2"
EXTERNAL = "/apis/external.metrics.k8s.io/v1beta1"


class Unread(Exception):
    """A metrics API has nothing to say; tells why, in Kubernetes' words."""


@dataclass(frozen=True)
class Scaled:
    """What an autoscaler scales."""

    path: str
    """Of its scale."""
    tree: Any
    """Its scale, as it was read."""

    @property
    def replicas(self) -> int:
        """How many replicas are asked for."""
        return int(self.tree.get("spec", {}).get("replicas", 0))

    @property
    def present(self) -> int:
        """How many there are."""
        return int(self.tree.get("status", {}).get("replicas", 0))

    @property
    def selector(self) -> str:
        """Which pods are its pods, as text."""
        return str(self.tree.get("status", {}).get("selector", ""))


class Sources:
    """Reads them. Fails with an `ApiError` for scales, and with `Unread` for metrics."""

    def __init__(self, rest: RestClient) -> None:
        self._rest = rest
        self._resources: dict[tuple[str, str], tuple[str, bool]] = {}
        """By API version and kind: the plural, and whether it is namespaced."""

    async def scaled(self, namespace: str, api_version: str, kind: str, name: str) -> Scaled:
        """Return what a reference names, by its scale."""
        path = f"{await self._path(namespace, api_version, kind)}/{quote(name)}/scale"
        return Scaled(path, await self._rest.get(path))

    async def scale(self, scaled: Scaled, replicas: int) -> None:
        """Ask for another number of replicas; `Conflict` if somebody was quicker."""
        await self._rest.put(
            scaled.path, {**scaled.tree, "spec": {**scaled.tree.get("spec", {}), "replicas": replicas}}
        )

    async def resource(self, namespace: str, selector: str, resource: str, container: str) -> dict[str, Sample]:
        """Return what each pod, or a container of each, uses of a resource."""
        listed = await self._metrics("resource", f"{METRICS}/namespaces/{namespace}/pods", {"labelSelector": selector})
        found: dict[str, Sample] = {}
        for item in listed.get("items", ()):
            amounts = [
                each["usage"][resource]
                for each in item.get("containers", ())
                if resource in each.get("usage", {}) and container in ("", each["name"])
            ]
            if amounts and (not container or len(amounts) == 1):
                at, window = _seconds(item.get("timestamp", "")), _duration(item.get("window", ""))
                found[item["metadata"]["name"]] = Sample(sum(map(quantity.milli, amounts)), at, window)
        if not found:
            raise Unread("no metrics returned from resource metrics API")
        return found

    async def pods(self, namespace: str, selector: str, metric: str, chosen: LabelSelector | None) -> dict[str, Sample]:
        """Return a metric of each pod."""
        query = {"labelSelector": selector} | _chosen("metricLabelSelector", chosen)
        listed = await self._metrics("custom", f"{CUSTOM}/namespaces/{namespace}/pods/*/{quote(metric)}", query)
        found = {
            item["describedObject"]["name"]: Sample(
                quantity.milli(item["value"]),
                _seconds(item.get("timestamp", "")),
                float(item.get("windowSeconds") or 60),
            )
            for item in listed.get("items", ())
        }
        if not found:
            raise Unread("no metrics returned from custom metrics API")
        return found

    async def object(
        self, namespace: str, api_version: str, kind: str, name: str, metric: str, chosen: LabelSelector | None
    ) -> int:
        """Return a metric of one object, in thousandths."""
        try:
            plural, namespaced = await self._resource(api_version, kind)
        except ApiError as error:
            raise unfetched("custom", error) from None
        group = api_version.partition("/")[0] if "/" in api_version else ""
        resource = f"{plural}.{group}" if group else plural
        place = f"{CUSTOM}/namespaces/{namespace}/{resource}" if namespaced else f"{CUSTOM}/{resource}"
        listed = await self._metrics(
            "custom", f"{place}/{quote(name)}/{quote(metric)}", _chosen("metricLabelSelector", chosen)
        )
        items = listed.get("items", ())
        if not items:
            raise Unread("no metrics returned from custom metrics API")
        return quantity.milli(items[0]["value"])

    async def external(self, namespace: str, metric: str, chosen: LabelSelector | None) -> int:
        """Return the sum of a metric's values, in thousandths."""
        path = f"{EXTERNAL}/namespaces/{namespace}/{quote(metric)}"
        items = (await self._metrics("external", path, _chosen("labelSelector", chosen))).get("items", ())
        if not items:
            raise Unread("no metrics returned from external metrics API")
        return sum(quantity.milli(item["value"]) for item in items)

    async def _metrics(self, api: str, path: str, query: dict[str, str]) -> Any:
        try:
            return await self._rest.get(path, query)
        except ApiError as error:
            raise unfetched(api, error) from None

    async def _path(self, namespace: str, api_version: str, kind: str) -> str:
        plural, namespaced = await self._resource(api_version, kind)
        root = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
        return f"{root}/namespaces/{namespace}/{plural}" if namespaced else f"{root}/{plural}"

    async def _resource(self, api_version: str, kind: str) -> tuple[str, bool]:
        if (api_version, kind) not in self._resources:
            root = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
            try:
                listed = await self._rest.get(root)
            except NotFound:
                listed = {}
            for entry in listed.get("resources", ()):
                if "/" not in entry["name"]:
                    self._resources[api_version, entry["kind"]] = entry["name"], bool(entry["namespaced"])
        try:
            return self._resources[api_version, kind]
        except KeyError:
            group = api_version.partition("/")[0] if "/" in api_version else ""
            raise NotFound(f'no matches for kind "{kind}" in group "{group}"') from None


def unfetched(api: str, error: ApiError) -> Unread:
    """Return what it means that a metrics API answered with an error."""
    return Unread(f"unable to fetch metrics from {api} metrics API: {error.message}")


def words_of(error: Exception) -> str:
    """Return what an event says of an error."""
    return error.message if isinstance(error, ApiError) else str(error)


def _chosen(name: str, selector: LabelSelector | None) -> dict[str, str]:
    if selector is None:
        return {}
    return {name: ",".join(map(_text, from_label_selector(selector).requirements))}


def _text(each: Requirement) -> str:
    match each.operator:
        case "In":
            return f"{each.key} in ({','.join(each.values)})"
        case "NotIn":
            return f"{each.key} notin ({','.join(each.values)})"
        case "Exists":
            return each.key
        case _:
            return f"!{each.key}"


def _seconds(text: str) -> float:
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return 0.0


def _duration(text: str) -> float:
    try:
        return float(text.removesuffix("s"))
    except ValueError:
        return 60.0
