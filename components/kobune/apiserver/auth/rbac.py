"""Role-based access control: may somebody do something, by the roles that are bound to them.

Source: *Using RBAC Authorization*.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from kobune.apiserver.auth.attributes import Attributes
from kobune.apiserver.auth.user import User
from kobune.apiserver.cache.view import View

RESOURCES = ("roles", "rolebindings", "clusterroles", "clusterrolebindings")
KEPT = 10_000
"""How many answers are remembered until a role changes."""


class Rbac:
    """Answers whether a role grants a wish."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._rings = [view.cacher.ring(view.registry[name]) for name in RESOURCES]
        self._known: dict[Attributes, bool] = {}
        self._rules: dict[tuple[User, str], tuple[Any, ...]] = {}
        self._known_at = -1

    def allows(self, wish: Attributes) -> bool:
        """Whether some rule grants the wish."""
        newest = max([ring.revision for ring in self._rings])
        if newest != self._known_at or len(self._known) > KEPT:
            self._known.clear()
            self._rules.clear()
            self._known_at = newest
        allowed = self._known.get(wish)
        if allowed is None:
            held = wish.user, wish.namespace
            if held not in self._rules:
                self._rules[held] = tuple(self.rules(*held))
            allowed = any(grants(rule, wish) for rule in self._rules[held])
            self._known[wish] = allowed
        return allowed

    def rules(self, user: User, namespace: str) -> Iterator[Any]:
        """Yield every rule that counts for somebody in a namespace, or in the cluster if that is empty."""
        for binding in self._view.select("clusterrolebindings"):
            if _includes(binding.subjects, user, ""):
                yield from self._role(binding, "")
        if not namespace:
            return
        for binding in self._view.select("rolebindings", namespace):
            if _includes(binding.subjects, user, namespace):
                yield from self._role(binding, namespace)

    def _role(self, binding: Any, namespace: str) -> Iterable[Any]:
        reference = binding.roleRef
        if reference.kind == "Role":
            role = self._view.find("roles", namespace, reference.name)
        else:
            role = self._view.find("clusterroles", "", reference.name)
        return role.rules if role is not None else ()


def grants(rule: Any, wish: Attributes) -> bool:
    """Whether a policy rule grants a wish."""
    if wish.verb not in rule.verbs and "*" not in rule.verbs:
        return False
    if wish.path:
        return any(_covers(pattern, wish.path) for pattern in rule.nonResourceURLs)
    if wish.group not in rule.apiGroups and "*" not in rule.apiGroups:
        return False
    wanted = f"{wish.resource}/{wish.subresource}" if wish.subresource else wish.resource
    names = {wanted, "*"} | ({f"*/{wish.subresource}"} if wish.subresource else set())
    if names.isdisjoint(rule.resources):
        return False
    return not rule.resourceNames or wish.name in rule.resourceNames


def _covers(pattern: str, path: str) -> bool:
    return pattern in ("*", path) or (pattern.endswith("*") and path.startswith(pattern[:-1]))


def _includes(subjects: Iterable[Any], user: User, namespace: str) -> bool:
    for subject in subjects:
        match subject.kind:
            case "User" if subject.name == user.name:
                return True
            case "Group" if subject.name in user.groups:
                return True
            case "ServiceAccount":
                where = subject.namespace or namespace
                if user.name == f"system:serviceaccount:{where}:{subject.name}":
                    return True
    return False
