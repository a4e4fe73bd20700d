"""What every object's metadata must fulfil, whatever its kind."""

from collections.abc import Iterator
from typing import Any, Final

from kobune.apimachinery import codec, names
from kobune.apimachinery.errors import FieldError
from kobune.apimachinery.names import Rule
from kobune.apiserver.registry.resource import Resource
from kobune.apiserver.registry.validation.causes import IMMUTABLE, each, forbidden, invalid, required
from kobune.apiserver.registry.validation.labels import annotations, labels

FROZEN: Final = ("name", "namespace", "uid")
FROZEN_TIMES: Final = ("creationTimestamp", "deletionTimestamp")
STANDARD_FINALIZERS: Final = ("orphan", "foregroundDeletion", "kubernetes")
BANNED_OWNERS: Final = (("v1", "Event"),)
NEEDED: Final = (
    ("apiVersion", "version must not be empty"),
    ("kind", "must not be empty"),
    ("name", "must not be empty"),
    ("uid", "must not be empty"),
)


def metadata(resource: Resource, new: Any) -> Iterator[FieldError]:
    """Yield what is wrong with the names, labels, annotations, owners and finalizers of an object."""
    meta = new.metadata
    rule = resource.strategy.name_rule
    if meta.generateName:
        yield from each("metadata.generateName", meta.generateName, of_beginning(rule, meta.generateName))
    if not meta.name:
        yield required("metadata.name", "name or generateName is required")
    else:
        for problem in rule(meta.name):
            yield invalid("metadata.name", meta.name, problem)
    yield from _descriptive(meta)
    if meta.finalizers:
        yield from _finalizers(meta.finalizers)
        if not resource.strategy.free_finalizers:
            yield from _standard_finalizers(meta.finalizers)


def metadata_update(resource: Resource, new: Any, old: Any, *, is_status: bool) -> list[FieldError]:
    """Return what is wrong with the metadata of a changed object.

    Some causes come twice or three times: kinds repeat the rules that all have in common, and clients see how often.
    """
    strategy = resource.strategy
    found = list(_change(new.metadata, old.metadata))
    if strategy.repeats_metadata:
        found += found
        if new.metadata.finalizers and not strategy.free_finalizers:
            found += _standard_finalizers(new.metadata.finalizers)
    if strategy.rechecks_metadata and not is_status:
        found += metadata(resource, new)
    return found


def of_beginning(rule: Rule, name: str) -> list[str]:
    """Return what is wrong with the beginning of a name, to which something will be added: it may end in a hyphen."""
    return rule(f"{name[:-2]}a" if len(name) > 1 and name.endswith("-") else name)


def embedded_metadata(meta: Any) -> Iterator[FieldError]:
    """Yield what is wrong with the metadata of an object inside of another one, which need not have a name."""
    for problem in names.path_segment(meta.name):
        yield invalid("metadata.name", meta.name, problem)
    for problem in names.dns_label(meta.namespace) if meta.namespace else ():
        yield invalid("metadata.namespace", meta.namespace, problem)
    yield from _descriptive(meta)
    yield from _finalizers(meta.finalizers)


def _descriptive(meta: Any) -> Iterator[FieldError]:
    """Check what says something about an object: labels, annotations and owners."""
    if meta.labels:
        yield from labels("metadata.labels", meta.labels)
    if meta.annotations:
        yield from annotations("metadata.annotations", meta.annotations)
    if meta.ownerReferences:
        yield from _owners(meta.ownerReferences)


def _change(meta: Any, before: Any) -> Iterator[FieldError]:
    """Check what an update of the metadata may do: not change who the object is, nor add finalizers to a dying one."""
    if before.HasField("deletionTimestamp") and (added := set(meta.finalizers) - set(before.finalizers)):
        found = ", ".join(f'"{name}"' for name in sorted(added))
        why = "no new finalizers can be added if the object is being deleted, found new finalizers"
        yield forbidden("metadata.finalizers", f"{why} []string{{{found}}}")
    for name in FROZEN:
        if (after := getattr(meta, name)) != getattr(before, name):
            yield invalid(f"metadata.{name}", after, IMMUTABLE)
    for name in FROZEN_TIMES:
        if getattr(meta, name) != getattr(before, name):
            yield invalid(f"metadata.{name}", codec.encode(meta).get(name), IMMUTABLE)
    if meta.deletionGracePeriodSeconds != before.deletionGracePeriodSeconds:
        yield invalid("metadata.deletionGracePeriodSeconds", meta.deletionGracePeriodSeconds, IMMUTABLE)
    yield from _descriptive(meta)


def _finalizers(finalizers: Any) -> Iterator[FieldError]:
    for name in finalizers:
        for problem in names.qualified_name(name):
            yield invalid("metadata.finalizers", name, problem)
    if "orphan" in finalizers and "foregroundDeletion" in finalizers:
        why = "finalizer orphan and foregroundDeletion cannot be both set"
        yield invalid("metadata.finalizers", finalizers, why)


def _standard_finalizers(finalizers: Any) -> Iterator[FieldError]:
    for index, name in enumerate(finalizers):
        if "/" not in name and name not in STANDARD_FINALIZERS:
            why = "name is neither a standard finalizer name nor is it fully qualified"
            yield invalid(f"metadata.finalizers[{index}]", name, why)


def _owners(owners: Any) -> Iterator[FieldError]:
    first = ""
    for index, owner in enumerate(owners):
        field = f"metadata.ownerReferences[{index}]"
        for name, why in NEEDED:
            if not getattr(owner, name):
                yield invalid(f"{field}.{name}", "", why)
        if (owner.apiVersion, owner.kind) in BANNED_OWNERS:
            yield invalid(field, owner, f"/v1, Kind={owner.kind} is disallowed from being an owner")
        if owner.controller:
            this = f"{owner.kind}/{owner.name}"
            if first:
                why = f'Only one reference can have Controller set to true. Found "true" in references for {first}'
                yield invalid("metadata.ownerReferences", owners, f"{why} and {this}")
            first = first or this
