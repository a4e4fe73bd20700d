"""Namespaces, nodes, leases and events."""

from collections.abc import Mapping
from typing import Any

from kobune.apimachinery import names
from kobune.apiserver.registry.strategy import UncountedStrategy

NAME_LABEL = "kubernetes.io/metadata.name"
KEEPER = "kubernetes"
"""The finalizer of a namespace that goes once nothing is left in it."""


class NamespaceStrategy(UncountedStrategy):
    """A namespace goes only after everything in it has gone."""

    name_rule = staticmethod(names.dns_label)
    returns_deleted = True
    has_grace = False

    def default(self, new: Any) -> None:
        if new.metadata.name:
            new.metadata.labels[NAME_LABEL] = new.metadata.name

    def prepare_create(self, new: Any, view: Any) -> None:
        new.ClearField("status")
        new.status.phase = "Active"
        if KEEPER not in new.spec.finalizers:
            new.spec.finalizers.append(KEEPER)

    def prepare_update(self, new: Any, old: Any) -> None:
        super().prepare_update(new, old)
        new.spec.CopyFrom(old.spec)

    def may_go(self, old: Any) -> bool:
        return not old.spec.finalizers

    def mark_deleted(self, new: Any) -> None:
        new.status.phase = "Terminating"

    def selectable_fields(self) -> Mapping[str, str]:
        return {"status.phase": "status.phase"}


class NodeStrategy(UncountedStrategy):
    """A node may say at once how it is."""

    def prepare_create(self, new: Any, view: Any) -> None:
        """Keep the status: a kubelet registers with it."""

    def selectable_fields(self) -> Mapping[str, str]:
        return {"spec.unschedulable": "spec.unschedulable"}


class LeaseStrategy(UncountedStrategy):
    """A lease is created by whoever renews it first."""

    create_on_update = True


class EventStrategy(UncountedStrategy):
    """An event vanishes after an hour."""

    expires = True

    def selectable_fields(self) -> Mapping[str, str]:
        involved = ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")
        return {
            **{f"involvedObject.{name}": f"involvedObject.{name}" for name in involved},
            "reason": "reason",
            "reportingComponent": "reportingComponent",
            "source": "source.component",
            "type": "type",
        }
