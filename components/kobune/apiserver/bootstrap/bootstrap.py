"""Makes what is missing when the apiserver starts."""

import asyncio
from typing import Any

from kobune.apimachinery.errors import ApiError
from kobune.apiserver.auth.user import LOOPBACK
from kobune.apiserver.bootstrap import flows, objects, roles
from kobune.apiserver.verbs.api import Api
from kobune.apiserver.verbs.call import Call
from kobune.apiserver.verbs.create import create
from kobune.apiserver.verbs.modify import modify


async def bootstrap(api: Api, service_ip: str) -> None:
    """Create the namespaces, roles and classes that are missing: all at once, in one commit."""
    await _ensure(api, [("namespaces", namespace) for namespace in objects.namespaces()])
    await _ensure(
        api,
        [
            *(("priorityclasses", item) for item in objects.priority_classes()),
            *roles.roles(),
            *flows.flow_control(),
        ],
    )


async def publish(api: Api, service_ip: str, host: str, port: int) -> None:
    """Let the `kubernetes` Service lead to where the apiserver is now."""
    slice_ = objects.kubernetes_endpoints(host, port)
    await _ensure(api, [("services", objects.kubernetes_service(service_ip, port)), ("endpointslices", slice_)])
    current = api.find("endpointslices", "default", "kubernetes")
    if list(current.ports) == list(slice_.ports) and list(current.endpoints) == list(slice_.endpoints):
        return

    def lead(stored: Any) -> Any:
        new = stored.private()
        for name in ("ports", "endpoints"):
            new.ClearField(name)
            getattr(new, name).MergeFrom(getattr(slice_, name))
        return new

    await modify(api, Call(LOOPBACK, api.registry["endpointslices"], "default", "kubernetes"), lead)


async def _ensure(api: Api, wanted: list[tuple[str, Any]]) -> None:
    missing = [
        (plural, item) for plural, item in wanted if not api.find(plural, item.metadata.namespace, item.metadata.name)
    ]
    await asyncio.gather(*(_create(api, plural, item) for plural, item in missing))


async def _create(api: Api, plural: str, item: Any) -> None:
    meta = item.metadata
    try:
        await create(api, Call(LOOPBACK, api.registry[plural], meta.namespace), item)
    except ApiError:
        # Another apiserver on the same store may have been faster: then its name and its address are taken.
        if api.find(plural, meta.namespace, meta.name) is None:
            raise
