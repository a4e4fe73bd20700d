"""Makes what is missing when the apiserver starts."""

import asyncio
import logging
from typing import Any, Final

from kobune.apimachinery.errors import ApiError
from kobune.apiserver.auth.user import LOOPBACK
from kobune.apiserver.bootstrap import flows, objects, roles
from kobune.apiserver.verbs.api import Api
from kobune.apiserver.verbs.call import Call
from kobune.apiserver.verbs.create import create
from kobune.apiserver.verbs.modify import modify

log = logging.getLogger(__name__)

LOOK: Final = 5.0
"""Seconds between two looks whether the apiserver that the Service leads to is still there."""
PATIENCE: Final = 2.0
"""Seconds that it has to take a connection."""


async def bootstrap(api: Api, service_network: str) -> None:
    """Create the namespaces, roles and classes that are missing: all at once, in one commit."""
    await _ensure(api, [("namespaces", namespace) for namespace in objects.namespaces()])
    await _ensure(
        api,
        [
            *(("priorityclasses", item) for item in objects.priority_classes()),
            ("servicecidrs", objects.service_cidr(service_network)),
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


async def keep_published(api: Api, service_ip: str, host: str, port: int) -> None:
    """Lead the `kubernetes` Service here when the apiserver that it leads to is gone, until cancelled.

    Of several apiservers on a store, the one that started last has it.
    """
    while True:
        await api.clock.sleep(LOOK)
        current = api.find("endpointslices", "default", "kubernetes")
        if current is None or not await _answers(current):
            try:
                await publish(api, service_ip, host, port)
            except ApiError as error:
                log.warning("cannot lead the Service of the apiserver here: %s", error.message)


async def _answers(endpoints: Any) -> bool:
    """Whether somebody takes a connection at all of the endpoints."""
    try:
        for endpoint in endpoints.endpoints:
            for port in endpoints.ports:
                async with asyncio.timeout(PATIENCE):
                    _, writer = await asyncio.open_connection(endpoint.addresses[0], port.port)
                writer.close()
    except (OSError, TimeoutError):
        return False
    return True


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
