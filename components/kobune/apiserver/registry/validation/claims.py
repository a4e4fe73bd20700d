"""Claims of storage, and what pods and claims say of the storage they want."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from kobune.apimachinery import codec, names
from kobune.apimachinery.errors import FieldError
from kobune.apiserver.registry.validation.causes import (
    each,
    forbidden,
    invalid,
    known,
    required,
    unsupported,
)
from kobune.apiserver.registry.validation.labels import annotations, label_selector, labels
from kobune.apiserver.registry.validation.resources import (
    amount,
    basic_quantity,
    is_native,
    positive_quantity,
    quantity_of,
)
from kobune.apiserver.registry.validation.shown import difference

ACCESS_MODES: Final = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
VOLUME_MODES: Final = ("Block", "Filesystem")
CLASS_ANNOTATION: Final = "volume.beta.kubernetes.io/storage-class"
FROZEN: Final = (
    "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"
)
RESIZE_STATES: Final = (
    *("ControllerResizeInProgress", "ControllerResizeInfeasible", "NodeResizeInProgress", "NodeResizeInfeasible"),
    "NodeResizePending",
)
TEMPLATE_METADATA: Final = frozenset({"labels", "annotations"})


def claim(new: Any) -> Iterator[FieldError]:
    """Check a PersistentVolumeClaim."""
    return claim_spec("spec", new.spec)


def claim_template(at: str, template: Any) -> Iterator[FieldError]:
    """Check the template of a claim in a pod: of its metadata only labels and annotations count."""
    meta = template.metadata
    yield from annotations(f"{at}.metadata.annotations", meta.annotations)
    yield from labels(f"{at}.metadata.labels", meta.labels)
    for field, _ in meta.ListFields():
        if field.name not in TEMPLATE_METADATA:
            yield forbidden(f"{at}.metadata.{field.name}", "cannot be set")
    yield from claim_spec(f"{at}.spec", template.spec)


def access_modes(at: str, modes: Any, why: str = "") -> Iterator[FieldError]:
    """Check how a volume may be mounted."""
    if not modes:
        yield required(at, why)
    for mode in modes:
        if mode not in ACCESS_MODES:
            yield unsupported(at, mode, ACCESS_MODES)
    if "ReadWriteOncePod" in modes and any(mode in ACCESS_MODES[:3] for mode in modes):
        yield forbidden(at, "may not use ReadWriteOncePod with other access modes")


def claim_spec(at: str, spec: Any) -> Iterator[FieldError]:
    """Check what a claim wants."""
    yield from access_modes(f"{at}.accessModes", spec.accessModes, "at least 1 access mode is required")
    if spec.HasField("selector"):
        yield from label_selector(f"{at}.selector", spec.selector)
    here = f"{at}.resources[storage]"
    if "storage" not in spec.resources.requests:
        yield required(here)
    else:
        yield from positive_quantity(here, spec.resources.requests["storage"])
    for name in ("storageClassName", "volumeAttributesClassName"):
        if value := getattr(spec, name):
            yield from each(f"{at}.{name}", value, names.dns_subdomain(value))
    yield from known(f"{at}.volumeMode", spec, "volumeMode", VOLUME_MODES)
    for name in ("dataSource", "dataSourceRef"):
        if spec.HasField(name):
            yield from _data_source(f"{at}.{name}", getattr(spec, name))
    yield from _data_sources_agree(at, spec)


def _data_source(at: str, source: Any) -> Iterator[FieldError]:
    for name in ("name", "kind"):
        if not getattr(source, name):
            yield required(f"{at}.{name}")
    if not source.apiGroup and source.kind != "PersistentVolumeClaim":
        why = "must be 'PersistentVolumeClaim' when referencing the default apiGroup"
        yield invalid(at, source.kind, why)
    if source.apiGroup:
        yield from each(f"{at}.apiGroup", source.apiGroup, names.dns_subdomain(source.apiGroup))
    if "namespace" in source.DESCRIPTOR.fields_by_name and source.namespace:
        yield from each(f"{at}.namespace", source.namespace, names.dns_label(source.namespace))


def _data_sources_agree(at: str, spec: Any) -> Iterator[FieldError]:
    if not (spec.HasField("dataSource") and spec.HasField("dataSourceRef")):
        return
    old, new = spec.dataSource, spec.dataSourceRef
    # The value that Kubernetes shows here is a path without public parts.
    if new.namespace:
        yield invalid(at, {}, "may not be specified when dataSourceRef.namespace is specified")
    elif (old.HasField("apiGroup"), old.apiGroup, old.kind, old.name) != (
        *(new.HasField("apiGroup"), new.apiGroup, new.kind),
        new.name,
    ):
        yield invalid(at, {}, "must match dataSourceRef")


def claim_update(new: Any, old: Any) -> Iterator[FieldError]:
    """Check that a claim stays what it was, but for its size once it is bound."""
    changed, before = type(new.spec)(), type(old.spec)()
    changed.CopyFrom(new.spec)
    before.CopyFrom(old.spec)
    if not before.volumeName:
        before.volumeName = changed.volumeName
    annotated, was = new.metadata.annotations, old.metadata.annotations
    if _moves_class(was, annotated, old.spec, new.spec):
        changed.ClearField("storageClassName")
    else:
        if annotated.get(CLASS_ANNOTATION, "") != was.get(CLASS_ANNOTATION, ""):
            at = f"metadata.annotations.{CLASS_ANNOTATION}"
            yield invalid(at, annotated.get(CLASS_ANNOTATION, ""), "field is immutable")
        if (
            new.spec.HasField("storageClassName")
            and not old.spec.HasField("storageClassName")
            and was.get(CLASS_ANNOTATION, new.spec.storageClassName) == new.spec.storageClassName
        ):
            changed.ClearField("storageClassName")
    if new.status.phase == "Bound" and changed.resources.requests and "storage" in old.spec.resources.requests:
        changed.resources.requests["storage"].CopyFrom(old.spec.resources.requests["storage"])
    for spec in (changed, before):
        spec.ClearField("volumeAttributesClassName")
    if not before.volumeName:
        before.ClearField("volumeName")
    codec.normalize(changed)
    codec.normalize(before)
    if not codec.same(changed, before):
        yield forbidden("spec", f"{FROZEN}\n{difference(before, changed)}")
    yield from _shrinks(new, old)
    if new.spec.volumeMode != old.spec.volumeMode:
        value = new.spec.volumeMode if new.spec.HasField("volumeMode") else None
        yield invalid("volumeMode", value, "field is immutable")
    at = "spec.volumeAttributesClassName"
    if old.spec.HasField("volumeAttributesClassName"):
        if not new.spec.HasField("volumeAttributesClassName"):
            yield forbidden(at, "update from non-nil value to nil is forbidden")
        elif not new.spec.volumeAttributesClassName and old.spec.volumeAttributesClassName:
            yield forbidden(at, "update from non-nil value to an empty string is forbidden")


def _moves_class(was: Mapping[str, str], now: Mapping[str, str], old: Any, new: Any) -> bool:
    """Whether the class moves from the annotation it once had to the field."""
    return (
        CLASS_ANNOTATION in was
        and not old.HasField("storageClassName")
        and new.HasField("storageClassName")
        and new.storageClassName == was[CLASS_ANNOTATION]
        and now.get(CLASS_ANNOTATION, was[CLASS_ANNOTATION]) == was[CLASS_ANNOTATION]
    )


def _shrinks(new: Any, old: Any) -> Iterator[FieldError]:
    def size(amounts: Any) -> Any:
        return amount(amounts["storage"]) if "storage" in amounts else 0

    wanted = size(new.spec.resources.requests)
    if wanted < size(old.spec.resources.requests) and wanted <= size(old.status.capacity):
        yield forbidden("spec.resources.requests.storage", "field can not be less than status.capacity")


def claim_status(new: Any, old: Any) -> Iterator[FieldError]:
    """Check what the status of a claim says."""
    if not new.spec.accessModes:
        yield required("Spec.accessModes")
    for name, quantity in new.status.capacity.items():
        yield from basic_quantity(f"status.capacity[{name}]", quantity)
    at = "status.allocatedResourceStatus"
    for name, state in new.status.allocatedResourceStatuses.items():
        yield from _resource_key(at, name)
        if state not in RESIZE_STATES:
            yield unsupported(at, name, sorted(RESIZE_STATES))
    for name, quantity in new.status.allocatedResources.items():
        causes = list(_resource_key("status.allocatedResources", name))
        yield from causes or quantity_of(f"status.allocatedResources[{name}]", "storage", quantity)


def _resource_key(at: str, name: str) -> Iterator[FieldError]:
    if problems := names.qualified_name(name):
        yield from each(at, name, problems)
    elif is_native(name) and name != "storage":
        yield unsupported(at, name, ("storage",))
