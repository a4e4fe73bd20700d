"""What controllers need of kinds that users define: the metadata of their objects, through the dynamic service.

Such a kind is what `custom_kind` returns; it stands wherever others have a message. Writes to it go the way of all
others, in batches.
"""

from collections.abc import Iterable
from typing import Any, Final

from kobune.api.dynamic.v1 import CollectionRequest, ObjectRequest
from kobune.api.meta.v1 import ListOptions
from kobune.apimachinery.kinds import Kind, Object, custom_kind
from kobune.client.writes import METADATA, resource_of

SERVICE: Final = "/kobune.api.dynamic.v1.Objects"
VERBS: Final = ("delete", "get", "list", "patch", "watch")


def get_request(kind: type[Object], name: str, namespace: str) -> ObjectRequest:
    """Return the request for the metadata of one object."""
    return ObjectRequest(resource=resource_of(kind), namespace=namespace, name=name, content_type=METADATA)


def collection_request(kind: type[Object], namespace: str, options: ListOptions) -> CollectionRequest:
    """Return the request for the metadata of many objects, or of what happens to them."""
    return CollectionRequest(resource=resource_of(kind), namespace=namespace, options=options, content_type=METADATA)


def defined_kind(definition: Any) -> type[Object] | None:
    """Return the kind that a CustomResourceDefinition makes the apiserver serve; None while it serves none."""
    established = any(item.type == "Established" and item.status == "True" for item in definition.status.conditions)
    version = next((version.name for version in definition.spec.versions if version.served), None)
    if not established or version is None:
        return None
    names = definition.status.acceptedNames
    return custom_kind(
        Kind(
            group=definition.spec.group,
            version=version,
            name=names.kind,
            plural=names.plural,
            singular=names.singular,
            namespaced=definition.spec.scope == "Namespaced",
            short_names=(),
            categories=(),
            verbs=VERBS,
            subresources=(),
            message=None,
        )
    )


def defined_kinds(definitions: Iterable[Any]) -> list[type[Object]]:
    """Return the kinds that definitions make the apiserver serve."""
    return [kind for kind in map(defined_kind, definitions) if kind is not None]
