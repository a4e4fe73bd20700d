"""What the claims of a pod ask of a node: which volumes they have, could have there, or would be given there.

Source: the documentation's *Persistent Volumes*, *Storage Classes* (volume binding mode, allowed topologies) and
*Storage Capacity*; KEP-490, KEP-1472.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from itertools import chain
from typing import Any

from kobune.api.core.v1 import Node, PersistentVolume, PersistentVolumeClaim
from kobune.api.storage.v1 import StorageClass
from kobune.apimachinery.quantity import parse
from kobune.apimachinery.selectors import from_label_selector
from kobune.apimachinery.volumes import (
    NO_PROVISIONER,
    SELECTED_NODE,
    bound_volume,
    class_of,
    fits_node,
    is_bound,
    is_for_pod,
    match,
    size_of,
    waits_for_consumer,
)
from kobune.scheduler.objects import Objects
from kobune.scheduler.podinfo import PodInfo

CLAIMS = "persistentvolumeclaims"
VOLUMES = "persistentvolumes"
CLASSES = "storageclasses"
NODE_CONFLICT = "node(s) didn't match PersistentVolume's node affinity"
NOTHING_TO_BIND = "node(s) didn't find available persistent volumes to bind"
NO_SPACE = "node(s) did not have enough free storage"
LOST = "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)"
UNBOUND = "pod has unbound immediate PersistentVolumeClaims"


class Unusable(Exception):
    """The claims of a pod keep it off every node; says why."""


@dataclass(frozen=True)
class Plan:
    """What has to be written before a pod can be on a node."""

    static: Sequence[tuple[PersistentVolume, PersistentVolumeClaim]] = ()
    """Volumes that nobody has, and the claims that get them."""
    dynamic: Sequence[PersistentVolumeClaim] = ()
    """Claims for which volumes are to be made that the node can reach."""


class Reach:
    """Volumes by where they can be reached from: most can be from everywhere, or from nodes with a certain label."""

    def __init__(self, volumes: Iterable[PersistentVolume]) -> None:
        self._everywhere: list[PersistentVolume] = []
        self._by_label: dict[str, dict[str, list[PersistentVolume]]] = {}
        """By label and its value."""
        self._others: list[PersistentVolume] = []
        for volume in volumes:
            terms = volume.spec.nodeAffinity.required.nodeSelectorTerms
            if not volume.spec.HasField("nodeAffinity") or volume.spec.HasField("claimRef"):
                self._everywhere.append(volume)  # whoever is kept for a claim is to be looked at everywhere
            if not volume.spec.HasField("nodeAffinity"):
                continue
            wanted = [one for term in terms for one in (*term.matchExpressions, *term.matchFields)]
            if len(terms) == len(wanted) == 1 and terms[0].matchExpressions and wanted[0].operator == "In":
                places = self._by_label.setdefault(wanted[0].key, {})
                for value in wanted[0].values:
                    places.setdefault(value, []).append(volume)
            else:
                self._others.append(volume)

    def key(self, name: str, labels: Mapping[str, str]) -> Hashable:
        """Return what is equal for nodes that reach the same volumes."""
        values = [value if (value := labels.get(key)) in places else None for key, places in self._by_label.items()]
        return (*values, *[fits_node(volume, name, labels) for volume in self._others])

    def of(self, storage_class: str, name: str, labels: Mapping[str, str]) -> Iterable[PersistentVolume]:
        """Return the volumes of a class that a node may reach, and those that are kept for a claim."""
        here = [places.get(labels.get(key, ""), ()) for key, places in self._by_label.items()]
        for volume in chain(self._everywhere, *here, self._others):
            if class_of(volume) == storage_class:
                yield volume


@dataclass
class Wanted:
    """The claims of a pod, as far as a node makes a difference."""

    objects: Objects
    bound: Sequence[tuple[PersistentVolumeClaim, PersistentVolume | None]] = ()
    """Claims with their volumes; None for one that is gone."""
    waiting: Sequence[PersistentVolumeClaim] = ()
    """Those that get their volume when the pod gets its node; the smallest first."""
    available: Mapping[str, Sequence[PersistentVolume]] = field(default_factory=dict)
    """By class: the volumes."""
    assumed: list[tuple[str, Any, Any]] = field(default_factory=list)
    """Of which kind what is taken to be written already, as it was and as it is to be."""
    _known: dict[Any, "Plan | Sequence[str]"] = field(default_factory=dict)
    """What was found out about nodes, by what makes a difference between them."""

    @property
    def asks_nodes(self) -> bool:
        """Whether nodes differ at all."""
        return bool(self.waiting) or any(
            volume is None or volume.spec.HasField("nodeAffinity") for _, volume in self.bound
        )

    def on(self, node: Node) -> Plan | Sequence[str]:
        """Return what has to be written for the pod to be on a node, or why it cannot be there."""
        name, labels = node.metadata.name, node.metadata.labels
        key = (
            self._reach.key(name, labels),
            tuple([labels.get(label) for label in self._topology]),
            name in self._chosen,
        )
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._on(name, labels)
        return known

    @cached_property
    def _reach(self) -> Reach:
        volumes = [volume for _, volume in self.bound if volume is not None]
        return Reach([*volumes, *(volume for offered in self.available.values() for volume in offered)])

    @cached_property
    def _topology(self) -> Sequence[str]:
        """The labels that say where volumes can be made."""
        classes = [self.objects.get(CLASSES, "", name) for name in self.available]
        terms = [term for found in classes if found is not None for term in found.allowedTopologies]
        keys = {wanted.key for term in terms for wanted in term.matchLabelExpressions}
        if any(found is not None and self._is_measured(found) for found in classes):
            for capacity in self.objects.list("csistoragecapacities"):
                keys |= {wanted.key for wanted in from_label_selector(capacity.nodeTopology).requirements}
        return sorted(keys)

    @cached_property
    def _chosen(self) -> frozenset[str]:
        """The nodes that claims say they are for."""
        said = (claim.metadata.annotations.get(SELECTED_NODE, "") for claim in self.waiting)
        return frozenset(node for node in said if node)

    def _is_measured(self, storage_class: StorageClass) -> bool:
        """Whether it is told how much room there is for volumes of a class."""
        driver = self.objects.get("csidrivers", "", storage_class.provisioner)
        return driver is not None and bool(driver.spec.storageCapacity)

    def _on(self, name: str, labels: Mapping[str, str]) -> Plan | Sequence[str]:
        reasons = []
        if not all(volume is None or fits_node(volume, name, labels) for _, volume in self._present):
            reasons.append(NODE_CONFLICT)
        found = self._unbound(name, labels)
        if isinstance(found, str):
            reasons.append(found)
        if len(self._present) < len(self.bound):
            reasons.append(LOST)
        return found if not reasons and not isinstance(found, str) else tuple(reasons)

    @property
    def _present(self) -> Sequence[tuple[PersistentVolumeClaim, PersistentVolume | None]]:
        """The bound claims before the first whose volume is gone: nobody looks any further."""
        gone = next((at for at, (_, volume) in enumerate(self.bound) if volume is None), len(self.bound))
        return self.bound[:gone]

    def _unbound(self, name: str, labels: Mapping[str, str]) -> Plan | str:
        chosen = [claim.metadata.annotations.get(SELECTED_NODE) for claim in self.waiting]
        if any(one is not None and one != name for one in chosen):
            return NOTHING_TO_BIND
        static: list[tuple[PersistentVolume, PersistentVolumeClaim]] = []
        dynamic = [claim for claim, one in zip(self.waiting, chosen, strict=True) if one is not None]
        for claim, one in zip(self.waiting, chosen, strict=True):
            if one is not None:
                continue
            taken = [volume.metadata.name for volume, _ in static]
            offered = self._reach.of(class_of(claim), name, labels)
            volume = match(claim, offered, node=(name, labels), taken=taken)
            if volume is None:
                dynamic.append(claim)
            else:
                static.append((volume, claim))
        for claim in dynamic:
            if why := self._cannot_be_made(claim, labels):
                return why
        return Plan(static, dynamic)

    def _cannot_be_made(self, claim: PersistentVolumeClaim, labels: Mapping[str, str]) -> str:
        storage_class = self.objects.get(CLASSES, "", class_of(claim))
        if storage_class is None or storage_class.provisioner in ("", NO_PROVISIONER):
            return NOTHING_TO_BIND
        terms = storage_class.allowedTopologies
        if terms and not any(
            all(labels.get(wanted.key) in wanted.values for wanted in term.matchLabelExpressions)
            for term in terms
            if term.matchLabelExpressions
        ):
            return NOTHING_TO_BIND
        if not self._is_measured(storage_class):
            return ""
        capacities = self.capacities(storage_class.metadata.name, labels)
        return "" if any(size_of(claim) <= largest for _, largest in capacities) else NO_SPACE

    def capacities(self, storage_class: str, labels: Mapping[str, str]) -> Iterable[tuple[Decimal, Decimal]]:
        """Yield what a node can still get of a class, in all and for one volume."""
        for found in self.objects.list("csistoragecapacities"):
            if found.storageClassName != storage_class or not found.HasField("nodeTopology"):
                continue
            if not from_label_selector(found.nodeTopology).matches(labels):
                continue
            left = parse(found.capacity.string) if found.HasField("capacity") else None
            largest = parse(found.maximumVolumeSize.string) if found.HasField("maximumVolumeSize") else left
            if largest is not None:
                yield left if left is not None else largest, largest

    def assume(self, plan: Plan, node: str) -> None:
        """Take what a plan says for done: the next pods are not to count on the same volumes."""
        for volume, claim in plan.static:
            self._assume(VOLUMES, volume, bound_volume(volume, claim))
        for claim in plan.dynamic:
            if claim.metadata.annotations.get(SELECTED_NODE) == node:
                continue
            copy = PersistentVolumeClaim()
            copy.CopyFrom(claim)
            copy.metadata.annotations[SELECTED_NODE] = node
            self._assume(CLAIMS, claim, copy)

    def _assume(self, plural: str, before: Any, after: Any) -> None:
        if after is not before:
            self.assumed.append((plural, before, after))
            self.objects.set(plural, after)

    def forget(self) -> None:
        """Take back what was assumed, as far as nothing newer is known."""
        for plural, before, after in self.assumed:
            if self.objects.get(plural, after.metadata.namespace, after.metadata.name) is after:
                self.objects.set(plural, before)
        self.assumed.clear()


def wanted(pod: PodInfo, objects: Objects) -> Wanted:
    """Return what the claims of a pod ask of nodes; `Unusable` if there is one that no node could help."""
    claims = [_usable(pod, objects, name, own) for name, own in pod.claims]
    bound = [(claim, objects.get(VOLUMES, "", claim.spec.volumeName)) for claim in claims if is_bound(claim)]
    waiting = [claim for claim in claims if not is_bound(claim)]
    for claim in waiting:
        if claim.spec.volumeName or not waits_for_consumer(objects.get(CLASSES, "", class_of(claim))):
            raise Unusable(UNBOUND)
    classes: dict[str, list[PersistentVolume]] = {class_of(claim): [] for claim in waiting}
    for volume in objects.list(VOLUMES) if waiting else ():
        if (offered := classes.get(class_of(volume))) is not None:
            offered.append(volume)
    return Wanted(objects, bound, sorted(waiting, key=size_of), classes)


def _usable(pod: PodInfo, objects: Objects, name: str, own: bool) -> PersistentVolumeClaim:
    """Return a claim that nothing is wrong with."""
    claim: PersistentVolumeClaim | None = objects.get(CLAIMS, pod.metadata.namespace, name)
    if claim is None:
        if own:
            raise Unusable(f'waiting for ephemeral volume controller to create the persistentvolumeclaim "{name}"')
        raise Unusable(missing(name))
    if claim.status.phase == "Lost":
        volume = claim.spec.volumeName
        raise Unusable(f'persistentvolumeclaim "{name}" bound to non-existent persistentvolume "{volume}"')
    if claim.metadata.HasField("deletionTimestamp"):
        raise Unusable(f'persistentvolumeclaim "{name}" is being deleted')
    if own and not is_for_pod(claim, pod.pod):
        raise Unusable(f"PVC {claim.metadata.namespace}/{name} was not created for pod {pod.key} (pod is not owner)")
    return claim


def missing(name: str) -> str:
    """Return that there is no claim of a name."""
    return f'persistentvolumeclaim "{name}" not found'
