"""Namespaces, nodes, classes of pods, leases and events."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from kobune.apimachinery import names
from kobune.apiserver.registry.advice.cluster import node_warnings, runtime_class_warnings
from kobune.apiserver.registry.defaults import cluster as defaults
from kobune.apiserver.registry.rules import Rules
from kobune.apiserver.registry.strategy import Strategy, UncountedStrategy
from kobune.apiserver.registry.validation import classes
from kobune.apiserver.registry.validation import cluster as rules

NAME_LABEL = "kubernetes.io/metadata.name"
INVOLVED: Final = ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")
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


class ComponentStatusStrategy(UncountedStrategy):
    """Components, which say by themselves how they are."""

    deprecation = "v1 ComponentStatus is deprecated in v1.19+"


class EventStrategy(UncountedStrategy):
    """An event vanishes after an hour."""

    expires = True
    renamed_fields = MappingProxyType(
        {
            **{f"regarding.{name}": f"involvedObject.{name}" for name in INVOLVED},
            "reason": "reason",
            "reportingController": "reportingComponent",
            "type": "type",
        }
    )

    def selectable_fields(self) -> Mapping[str, str]:
        return {
            **{f"involvedObject.{name}": f"involvedObject.{name}" for name in INVOLVED},
            "reason": "reason",
            "reportingComponent": "reportingComponent",
            "source": "source.component",
            "type": "type",
        }


def kinds() -> Mapping[tuple[str, str], Strategy]:
    """Return the strategies of these kinds, by group and plural."""
    return {
        ("", "componentstatuses"): ComponentStatusStrategy(),
        ("", "events"): EventStrategy(defaults.default_event, Rules(always=rules.event), name_rule=names.path_segment),
        ("", "namespaces"): NamespaceStrategy(
            rules=Rules(
                always=rules.namespace, status=rules.namespace_status, parts={"finalize": rules.namespace_finalize}
            )
        ),
        ("", "nodes"): NodeStrategy(
            rules=Rules(always=rules.node, new=rules.new_node, change=rules.node_update), warnings=node_warnings
        ),
        ("coordination.k8s.io", "leases"): LeaseStrategy(rules=Rules(always=rules.lease)),
        ("node.k8s.io", "runtimeclasses"): UncountedStrategy(
            rules=Rules(always=classes.runtime_class, change=classes.runtime_class_update),
            warnings=runtime_class_warnings,
        ),
        ("scheduling.k8s.io", "podgroups"): Strategy(
            rules=Rules(always=classes.pod_group, change=classes.pod_group_update)
        ),
        ("scheduling.k8s.io", "priorityclasses"): Strategy(
            defaults.default_priority_class,
            Rules(always=classes.priority_class, change=classes.priority_class_update),
            counted=("value",),
        ),
    }
