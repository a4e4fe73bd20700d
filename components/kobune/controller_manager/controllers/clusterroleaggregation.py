"""Keeps the rules of ClusterRoles that are put together from others. Source: *Aggregated ClusterRoles*."""

from collections.abc import Iterable, Sequence
from typing import Any

from kobune.api.rbac.v1 import ClusterRole
from kobune.apimachinery.selectors import from_label_selector
from kobune.client import Action, Controller, Update, View, Watch


def reconcile(role: ClusterRole, others: Sequence[ClusterRole]) -> list[Action]:
    """Plan the rules that a role is to have: those of all roles that it selects, each once."""
    if not role.HasField("aggregationRule"):
        return []
    selectors = [from_label_selector(selector) for selector in role.aggregationRule.clusterRoleSelectors]
    rules: list[Any] = []
    for other in sorted(others, key=lambda each: each.metadata.name):
        if other.metadata.name != role.metadata.name and any(each.matches(other.metadata.labels) for each in selectors):
            rules += [rule for rule in other.rules if rule not in rules]
    if rules == list(role.rules):
        return []
    copy = ClusterRole()
    copy.CopyFrom(role)
    del copy.rules[:]
    copy.rules.extend(rules)
    return [Update(copy)]


def aggregating(view: View, changed: ClusterRole) -> Iterable[str]:
    """Return the names of all roles that are put together from others: few, and any may select this one."""
    return (role.metadata.name for role in view.all(ClusterRole) if role.HasField("aggregationRule"))


async def observe(view: View, key: str) -> tuple[Any, ...] | None:
    """Return a role and all roles."""
    role = view.get(ClusterRole, key)
    return None if role is None else (role, list(view.all(ClusterRole)))


clusterroleaggregation = Controller(
    name="clusterroleaggregation",
    root=ClusterRole,
    watches=[Watch(ClusterRole, aggregating)],
    observe=observe,
    reconcile=reconcile,
)
