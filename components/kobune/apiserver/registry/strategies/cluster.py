"""Namespaces and nodes."""

from typing import TYPE_CHECKING, Any

from kobune.apimachinery import names
from kobune.apiserver.registry.strategy import StatusOnlyStrategy

if TYPE_CHECKING:
    from kobune.apiserver.cache.view import View


class NamespaceStrategy(StatusOnlyStrategy):
    """A namespace goes only after everything in it has gone."""

    name_rule = staticmethod(names.dns_label)
    returns_deleted = True

    def prepare_create(self, new: Any, view: "View") -> None:
        new.ClearField("status")
        new.status.phase = "Active"
        if "kubernetes" not in new.spec.finalizers:
            new.spec.finalizers.append("kubernetes")

    def prepare_update(self, new: Any, old: Any) -> None:
        super().prepare_update(new, old)
        new.spec.CopyFrom(old.spec)

    def default(self, new: Any) -> None:
        if new.metadata.name:
            new.metadata.labels["kubernetes.io/metadata.name"] = new.metadata.name

    def may_go(self, old: Any) -> bool:
        return not old.spec.finalizers

    def mark_deleted(self, new: Any) -> None:
        new.status.phase = "Terminating"


class NodeStrategy(StatusOnlyStrategy):
    """A node."""

    def selectable_fields(self) -> dict[str, str]:
        return {"spec.unschedulable": "spec.unschedulable"}
