"""What every object's metadata must fulfil, whatever its kind."""

from collections.abc import Iterator, Mapping
from typing import Any

from kobune.apimachinery import names
from kobune.apimachinery.errors import FieldError
from kobune.apiserver.registry.resource import Resource
from kobune.apiserver.registry.validation import forbidden, invalid, labels, required

ANNOTATIONS_LIMIT = 256 * 1024
FROZEN = ("name", "namespace", "uid", "creationTimestamp")


def metadata(resource: Resource, new: Any) -> Iterator[FieldError]:
    """Yield what is wrong with the names, labels, annotations, owners and finalizers of an object."""
    meta = new.metadata
    if not meta.name:
        yield required("metadata.name", "name or generateName is required")
    else:
        for problem in resource.strategy.name_rule(meta.name):
            yield invalid("metadata.name", meta.name, problem)
    yield from labels("metadata.labels", meta.labels)
    yield from annotations(meta.annotations, "metadata.annotations")
    yield from _owners(meta.ownerReferences)
    free = resource.strategy.free_finalizers
    for finalizer in meta.finalizers:
        for problem in names.qualified_name(finalizer):
            yield invalid("metadata.finalizers", finalizer, problem)
        if free:
            continue
        if "/" not in finalizer and finalizer not in ("orphan", "foregroundDeletion", "kubernetes"):
            yield invalid(
                "metadata.finalizers", finalizer, "name is neither a standard finalizer name nor is it fully qualified"
            )


def embedded_metadata(meta: Any) -> Iterator[FieldError]:
    """Yield what is wrong with the metadata of an object inside of another one, which need not have a name."""
    for problem in names.path_segment(meta.name):
        yield invalid("metadata.name", meta.name, problem)
    for problem in names.dns_label(meta.namespace) if meta.namespace else ():
        yield invalid("metadata.namespace", meta.namespace, problem)
    yield from labels("metadata.labels", meta.labels)
    yield from annotations(meta.annotations, "metadata.annotations")
    yield from _owners(meta.ownerReferences)
    for finalizer in meta.finalizers:
        for problem in names.qualified_name(finalizer):
            yield invalid("metadata.finalizers", finalizer, problem)


def annotations(found: Mapping[str, str], field: str) -> Iterator[FieldError]:
    """Yield what is wrong with annotations."""
    size = 0
    for key, value in found.items():
        for problem in names.qualified_name(key.lower()):
            yield invalid(field, key, problem)
        size += len(key) + len(value)
    if size > ANNOTATIONS_LIMIT:
        why = f"Too long: may not be more than {ANNOTATIONS_LIMIT} bytes"
        yield FieldError("FieldValueTooLong", field, why)


def metadata_update(new: Any, old: Any) -> Iterator[FieldError]:
    """Yield what an update of the metadata may not do: change who the object is, or add finalizers to a dying one."""
    for name in FROZEN:
        before, after = getattr(old.metadata, name), getattr(new.metadata, name)
        if before != after:
            yield invalid(f"metadata.{name}", str(after), "field is immutable")
    added = set(new.metadata.finalizers) - set(old.metadata.finalizers)
    if added and old.metadata.HasField("deletionTimestamp"):
        found = ", ".join(f'"{name}"' for name in sorted(added))
        why = "no new finalizers can be added if the object is being deleted, found new finalizers"
        yield forbidden("metadata.finalizers", f"{why} []string{{{found}}}")


def _owners(owners: Any) -> Iterator[FieldError]:
    controllers = []
    for index, owner in enumerate(owners):
        field = f"metadata.ownerReferences[{index}]"
        for name, why in (
            ("apiVersion", "version must not be empty"),
            ("kind", "must not be empty"),
            ("name", "must not be empty"),
            ("uid", "must not be empty"),
        ):
            if not getattr(owner, name):
                yield invalid(f"{field}.{name}", "", why)
        if owner.controller:
            controllers.append(owner)
    if len(controllers) > 1:
        first, second = controllers[:2]
        yield invalid(
            "metadata.ownerReferences",
            "",
            'Only one reference can have Controller set to true. Found "true" in references for '
            f"{first.kind}/{first.name} and {second.kind}/{second.name}",
        )
