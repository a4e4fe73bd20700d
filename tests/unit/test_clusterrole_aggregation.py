"""Roles that are put together from others."""

from kobune.api.rbac.v1 import ClusterRole
from kobune.client import Update
from kobune.controller_manager.controllers.clusterroleaggregation import reconcile


def role(name: str, label: str = "", verbs: tuple[str, ...] = (), selects: str = "") -> ClusterRole:
    made = ClusterRole(metadata={"name": name, "labels": {label: "true"} if label else {}})
    if verbs:
        made.rules.add(verbs=verbs, apiGroups=[""], resources=["pods"])
    if selects:
        made.aggregationRule.clusterRoleSelectors.add().matchLabels[selects] = "true"
    return made


def test_a_role_gets_the_rules_of_those_it_selects_and_then_rests() -> None:
    edit = role("edit", selects="to-edit")
    others = [
        edit,
        role("b", "to-edit", ("get",)),
        role("a", "to-edit", ("list",)),
        role("c", "to-edit", ("get",)),
        role("d", "x", ("*",)),
    ]
    [action] = reconcile(edit, others)
    assert isinstance(action, Update)
    assert [list(rule.verbs) for rule in action.object.rules] == [["list"], ["get"]]
    assert reconcile(action.object, others) == []


def test_a_role_of_its_own_is_left_alone() -> None:
    own = role("own", verbs=("get",))
    assert reconcile(own, [own, role("other", "to-edit", ("list",))]) == []
