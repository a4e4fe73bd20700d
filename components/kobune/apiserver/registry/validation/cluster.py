"""Namespaces, nodes, leases and events."""

from collections.abc import Iterator
from typing import Any, Final

from kobune.apimachinery import names
from kobune.apimachinery.errors import FieldError
from kobune.apiserver.registry.validation import formats
from kobune.apiserver.registry.validation.causes import (
    duplicate,
    each,
    forbidden,
    invalid,
    required,
)
from kobune.apiserver.registry.validation.labels import label_key
from kobune.apiserver.registry.validation.pods.scheduling import taint_effect
from kobune.apiserver.registry.validation.resources import quantity_of

STANDARD_FINALIZERS: Final = frozenset({"kubernetes", "orphan", "foregroundDeletion"})
NOT_A_FINALIZER: Final = "name is neither a standard finalizer name nor is it fully qualified"


def namespace(new: Any) -> Iterator[FieldError]:
    """Check a Namespace."""
    for finalizer in new.spec.finalizers:
        yield from finalizer_name("spec.finalizers", finalizer)


def finalizer_name(at: str, name: str) -> Iterator[FieldError]:
    """Check the name of what has to let go of an object."""
    yield from each(at, name, names.qualified_name(name))
    if "/" not in name and name not in STANDARD_FINALIZERS:
        yield invalid(at, name, NOT_A_FINALIZER)


def namespace_finalize(new: Any, old: Any) -> Iterator[FieldError]:
    """Check who still has to let go of a Namespace."""
    for index, finalizer in enumerate(new.spec.finalizers):
        yield from finalizer_name(f"spec.finalizers[{index}]", finalizer)


def namespace_status(new: Any, old: Any) -> Iterator[FieldError]:
    """Check that a Namespace says that it goes if, and only if, it does."""
    deleted = new.metadata.HasField("deletionTimestamp")
    phase = new.status.phase
    if deleted and phase != "Terminating":
        yield invalid("status.Phase", phase, "may only be 'Terminating' if `deletionTimestamp` is not empty")
    if not deleted and phase != "Active":
        yield invalid("status.Phase", phase, "may only be 'Active' if `deletionTimestamp` is empty")


def node(new: Any) -> Iterator[FieldError]:
    """Check a Node."""
    yield from _taints("metadata.taints", new.spec.taints)
    for part in ("capacity", "allocatable"):
        for name, quantity in getattr(new.status, part).items():
            yield from quantity_of(f"status.{part}.{name}", name, quantity)


def new_node(new: Any) -> Iterator[FieldError]:
    """Check what only a new Node must fulfil."""
    at, cidrs = "spec.podCIDRs", list(new.spec.podCIDRs)
    for index, text in enumerate(cidrs):
        yield from formats.cidr(f"{at}[{index}]", text)
    if len(cidrs) > 1:
        versions = [network.version for text in cidrs if (network := formats.parse_cidr(text)) is not None]
        if len(cidrs) > 2 or sorted(versions) != [4, 6]:
            yield invalid(at, cidrs, "may specify no more than one CIDR for each IP family")
        for index, text in enumerate(cidrs):
            if text in cidrs[:index]:
                yield duplicate(f"{at}[{index}]", text)


def _taints(at: str, taints: Any) -> Iterator[FieldError]:
    taken: set[tuple[str, str]] = set()
    for index, taint in enumerate(taints):
        here = f"{at}[{index}]"
        yield from label_key(f"{here}.key", taint.key)
        if problems := names.label_value(taint.value):
            yield invalid(f"{here}.value", taint.value, ";".join(problems))
        yield from taint_effect(f"{here}.effect", taint.effect)
        if (taint.key, taint.effect) in taken:
            yield duplicate(here, taint, "taints must be unique by key and effect pair")
        taken.add((taint.key, taint.effect))


def node_update(new: Any, old: Any) -> Iterator[FieldError]:
    """Check that a Node keeps who it is."""
    seen: set[tuple[str, str]] = set()
    for index, address in enumerate(new.status.addresses):
        if (address.type, address.address) in seen:
            yield duplicate(f"status.addresses[{index}]", address)
        seen.add((address.type, address.address))
    now, was = list(new.spec.podCIDRs), list(old.spec.podCIDRs)
    why = 'node updates may not change podCIDR except from "" to valid'
    if was and len(now) != len(was):
        yield forbidden("spec.podCIDRs", why)
    else:
        for before, after in zip(was, now, strict=False):
            if before != after:
                yield forbidden("spec.podCIDRs", why)
    if old.spec.providerID and old.spec.providerID != new.spec.providerID:
        yield forbidden("spec.providerID", 'node updates may not change providerID except from "" to valid')
    if new.spec.externalID != old.spec.externalID:
        yield forbidden("spec.externalID", "may not be updated")


def lease(new: Any) -> Iterator[FieldError]:
    """Check a Lease."""
    spec = new.spec
    for name in ("leaseDurationSeconds", "leaseTransitions"):
        if not spec.HasField(name):
            continue
        value = getattr(spec, name)
        if name == "leaseDurationSeconds" and value <= 0:
            yield invalid(f"spec.{name}", value, "must be greater than 0")
        elif value < 0:
            yield invalid(f"spec.{name}", value, "must be greater than or equal to 0")
    if spec.HasField("strategy"):
        if spec.strategy:
            yield from each("spec.strategy", spec.strategy, names.qualified_name(spec.strategy))
        else:
            yield invalid("spec.strategy", spec.strategy, "must not be empty")
    if spec.preferredHolder and not spec.strategy:
        yield forbidden("spec.preferredHolder", "may only be specified when `strategy` is defined")


def event(new: Any) -> Iterator[FieldError]:
    """Check an Event: one with an `eventTime` says who reports what, an old one need not."""
    where, about = new.metadata.namespace, new.involvedObject.namespace
    at, why = "involvedObject.namespace", "does not match event.namespace"
    if not new.eventTime.seconds:
        if about != where and (about or where not in ("", "default")):
            yield invalid(at, about, why)
    else:
        if not about and where not in ("default", "kube-system"):
            yield invalid(at, about, why)
        if not new.reportingComponent:
            yield required("reportingComponent")
        yield from label_key("reportingComponent", new.reportingComponent)
        for name in ("reportingInstance", "action", "reason"):
            if not getattr(new, name):
                yield required(name)
            elif len(getattr(new, name).encode()) > 128:
                yield invalid(name, "", "can have at most 128 characters")
        if len(new.message.encode()) > 1024:
            yield invalid("message", "", "can have at most 1024 characters")
    yield from each("namespace", where, names.dns_subdomain(where))
