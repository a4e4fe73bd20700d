"""Persistent volumes, and what provides them: classes, CSI drivers, attachments, capacities."""

import posixpath
from collections.abc import Iterator
from typing import Any, Final

from kobune.apimachinery import codec, names
from kobune.apimachinery.errors import FieldError
from kobune.apiserver.registry.validation.causes import (
    IMMUTABLE,
    duplicate,
    each,
    forbidden,
    invalid,
    known,
    not_negative,
    required,
    too_long,
    unsupported,
)
from kobune.apiserver.registry.validation.claims import VOLUME_MODES, access_modes
from kobune.apiserver.registry.validation.frozen import frozen
from kobune.apiserver.registry.validation.labels import label_key, label_selector
from kobune.apiserver.registry.validation.pods.scheduling import node_selector
from kobune.apiserver.registry.validation.resources import basic_quantity, not_negative_quantity, positive_quantity
from kobune.apiserver.registry.validation.shown import difference
from kobune.apiserver.registry.validation.volume_sources import (
    csi_driver_name,
    iscsi_name_length,
    source_rules,
)

RECLAIM_POLICIES: Final = ("Delete", "Recycle", "Retain")
INLINE: Final = "in the context of inline volumes"
PARAMETERS: Final = 512
PARAMETERS_SIZE: Final = 256 * 1024
GA_LABELS: Final = {
    "failure-domain.beta.kubernetes.io/zone": "topology.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/region": "topology.kubernetes.io/region",
    "beta.kubernetes.io/os": "kubernetes.io/os",
    "beta.kubernetes.io/arch": "kubernetes.io/arch",
    "beta.kubernetes.io/instance-type": "node.kubernetes.io/instance-type",
}
ORDER: Final = (
    *("hostPath", "gcePersistentDisk", "awsElasticBlockStore", "glusterfs", "flocker", "nfs", "rbd", "quobyte"),
    *("cephfs", "iscsi", "cinder", "fc", "flexVolume", "azureFile", "vsphereVolume", "photonPersistentDisk"),
    *("portworxVolume", "azureDisk", "scaleIO", "local", "storageos", "csi"),
)
RANKS: Final = {name: rank for rank, name in enumerate(ORDER)}


def persistent_volume(new: Any) -> Iterator[FieldError]:
    """Check a PersistentVolume."""
    return volume_spec("spec", new.spec, new.metadata.name)


def volume_spec(at: str, spec: Any, name: str, *, inline: bool = False) -> Iterator[FieldError]:
    """Check what a volume is; `inline` if it is described within an attachment."""
    source = spec.persistentVolumeSource
    if inline:
        yield from _inline(at, spec)
    yield from access_modes(f"{at}.accessModes", spec.accessModes)
    if not inline:
        yield from _capacity(f"{at}.capacity", spec.capacity)
        yield from _policies(at, spec)
    yield from _sources(at, source, name)
    if source.HasField("local") and not (spec.HasField("nodeAffinity") and not inline):
        yield required(f"{at}.nodeAffinity", "Local volume requires node affinity")
    is_root = source.HasField("hostPath") and posixpath.normpath(source.hostPath.path or ".") in ("/", "//")
    if is_root and spec.persistentVolumeReclaimPolicy == "Recycle":
        yield forbidden(f"{at}.persistentVolumeReclaimPolicy", "may not be 'recycle' for a hostPath mount of '/'")
    if spec.HasField("volumeAttributesClassName") and not inline:
        here, value = f"{at}.volumeAttributesClassName", spec.volumeAttributesClassName
        if not value:
            yield required(here, "an empty string is disallowed")
        else:
            yield from each(here, value, names.dns_subdomain(value))
        if not source.HasField("csi"):
            yield required(f"{at}.csi", "has to be specified when using volumeAttributesClassName")


def _inline(at: str, spec: Any) -> Iterator[FieldError]:
    for name in ("claimRef", "nodeAffinity"):
        if spec.HasField(name):
            yield forbidden(f"{at}.{name}", f"may not be specified {INLINE}")
    for name in ("capacity", "storageClassName"):
        if getattr(spec, name):
            yield forbidden(f"{at}.{name}", f"may not be specified {INLINE}")
    if not spec.persistentVolumeSource.HasField("csi"):
        yield required(f"{at}.csi", f"has to be specified {INLINE}")
    if spec.persistentVolumeReclaimPolicy not in ("", "Retain"):
        yield forbidden(f"{at}.persistentVolumeReclaimPolicy", f"may only be Retain {INLINE}")
    if spec.volumeMode not in ("", "Filesystem"):
        yield forbidden(f"{at}.volumeMode", f"may not specify volumeMode other than Filesystem {INLINE}")


def _capacity(at: str, capacity: Any) -> Iterator[FieldError]:
    if not capacity:
        yield required(at)
    if "storage" not in capacity or len(capacity) > 1:
        yield unsupported(at, capacity, ("storage",))
    for name, quantity in capacity.items():
        yield from basic_quantity(f"{at}[{name}]", quantity)
        yield from positive_quantity(f"{at}[{name}]", quantity)


def _policies(at: str, spec: Any) -> Iterator[FieldError]:
    policy = spec.persistentVolumeReclaimPolicy
    if policy and policy not in RECLAIM_POLICIES:
        yield unsupported(f"{at}.persistentVolumeReclaimPolicy", policy, RECLAIM_POLICIES)
    if spec.HasField("nodeAffinity"):
        if spec.nodeAffinity.HasField("required"):
            yield from node_selector(f"{at}.nodeAffinity.required", spec.nodeAffinity.required)
        else:
            yield required(f"{at}.nodeAffinity.required", "must specify required node constraints")
    if spec.storageClassName:
        yield from each(f"{at}.storageClassName", spec.storageClassName, names.dns_subdomain(spec.storageClassName))
    yield from known(f"{at}.volumeMode", spec, "volumeMode", VOLUME_MODES)


def _sources(at: str, source: Any, name: str) -> Iterator[FieldError]:
    present = sorted((field.name for field, _ in source.ListFields()), key=RANKS.__getitem__)
    if not present:
        yield required(at, "must specify a volume type")
        return
    first, *others = present
    yield from source_rules(at, first, getattr(source, first))
    if first == "iscsi":
        yield from iscsi_name_length(f"{at}.iscsi", name, source.iscsi, field="targetportal")
    for other in others:
        yield forbidden(f"{at}.{'cephFS' if other == 'cephfs' else other}", "may not specify more than 1 volume type")


def persistent_volume_update(new: Any, old: Any) -> Iterator[FieldError]:
    """Check that a volume stays what it is."""
    source, before = type(new.spec.persistentVolumeSource)(), old.spec.persistentVolumeSource
    source.CopyFrom(new.spec.persistentVolumeSource)
    if before.HasField("csi") and not before.csi.HasField("controllerExpandSecretRef") and source.HasField("csi"):
        source.csi.ClearField("controllerExpandSecretRef")
    if not codec.same(source, before):
        why = f"spec.persistentvolumesource is immutable after creation\n{difference(before, source)}"
        yield forbidden("spec.persistentvolumesource", why)
    if new.spec.volumeMode != old.spec.volumeMode:
        yield invalid("volumeMode", new.spec.volumeMode if new.spec.HasField("volumeMode") else None, IMMUTABLE)
    if old.spec.HasField("nodeAffinity"):
        affinity = type(old.spec.nodeAffinity)()
        affinity.CopyFrom(old.spec.nodeAffinity)
        _rename_labels(affinity, new.spec.nodeAffinity)
        if not new.spec.HasField("nodeAffinity") or not codec.same(affinity, new.spec.nodeAffinity):
            value = new.spec.nodeAffinity if new.spec.HasField("nodeAffinity") else None
            yield invalid("nodeAffinity", value, "field is immutable, except for updating from beta label to GA")
    if old.spec.HasField("volumeAttributesClassName") and not new.spec.HasField("volumeAttributesClassName"):
        yield forbidden("spec.volumeAttributesClassName", "update from non-nil value to nil is forbidden")


def _rename_labels(affinity: Any, wanted: Any) -> None:
    """Give labels of nodes the newer names where somebody wants them so."""
    for term, new in zip(affinity.required.nodeSelectorTerms, wanted.required.nodeSelectorTerms, strict=False):
        for expression, after in zip(term.matchExpressions, new.matchExpressions, strict=False):
            if GA_LABELS.get(expression.key) == after.key:
                expression.key = after.key


def storage_class(new: Any) -> Iterator[FieldError]:
    """Check a StorageClass."""
    yield from _provisioner("provisioner", new.provisioner)
    yield from _parameters("parameters", new.parameters)
    yield from known("reclaimPolicy", new, "reclaimPolicy", ("Delete", "Retain"))
    yield from known("volumeBindingMode", new, "volumeBindingMode", ("Immediate", "WaitForFirstConsumer"))
    seen: list[dict[str, set[str]]] = []
    for index, term in enumerate(new.allowedTopologies):
        at = f"allowedTopologies[{index}]"
        found: dict[str, set[str]] = {}
        for position, expression in enumerate(term.matchLabelExpressions):
            here = f"{at}.matchLabelExpressions[{position}]"
            if not expression.values:
                yield required(f"{here}.values")
            for place, value in enumerate(expression.values):
                if value in expression.values[:place]:
                    yield duplicate(f"{here}.values[{place}]", value)
            yield from label_key(f"{here}.key", expression.key)
            if expression.key in found:
                yield duplicate(f"{here}.key", expression.key)
            found[expression.key] = set(expression.values)
        if found in seen:
            yield duplicate(f"{at}.matchLabelExpressions", "")
        seen.append(found)


def _provisioner(at: str, name: str) -> Iterator[FieldError]:
    if not name:
        yield required(at)
    else:
        yield from each(at, name.lower(), names.qualified_name(name.lower()))


def _parameters(at: str, found: Any) -> Iterator[FieldError]:
    if len(found) > PARAMETERS:
        yield too_long(at, PARAMETERS)
        return
    if "" in found:
        yield invalid(at, "", "field can not be empty.")
    if sum(len(key.encode()) + len(value.encode()) for key, value in found.items()) > PARAMETERS_SIZE:
        yield too_long(at, PARAMETERS_SIZE)


storage_class_update = frozen("parameters", "provisioner", "reclaimPolicy", "volumeBindingMode")
"""Check that a class stays what it was."""


def attributes_class(new: Any) -> Iterator[FieldError]:
    """Check a VolumeAttributesClass."""
    yield from _provisioner("driverName", new.driverName)
    yield from _parameters("parameters", new.parameters)
    if not new.parameters:
        yield required("parameters", "must contain at least one key/value pair")


def attributes_class_update(new: Any, old: Any) -> Iterator[FieldError]:
    """Check that a VolumeAttributesClass stays what it was."""
    for name in ("driverName", "parameters"):
        if getattr(new, name) != getattr(old, name):
            yield forbidden(name, f"updates to {name} are forbidden.")


def attachment(new: Any) -> Iterator[FieldError]:
    """Check a VolumeAttachment."""
    spec, at = new.spec, "spec.source"
    by_name, inline = spec.source.HasField("persistentVolumeName"), spec.source.HasField("inlineVolumeSpec")
    name = spec.source.persistentVolumeName
    if not spec.attacher:
        yield required("spec.attacher")
    exactly = "must specify exactly one of inlineVolumeSpec and persistentVolumeName"
    if by_name and inline:
        yield forbidden(at, exactly)
    elif by_name:
        if not name:
            yield required(f"{at}.persistentVolumeName", "must specify non empty persistentVolumeName")
    elif inline:
        yield from volume_spec(f"{at}.inlineVolumeSpec", spec.source.inlineVolumeSpec, "", inline=True)
    else:
        yield required(at, exactly)
    yield from each("spec.nodeName", spec.nodeName, names.dns_subdomain(spec.nodeName))


def new_attachment(new: Any) -> Iterator[FieldError]:
    """Check what only a new VolumeAttachment must fulfil."""
    if new.spec.attacher:
        yield from csi_driver_name("spec.attacher", new.spec.attacher)
    if new.spec.source.HasField("persistentVolumeName"):
        name = new.spec.source.persistentVolumeName
        yield from each("spec.source.persistentVolumeName", name, names.dns_subdomain(name))


def attachment_update(new: Any, old: Any) -> Iterator[FieldError]:
    """Check that a VolumeAttachment stays what it was."""
    if not codec.same(new.spec, old.spec):
        yield invalid("spec", new.spec, IMMUTABLE)


def csi_driver(new: Any) -> Iterator[FieldError]:
    """Check a CSIDriver."""
    spec = new.spec
    policies = ("File", "None", "ReadWriteOnceWithFSType")
    yield from known("spec.fsGroupPolicy", spec, "fsGroupPolicy", policies)
    audiences: set[str] = set()
    for index, request in enumerate(spec.tokenRequests):
        at = f"spec.tokenRequests[{index}]"
        if request.audience in audiences:
            yield duplicate(f"{at}.audience", request.audience)
            continue
        audiences.add(request.audience)
        if request.HasField("expirationSeconds"):
            seconds, here = request.expirationSeconds, f"{at}.expirationSeconds"
            if seconds < 600:
                yield invalid(here, seconds, "may not specify a duration less than 10 minutes")
            if seconds > 2**32:
                yield invalid(here, seconds, "may not specify a duration larger than 2^32 seconds")
    for mode in spec.volumeLifecycleModes:
        if mode not in ("Persistent", "Ephemeral"):
            yield unsupported("spec.volumeLifecycleModes", mode, ("Persistent", "Ephemeral"))
    if spec.HasField("nodeAllocatableUpdatePeriodSeconds") and spec.nodeAllocatableUpdatePeriodSeconds < 10:
        why = "must be greater than or equal to 10 seconds"
        yield invalid("spec.nodeAllocatableUpdatePeriodSeconds", spec.nodeAllocatableUpdatePeriodSeconds, why)


def csi_driver_update(new: Any, old: Any) -> Iterator[FieldError]:
    """Check that a CSIDriver works as it did."""
    if new.spec.attachRequired != old.spec.attachRequired:
        yield invalid("spec.attachedRequired", new.spec.attachRequired, IMMUTABLE)
    if list(new.spec.volumeLifecycleModes) != list(old.spec.volumeLifecycleModes):
        yield invalid("spec.volumeLifecycleModes", new.spec.volumeLifecycleModes, IMMUTABLE)


def csi_node(new: Any) -> Iterator[FieldError]:
    """Check a CSINode."""
    taken: set[str] = set()
    for index, driver in enumerate(new.spec.drivers):
        at = f"spec.drivers[{index}]"
        yield from csi_driver_name(f"{at}.name", driver.name)
        if not driver.nodeID:
            yield required(f"{at}.nodeID")
        if len(driver.nodeID.encode()) > 256:
            yield invalid(f"{at}.nodeID", driver.nodeID, "must be 256 characters or less")
        if driver.allocatable.HasField("count"):
            yield from not_negative(f"{at}.allocatable.count", driver.allocatable.count)
        if driver.name in taken:
            yield duplicate(f"{at}.name", driver.name)
        taken.add(driver.name)
        for place, key in enumerate(driver.topologyKeys):
            if not key:
                yield required(at)
            if key in driver.topologyKeys[:place]:
                yield duplicate(at, key)
            yield from label_key(at, key)


def csi_node_update(new: Any, old: Any) -> Iterator[FieldError]:
    """Check that the drivers of a node stay what they were, but for how much they allow."""
    before = {driver.name: driver for driver in old.spec.drivers}
    for driver in new.spec.drivers:
        if driver.name not in before:
            continue
        after, was = type(driver)(), type(driver)()
        after.CopyFrom(driver)
        was.CopyFrom(before[driver.name])
        for item in (after, was):
            item.ClearField("allocatable")
        if not codec.same(after, was):
            yield invalid("spec.drivers", after, IMMUTABLE)


def storage_capacity(new: Any) -> Iterator[FieldError]:
    """Check a CSIStorageCapacity."""
    if new.HasField("nodeTopology"):
        yield from label_selector("nodeTopology", new.nodeTopology)
    yield from each("storageClassName", new.storageClassName, names.dns_subdomain(new.storageClassName))
    if new.HasField("capacity"):
        yield from not_negative_quantity("capacity", new.capacity)


def storage_capacity_update(new: Any, old: Any) -> Iterator[FieldError]:
    """Check that a CSIStorageCapacity is about the same storage."""
    if not codec.same(new.nodeTopology, old.nodeTopology):
        yield invalid("nodeTopology", new.nodeTopology if new.HasField("nodeTopology") else None, IMMUTABLE)
    if new.storageClassName != old.storageClassName:
        yield invalid("storageClassName", new.storageClassName, IMMUTABLE)
