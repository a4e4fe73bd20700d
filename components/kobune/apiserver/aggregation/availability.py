"""Whether the server of an APIService is there: first by what the cluster knows, then by asking it."""

from dataclasses import dataclass
from typing import Any, Final

import orjson
from multidict import CIMultiDict

from kobune.apimachinery.errors import ApiError
from kobune.apiserver.aggregation.connecting import Connecting
from kobune.apiserver.cache.view import View
from kobune.apiserver.rest.remote.transport import Transport, Unanswered

CHECK_SECONDS: Final = 5.0
LARGEST: Final = 1 << 20


@dataclass(frozen=True)
class Found:
    """What came of looking."""

    available: bool
    reason: str
    message: str
    resources: list[dict[str, Any]] | None = None


LOCAL: Final = Found(True, "Local", "Local APIServices are always available")


def obstacle(view: View, item: Any) -> Found | None:
    """Return why the server cannot be there, None if it may be."""
    where = item.spec.service
    shown = f'service/{where.name} in "{where.namespace}"'
    service = view.find("services", where.namespace, where.name)
    if service is None:
        return Found(False, "ServiceNotFound", f"{shown} is not present")
    if service.spec.type == "ExternalName":
        return None
    names = [port.name for port in service.spec.ports if port.port == where.port]
    if not names:
        return Found(False, "ServicePortError", f"{shown} is not listening on port {where.port}")
    label = "kubernetes.io/service-name"
    slices = view.select("endpointslices", where.namespace, lambda one: one.metadata.labels.get(label) == where.name)
    if not slices:
        return Found(False, "EndpointsNotFound", f"cannot find endpointslices for {shown}")
    ready = any(
        endpoint.conditions.ready or not endpoint.conditions.HasField("ready")
        for one in slices
        for endpoint in one.endpoints
        if any(port.name == names[0] for port in one.ports)
    )
    if ready:
        return None
    why = f'endpoints for {shown} have no addresses with port name "{names[0]}"'
    return Found(False, "MissingEndpoints", why)


async def look(view: View, item: Any, connecting: Connecting, transport: Transport) -> Found:
    """Return whether the server of an APIService is there, and what it has."""
    found = obstacle(view, item)
    if found is not None:
        return found
    path = f"/apis/{item.spec.group}/{item.spec.version}"
    url = path
    try:
        way = connecting.way(view, item)
        url = f"{way.base}{path}"
        headers = CIMultiDict({"Accept": "application/json", "X-Remote-User": "system:kube-aggregator"})
        headers.add("X-Remote-Group", "system:masters")
        asking = transport.request("GET", url, headers, tls=way.tls, server_name=way.server_name, seconds=CHECK_SECONDS)
        async with asking as answer:
            if not 200 <= answer.status < 300:
                return _failed(f"bad status from {url}: {answer.status}")
            body = await answer.content.read(LARGEST)
            while not answer.content.at_eof() and len(body) < LARGEST:
                body += await answer.content.read(LARGEST)
    except (Unanswered, ApiError, TimeoutError, OSError) as error:
        return _failed(f'failing or missing response from {url}: Get "{url}": {error or "context deadline exceeded"}')
    return Found(True, "Passed", "all checks passed", _resources(body))


def _failed(message: str) -> Found:
    return Found(False, "FailedDiscoveryCheck", message)


def _resources(body: bytes) -> list[dict[str, Any]]:
    """Return the entries of an `APIResourceList`; none if it is something else."""
    try:
        tree = orjson.loads(body)
    except orjson.JSONDecodeError:
        return []
    found = tree.get("resources") if isinstance(tree, dict) else None
    entries = found if isinstance(found, list) else []
    return [one for one in entries if isinstance(one, dict) and isinstance(one.get("name"), str) and one.get("kind")]
