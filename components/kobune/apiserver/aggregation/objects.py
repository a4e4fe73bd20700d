"""The objects that say what is served: an APIService for each group and version of ours, and whom servers may trust."""

from collections.abc import Iterator
from typing import Any, Final

import orjson

from kobune.api.apiregistration.v1 import APIService
from kobune.api.core.v1 import ConfigMap
from kobune.apiserver.registry.registry import Registry
from kobune.component_base.credentials import Credentials

MANAGED: Final = "kube-aggregator.kubernetes.io/automanaged"
ITSELF: Final = "apiregistration.k8s.io"
FRONT_PROXY: Final = "front-proxy-client"
AUTHENTICATION: Final = "extension-apiserver-authentication"

PRIORITIES: Final = {
    "": 18000,
    "apps": 17800,
    "events.k8s.io": 17750,
    "authentication.k8s.io": 17700,
    "authorization.k8s.io": 17600,
    "autoscaling": 17500,
    "batch": 17400,
    "certificates.k8s.io": 17300,
    "networking.k8s.io": 17200,
    "policy": 17100,
    "rbac.authorization.k8s.io": 17000,
    "storage.k8s.io": 16800,
    "apiextensions.k8s.io": 16700,
    "admissionregistration.k8s.io": 16700,
    "scheduling.k8s.io": 16600,
    "coordination.k8s.io": 16500,
    "node.k8s.io": 16300,
    "discovery.k8s.io": 16200,
    "flowcontrol.apiserver.k8s.io": 16100,
    "resource.k8s.io": 15900,
}
"""As Kubernetes orders its groups."""
VERSIONS: Final = {("", "v1"): 1, ("autoscaling", "v2"): 30}
USUAL: Final = 15


def local_services(registry: Registry) -> Iterator[APIService]:
    """Yield an APIService for each group and version that is served here; those of definitions come and go."""
    known = dict.fromkeys((row.kind.group, row.kind.version) for row in registry)
    for group, version in known:
        if group == ITSELF:
            continue
        built_in = (group, version) in registry.built_in_versions
        service = APIService()
        service.metadata.name = f"{version}.{group}"
        service.metadata.labels[MANAGED] = "onstart" if built_in else "true"
        service.spec.group, service.spec.version = group, version
        service.spec.groupPriorityMinimum = PRIORITIES.get(group, 15000) if built_in else 1000
        service.spec.versionPriority = VERSIONS.get((group, version), USUAL) if built_in else 100
        yield service


def authentication(credentials: Credentials | None) -> ConfigMap:
    """Return what servers of APIs need to know to believe what the apiserver says about users."""
    config: Any = ConfigMap()
    config.metadata.namespace, config.metadata.name = "kube-system", AUTHENTICATION
    if credentials is not None:
        authority = credentials.ca.read_text()
        config.data["client-ca-file"] = authority
        config.data["requestheader-client-ca-file"] = authority
        for name, value in (
            ("allowed-names", FRONT_PROXY),
            ("extra-headers-prefix", "X-Remote-Extra-"),
            ("group-headers", "X-Remote-Group"),
            ("uid-headers", "X-Remote-Uid"),
            ("username-headers", "X-Remote-User"),
        ):
            config.data[f"requestheader-{name}"] = orjson.dumps([value]).decode()
    return config  # type: ignore[no-any-return]
