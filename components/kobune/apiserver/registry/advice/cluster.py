"""What is odd about volumes, their classes, nodes and accounts."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from kobune.apiserver.registry.advice.addresses import cidr_warnings
from kobune.apiserver.registry.advice.labels import (
    DEPRECATED,
    selector_warnings,
    term_warnings,
    topology_warnings,
)
from kobune.apiserver.registry.advice.pods import GONE, SHOWN, claim_spec_warnings

CLASS: Final = "volume.beta.kubernetes.io/storage-class"
OLD_CLASS: Final = 'deprecated since v1.8; use "storageClassName" attribute instead'
VOLUME_ANNOTATIONS: Final[Mapping[str, str]] = {
    CLASS: OLD_CLASS,
    "volume.beta.kubernetes.io/mount-options": 'deprecated since v1.31; use "mountOptions" attribute instead',
}
MOUNTABLE: Final = "kubernetes.io/enforce-mountable-secrets"


def persistent_volume_warnings(new: Any, old: Any) -> Iterator[str]:
    """Yield what is odd about a volume."""
    spec = new.spec
    for key, why in VOLUME_ANNOTATIONS.items():
        if key in new.metadata.annotations:
            yield f"metadata.annotations[{key}]: {why}"
    if spec.persistentVolumeReclaimPolicy == "Recycle":
        why = "Instead, the recommended approach is to use dynamic provisioning."
        yield f"spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. {why}"
    for index, term in enumerate(spec.nodeAffinity.required.nodeSelectorTerms):
        yield from term_warnings(f"spec.nodeAffinity.required.nodeSelectorTerms[{index}]", term)
    source = spec.persistentVolumeSource
    known = source.DESCRIPTOR.fields_by_name
    for name, why in GONE.items():
        if name in known and source.HasField(name):
            yield f"spec.{SHOWN.get(name, name)}: {why}"


def claim_warnings(new: Any, old: Any) -> Iterator[str]:
    """Yield what is odd about a claim of a volume."""
    if CLASS in new.metadata.annotations:
        yield f"metadata.annotations[{CLASS}]: {OLD_CLASS}"
    yield from claim_spec_warnings("spec", new.spec)


def storage_class_warnings(new: Any, old: Any) -> Iterator[str]:
    """Yield what is odd about a StorageClass."""
    yield from topology_warnings("allowedTopologies", new.allowedTopologies)


def storage_capacity_warnings(new: Any, old: Any) -> Iterator[str]:
    """Yield what is odd about a CSIStorageCapacity."""
    if new.HasField("nodeTopology"):
        yield from selector_warnings("nodeTopology", new.nodeTopology)


def runtime_class_warnings(new: Any, old: Any) -> Iterator[str]:
    """Yield what is odd about a RuntimeClass."""
    for key in new.scheduling.nodeSelector:
        if key in DEPRECATED:
            yield f"scheduling.nodeSelector: {DEPRECATED[key]}"


def node_warnings(new: Any, old: Any) -> Iterator[str]:
    """Yield what is odd about a Node."""
    if new.spec.HasField("configSource"):
        yield "spec.configSource: the feature is no longer supported"
    if new.spec.externalID:
        yield "spec.externalID: this field is deprecated, and is unused by Kubernetes"
    for index, cidr in enumerate(new.spec.podCIDRs):
        yield from cidr_warnings(f"spec.podCIDRs[{index}]", cidr)


def service_account_warnings(new: Any, old: Any) -> Iterator[str]:
    """Yield what is odd about a ServiceAccount."""
    was = old is not None and old.metadata.annotations.get(MOUNTABLE) == "true"
    if new.metadata.annotations.get(MOUNTABLE) == "true" and not was:
        why = "deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets"
        yield f"metadata.annotations[{MOUNTABLE}]: {why}"
