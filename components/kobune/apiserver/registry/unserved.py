"""Kinds that are kept although nothing in this cluster acts on them yet: whoever creates one is told."""

from collections.abc import Mapping

_NO_CONTROLLER = "no controller acts on it yet"
_NOT_ENFORCED = "it is not enforced yet"

UNSERVED: Mapping[str, str] = {
    "cronjobs": _NO_CONTROLLER,
    "daemonsets": _NO_CONTROLLER,
    "horizontalpodautoscalers": _NO_CONTROLLER,
    "ingresses": "nothing routes for it yet",
    "jobs": _NO_CONTROLLER,
    "networkpolicies": _NOT_ENFORCED,
    "persistentvolumeclaims": "nothing binds it yet",
    "persistentvolumes": "nothing binds it yet",
    "poddisruptionbudgets": "its status is not kept yet, so that it allows no eviction",
    "replicationcontrollers": _NO_CONTROLLER,
    "resourceclaims": "nothing allocates it yet",
    "statefulsets": _NO_CONTROLLER,
    "apiservices": "requests are not passed on yet",
}
"""By the plural of the resource: what is missing."""


def warning(kind: str, plural: str) -> str:
    """Return what somebody who creates an object of the kind should know; empty if all is well."""
    why = UNSERVED.get(plural)
    return f"{kind} is kept, but {why}" if why else ""
