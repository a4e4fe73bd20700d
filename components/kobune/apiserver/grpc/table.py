"""Which gRPC method is which verb of which resource, read off the descriptors of the typed services."""

import importlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from google.protobuf.descriptor import ServiceDescriptor

from kobune.apiserver.registry.registry import Registry
from kobune.apiserver.registry.resource import Resource

SUBRESOURCES = {
    "UpdateStatus": "status",
    "Finalize": "finalize",
    "UpdateApproval": "approval",
    "UpdateEphemeralContainers": "ephemeralcontainers",
    "Resize": "resize",
    "GetScale": "scale",
    "UpdateScale": "scale",
    "Bind": "binding",
    "Evict": "eviction",
    "CreateToken": "token",
    "Logs": "log",
    "Exec": "exec",
    "Attach": "attach",
    "PortForward": "portforward",
}
VERBS = {
    "Get": "get",
    "List": "list",
    "Watch": "watch",
    "Create": "create",
    "Update": "update",
    "Patch": "patch",
    "Delete": "delete",
    "DeleteCollection": "deletecollection",
    "GetScale": "get",
    "Bind": "create",
    "Evict": "create",
    "CreateToken": "create",
    "Logs": "get",
    "Exec": "create",
    "Attach": "create",
    "PortForward": "create",
}


@dataclass(frozen=True)
class Method:
    """One typed method."""

    path: str
    resource: Resource
    name: str
    verb: str
    subresource: str


def typed_methods(registry: Registry) -> Iterator[Method]:
    """Yield every method of every typed service."""
    for resource in registry:
        if resource.is_custom:
            continue
        service = _service_of(resource)
        for method in service.methods:
            yield Method(
                path=f"/{service.full_name}/{method.name}",
                resource=resource,
                name=method.name,
                verb=VERBS.get(method.name, "update"),
                subresource=SUBRESOURCES.get(method.name, ""),
            )


def service_names(methods: Iterable[Method]) -> list[str]:
    """Return the full names of the services, for reflection and health."""
    return sorted({method.path.split("/")[1] for method in methods})


def _service_of(resource: Resource) -> ServiceDescriptor:
    message = resource.message.DESCRIPTOR
    module = importlib.import_module(f"{message.full_name.rpartition('.')[0]}.services_pb2")
    services: Iterable[ServiceDescriptor] = module.DESCRIPTOR.services_by_name.values()
    return next(
        service
        for service in services
        if any(m.name in ("Get", "Create") and m.output_type.full_name == message.full_name for m in service.methods)
    )
