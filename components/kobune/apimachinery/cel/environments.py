"""The types of what expressions in Kubernetes' own kinds look at: policies, conditions of webhooks, device selectors.

Source: *Validating Admission Policy*, on the variables of expressions.
"""

from collections.abc import Mapping
from typing import Final

from kobune.apimachinery.cel import types
from kobune.apimachinery.cel.libraries.authorization import AUTHORIZER, RESOURCE
from kobune.apimachinery.cel.libraries.quantities import TYPE as QUANTITY
from kobune.apimachinery.cel.types import BOOL, DYN, INT, STRING, Type, list_of, map_of, object_of

TEXTS: Final = map_of(STRING, STRING)
KIND: Final = object_of("kubernetes.GroupVersionKind", dict.fromkeys(("group", "version", "kind"), STRING))
RESOURCE_NAME: Final = object_of(
    "kubernetes.GroupVersionResource", dict.fromkeys(("group", "version", "resource"), STRING)
)
USER: Final = object_of(
    "kubernetes.UserInfo",
    {
        "username": STRING,
        "uid": STRING,
        "groups": list_of(STRING),
        "extra": map_of(STRING, list_of(STRING)),
    },
)
REQUEST: Final = object_of(
    "kubernetes.AdmissionRequest",
    {
        "kind": KIND,
        "resource": RESOURCE_NAME,
        "subResource": STRING,
        "requestKind": KIND,
        "requestResource": RESOURCE_NAME,
        "requestSubResource": STRING,
        "name": STRING,
        "namespace": STRING,
        "operation": STRING,
        "userInfo": USER,
        "dryRun": BOOL,
        "options": DYN,
    },
)
NAMESPACE: Final = object_of(
    "kubernetes.Namespace",
    {
        "metadata": object_of(
            "kubernetes.NamespaceMetadata",
            {
                **dict.fromkeys(("name", "generateName", "namespace", "UID", "resourceVersion"), STRING),
                **dict.fromkeys(("labels", "annotations"), TEXTS),
                **dict.fromkeys(("creationTimestamp", "deletionTimestamp"), types.TIMESTAMP),
                **dict.fromkeys(("deletionGracePeriodSeconds", "generation"), INT),
                "finalizers": list_of(STRING),
            },
        ),
        "spec": object_of("kubernetes.NamespaceSpec", {"finalizers": list_of(STRING)}),
        "status": object_of("kubernetes.NamespaceStatus", {"phase": STRING}),
    },
)
CONDITION: Final[Mapping[str, Type]] = {
    "object": DYN,
    "oldObject": DYN,
    "request": REQUEST,
    "authorizer": AUTHORIZER,
    "authorizer.requestResource": RESOURCE,
}
"""The variables of the conditions of a webhook."""


def variables(*, params: bool, composed: Mapping[str, Type] | None = None) -> dict[str, Type]:
    """Return the variables of a policy's expressions.

    `params` says whether it has parameters; `composed` are the types of its own variables defined so far.
    """
    found = {**CONDITION, "namespaceObject": NAMESPACE}
    if params:
        found["params"] = DYN
    if composed is not None:
        found["variables"] = object_of("kubernetes.variables", composed)
    return found


DEVICE: Final[Mapping[str, Type]] = {
    "device": object_of(
        "kubernetes.DRADevice",
        {
            "driver": STRING,
            "attributes": map_of(STRING, map_of(STRING, DYN)),
            "capacity": map_of(STRING, map_of(STRING, QUANTITY)),
            "allowMultipleAllocations": BOOL,
        },
    )
}
"""The variables of the selectors of devices."""
