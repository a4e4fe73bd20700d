"""Rules and wishes: which rule grants what."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kobune.api.rbac.v1 import ClusterRole, ClusterRoleBinding, PolicyRule
from kobune.apiserver.auth.attributes import Attributes
from kobune.apiserver.auth.rbac import Rbac, grants
from kobune.apiserver.auth.user import User

JANE = User("jane", ("devs",))


def rule(**parts: list[str]) -> Any:
    return PolicyRule(**{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"], **parts})


def wish(verb: str = "get", resource: str = "pods", **parts: str) -> Attributes:
    return Attributes(JANE, verb, resource=resource, **parts)


@pytest.mark.parametrize(
    ("given", "asked", "expected"),
    [
        (rule(), wish(), True),
        (rule(), wish("list"), False),
        (rule(), wish(group="apps"), False),
        (rule(), wish(subresource="log"), False),
        (rule(resources=["pods/log"]), wish(subresource="log"), True),
        (rule(resources=["pods/log"]), wish(), False),
        (rule(resources=["*/scale"]), wish(resource="deployments", subresource="scale"), True),
        (rule(resources=["*/scale"]), wish(resource="deployments"), False),
        (rule(verbs=["*"], apiGroups=["*"], resources=["*"]), wish("delete", "x", group="y", subresource="z"), True),
        (rule(resourceNames=["a"]), wish(name="a"), True),
        (rule(resourceNames=["a"]), wish(name="b"), False),
        (rule(resourceNames=["a"]), wish(), False),
        (rule(nonResourceURLs=["/healthz"]), Attributes(JANE, "get", path="/healthz"), True),
        (rule(nonResourceURLs=["/api/*"]), Attributes(JANE, "get", path="/api/v1"), True),
        (rule(nonResourceURLs=["/api/*"]), Attributes(JANE, "get", path="/apis"), False),
        (rule(resources=["*"]), Attributes(JANE, "get", path="/healthz"), False),
        (rule(nonResourceURLs=["*"], resources=[]), wish(), False),
    ],
)
def test_a_rule_grants_what_it_names(given: Any, asked: Attributes, expected: bool) -> None:
    assert grants(given, asked) is expected


PARTS = st.lists(st.sampled_from(["*", "a", "b"]), max_size=2)


@given(PARTS, PARTS, PARTS, st.sampled_from("ab"), st.sampled_from("ab"), st.sampled_from("ab"))
def test_more_in_a_rule_never_grants_less(
    verbs: list[str], groups: list[str], resources: list[str], verb: str, group: str, resource: str
) -> None:
    small = PolicyRule(verbs=verbs, apiGroups=groups, resources=resources)
    large = PolicyRule(verbs=[*verbs, "b"], apiGroups=[*groups, "b"], resources=[*resources, "b"])
    asked = wish(verb, resource, group=group)
    assert grants(large, asked) >= grants(small, asked)


def test_a_denial_says_what_was_missing() -> None:
    asked = wish("delete", "deployments", group="apps", subresource="scale", namespace="n", name="d")
    assert asked.denial() == (
        'deployments.apps "d" is forbidden: User "jane" cannot delete resource "deployments/scale" '
        'in API group "apps" in the namespace "n"'
    )
    assert Attributes(JANE, "get", path="/x").denial() == 'forbidden: User "jane" cannot get path "/x"'


class Roles:
    """What there is to be read: two roles, both bound to Jane; one is for a pod by its name."""

    def __init__(self) -> None:
        self.registry = {name: name for name in ("roles", "rolebindings", "clusterroles", "clusterrolebindings")}
        self.cacher = self
        self.revision = 1
        self.found = {
            "one": ClusterRole(metadata={"name": "one"}, rules=[rule(resourceNames=["a"])]),
            "all": ClusterRole(metadata={"name": "all"}, rules=[rule(verbs=["list"])]),
        }

    def ring(self, name: str) -> "Roles":
        return self

    def select(self, plural: str, namespace: str = "") -> list[Any]:
        bindings = [ClusterRoleBinding(metadata={"name": name}) for name in self.found]
        for binding in bindings:
            binding.roleRef.kind, binding.roleRef.name = "ClusterRole", binding.metadata.name
            binding.subjects.add(kind="User", name="jane")
        return bindings if plural == "clusterrolebindings" else []

    def find(self, plural: str, namespace: str, name: str) -> Any:
        return self.found.get(name)


def test_what_is_remembered_of_a_right_to_one_name_is_none_to_another() -> None:
    roles = Roles()
    rbac = Rbac(roles)  # type: ignore[arg-type]
    for _ in range(2):
        assert [rbac.decide(wish(name=name))[0] for name in ("a", "b", "", "a")] == [True, False, False, True]
        assert rbac.decide(wish("list", name="b")) == (
            True,
            'RBAC: allowed by ClusterRoleBinding "all" of ClusterRole "all" to User "jane"',
        )
    roles.found["one"].rules[0].resourceNames[:] = ["b"]
    roles.revision += 1
    assert [rbac.decide(wish(name=name))[0] for name in ("a", "b")] == [False, True]
