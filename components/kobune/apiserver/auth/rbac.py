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


Held = tuple[Any, str]
"""A policy rule, and by what somebody has it."""


class Rbac:
    """Answers whether a role grants a wish."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._rings = [view.cacher.ring(view.registry[name]) for name in RESOURCES]
        self._known: dict[Attributes, tuple[bool, str]] = {}
        self._granting: dict[Attributes, tuple[tuple[Held, ...], str]] = {}
        """By wish without a name: the rules that would grant it, for some names or for all, and what is wrong."""
        self._rules: dict[tuple[User, str], tuple[tuple[Held, ...], str]] = {}
        self._known_at = -1

    def decide(self, wish: Attributes) -> tuple[bool, str]:
        """Return whether some rule grants the wish, and by what; or what made it impossible to find one."""
        newest = max([ring.revision for ring in self._rings])
        if newest != self._known_at or len(self._known) > KEPT:
            self._known.clear()
            self._granting.clear()
            self._rules.clear()
            self._known_at = newest
        answer = self._known.get(wish)
        if answer is None:
            # Who binds thousands of pods wishes the same for each of them, but for its name.
            rules, problem = self._relevant(wish._replace(name="") if wish.name else wish)
            source = next((source for rule, source in rules if covers_name(rule, wish)), None)
            answer = (True, f"RBAC: allowed by {source}") if source else (False, problem and f"RBAC: {problem}")
            self._known[wish] = answer
        return answer

    def _relevant(self, wish: Attributes) -> tuple[tuple[Held, ...], str]:
        """Return the rules that grant a wish if it is for a name that they are for, and what is wrong with others."""
        found = self._granting.get(wish)
        if found is None:
            held = wish.user, wish.namespace
            if held not in self._rules:
                missing: list[str] = []
                self._rules[held] = tuple(self._held(*held, missing)), in_one(missing)
            rules, problem = self._rules[held]
            found = self._granting[wish] = tuple(held for held in rules if is_for(held[0], wish)), problem
        return found

    def rules(self, user: User, namespace: str) -> Iterator[Any]:
        """Yield every rule that counts for somebody in a namespace, or in the cluster if that is empty."""
        return (rule for rule, _ in self._held(user, namespace, []))

    def problem(self, user: User, namespace: str) -> str:
        """Return what is wrong with the bindings of somebody; empty if nothing is."""
        missing: list[str] = []
        for _ in self._held(user, namespace, missing):
            pass
        return in_one(missing)

    def _held(self, user: User, namespace: str, missing: list[str]) -> Iterator[Held]:
        """Yield the rules that count for somebody; note which roles are missing."""
        for binding in self._view.select("clusterrolebindings"):
            if (subject := _subject(binding.subjects, user, "")) is not None:
                source = _source("ClusterRoleBinding", binding, binding.metadata.name, subject, "")
                yield from self._role(binding, "", source, missing)
        if not namespace:
            return
        for binding in self._view.select("rolebindings", namespace):
            if (subject := _subject(binding.subjects, user, namespace)) is not None:
                source = _source("RoleBinding", binding, f"{binding.metadata.name}/{namespace}", subject, namespace)
                yield from self._role(binding, namespace, source, missing)

    def _role(self, binding: Any, namespace: str, source: str, missing: list[str]) -> Iterable[Held]:
        reference = binding.roleRef
        in_namespace = reference.kind == "Role"
        role = self._view.find(
            "roles" if in_namespace else "clusterroles", namespace if in_namespace else "", reference.name
        )
        if role is None:
            missing.append(f'{reference.kind.lower()}.rbac.authorization.k8s.io "{reference.name}" not found')
            return ()
        return ((rule, source) for rule in role.rules)


def in_one(problems: list[str]) -> str:
    """Return what is wrong as one text."""
    once = list(dict.fromkeys(problems))
    return once[0] if len(once) == 1 else f"[{', '.join(once)}]" if once else ""


def _source(kind: str, binding: Any, name: str, subject: Any, namespace: str) -> str:
    """Return by what somebody has rules, in Kubernetes' words."""
    role = binding.roleRef
    who = f"{subject.name}/{subject.namespace or namespace}" if subject.kind == "ServiceAccount" else subject.name
    return f'{kind} "{name}" of {role.kind} "{role.name}" to {subject.kind} "{who}"'


def grants(rule: Any, wish: Attributes) -> bool:
    """Whether a policy rule grants a wish."""
    return is_for(rule, wish) and covers_name(rule, wish)


def covers_name(rule: Any, wish: Attributes) -> bool:
    """Whether a policy rule is for the object that a wish names."""
    return bool(wish.path) or not rule.resourceNames or wish.name in rule.resourceNames


def is_for(rule: Any, wish: Attributes) -> bool:
    """Whether a policy rule is for the verb and the resource, or the path, of a wish."""
    if wish.verb not in rule.verbs and "*" not in rule.verbs:
        return False
    if wish.path:
        return any(_covers(pattern, wish.path) for pattern in rule.nonResourceURLs)
    if wish.group not in rule.apiGroups and "*" not in rule.apiGroups:
        return False
    wanted = f"{wish.resource}/{wish.subresource}" if wish.subresource else wish.resource
    names = {wanted, "*"} | ({f"*/{wish.subresource}"} if wish.subresource else set())
    return not names.isdisjoint(rule.resources)


def _covers(pattern: str, path: str) -> bool:
    return pattern in ("*", path) or (pattern.endswith("*") and path.startswith(pattern[:-1]))


def _subject(subjects: Iterable[Any], user: User, namespace: str) -> Any:
    """Return the subject that somebody is, None if it is none of them."""
    for subject in subjects:
        match subject.kind:
            case "User" if subject.name == user.name:
                return subject
            case "Group" if subject.name in user.groups:
                return subject
            case "ServiceAccount":
                where = subject.namespace or namespace
                if user.name == f"system:serviceaccount:{where}:{subject.name}":
                    return subject
    return None
