"""Which requests are recorded, and how much of them. Source: *Auditing*; the kind `Policy` of `audit.k8s.io/v1`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any, Final

import yaml

from kobune.apiserver.auth.attributes import Attributes
from kobune.component_base.failure import CannotStart

API_VERSION: Final = "audit.k8s.io/v1"
STAGES: Final = ("RequestReceived", "ResponseStarted", "ResponseComplete", "Panic")


class Level(IntEnum):
    """How much is recorded; each has all that those before it have."""

    NONE = 0
    METADATA = 1
    REQUEST = 2
    REQUEST_RESPONSE = 3

    @property
    def shown(self) -> str:
        """Its name in a policy and in a record."""
        return LEVELS[self]


LEVELS: Final = ("None", "Metadata", "Request", "RequestResponse")


@dataclass(frozen=True)
class GroupResources:
    """Resources of a group: all, if none is named."""

    group: str = ""
    resources: tuple[str, ...] = ()
    resource_names: tuple[str, ...] = ()

    def matches(self, wish: Attributes) -> bool:
        """Whether a wish is about one of them."""
        if wish.group != self.group:
            return False
        if not self.resources:
            return True
        if self.resource_names and wish.name not in self.resource_names:
            return False
        whole = f"{wish.resource}/{wish.subresource}" if wish.subresource else wish.resource
        patterns = {whole, "*", f"{wish.resource}/*"} | ({f"*/{wish.subresource}"} if wish.subresource else set())
        return not patterns.isdisjoint(self.resources)


@dataclass(frozen=True)
class Rule:
    """What all must be true of a request, and what is recorded then. Nothing said is: whatever."""

    level: Level
    users: tuple[str, ...] = ()
    user_groups: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ()
    resources: tuple[GroupResources, ...] = ()
    namespaces: tuple[str, ...] = ()
    non_resource_urls: tuple[str, ...] = ()
    omit_stages: tuple[str, ...] = ()
    omit_managed_fields: bool | None = None

    def matches(self, wish: Attributes) -> bool:
        """Whether the rule is about a request."""
        if self.users and wish.user.name not in self.users:
            return False
        if self.user_groups and not set(self.user_groups).intersection(wish.user.groups):
            return False
        if self.verbs and wish.verb not in self.verbs:
            return False
        if self.namespaces or self.resources:
            in_namespace = not self.namespaces or wish.namespace in self.namespaces
            known = not self.resources or any(each.matches(wish) for each in self.resources)
            return not wish.path and in_namespace and known
        if self.non_resource_urls:
            return bool(wish.path) and any(_covers(pattern, wish.path) for pattern in self.non_resource_urls)
        return True


@dataclass(frozen=True)
class Decision:
    """What is recorded of a request."""

    level: Level
    omitted: frozenset[str] = frozenset()
    """The stages that are not."""
    omit_managed_fields: bool = False


NOTHING: Final = Decision(Level.NONE)


@dataclass(frozen=True)
class Policy:
    """Rules, of which the first that is about a request counts."""

    rules: tuple[Rule, ...]
    omit_stages: tuple[str, ...] = ()
    omit_managed_fields: bool = False

    def decide(self, wish: Attributes) -> Decision:
        """Return what is recorded of a request."""
        for rule in self.rules:
            if rule.matches(wish):
                omit = self.omit_managed_fields if rule.omit_managed_fields is None else rule.omit_managed_fields
                return Decision(rule.level, frozenset((*self.omit_stages, *rule.omit_stages)), omit)
        return NOTHING


def _covers(pattern: str, path: str) -> bool:
    return pattern in ("*", path) or (pattern.endswith("*") and path.startswith(pattern[:-1]))


def read_policy(file: Path) -> Policy:
    """Return the policy in a file of YAML or JSON; `CannotStart` says what is wrong with it."""
    try:
        return policy_of(yaml.safe_load(file.read_text()))
    except OSError as error:
        why = str(error.strerror)
    except yaml.YAMLError as error:
        why = " ".join(str(error).split())
    except (ValueError, TypeError) as error:
        why = str(error)
    raise CannotStart(f"apiserver: audit policy {file}: {why}")


def policy_of(tree: Any) -> Policy:
    """Return the policy that a tree describes; `ValueError` names the first thing that is wrong with it."""
    if not isinstance(tree, dict) or (tree.get("apiVersion"), tree.get("kind")) != (API_VERSION, "Policy"):
        raise ValueError(f"it is no Policy of {API_VERSION}")
    known = {"apiVersion", "kind", "metadata", "rules", "omitStages", "omitManagedFields"}
    _check_keys(tree, known, "")
    found = [_rule(each, f"rules[{index}]") for index, each in enumerate(_items(tree, "rules", "rules"))]
    if not found:
        raise ValueError("it has no rules")
    omits = _flag(tree, "omitManagedFields", "omitManagedFields")
    return Policy(tuple(found), _stages(tree, "omitStages"), bool(omits))


RULE_KEYS: Final[Mapping[str, str]] = {
    "users": "users",
    "userGroups": "user_groups",
    "verbs": "verbs",
    "namespaces": "namespaces",
    "nonResourceURLs": "non_resource_urls",
}
"""The lists of words of a rule, and where they are kept."""


def _rule(tree: Any, at: str) -> Rule:
    if not isinstance(tree, dict):
        raise ValueError(f"{at}: it is no rule")
    _check_keys(tree, {"level", "resources", "omitStages", "omitManagedFields", *RULE_KEYS}, f"{at}.")
    level = tree.get("level")
    if level not in LEVELS:
        raise ValueError(f"{at}.level: {level!r} is none of {', '.join(LEVELS)}")
    rule = Rule(
        Level(LEVELS.index(level)),
        resources=tuple(
            _group_resources(each, f"{at}.resources[{index}]")
            for index, each in enumerate(_items(tree, "resources", f"{at}.resources"))
        ),
        omit_stages=_stages(tree, f"{at}.omitStages"),
        omit_managed_fields=_flag(tree, "omitManagedFields", f"{at}.omitManagedFields"),
        **{name: _words(tree, key, f"{at}.{key}") for key, name in RULE_KEYS.items()},
    )
    for problem in _problems(rule):
        raise ValueError(f"{at}.{problem}")
    return rule


def _problems(rule: Rule) -> Iterator[str]:
    if rule.non_resource_urls and (rule.resources or rule.namespaces):
        yield "nonResourceURLs: rules cannot apply to both regular resources and non-resource URLs"
    for url in rule.non_resource_urls:
        if url != "*" and not url.startswith("/"):
            yield f"nonResourceURLs: {url!r} must begin with '/'"
        if "*" in url[:-1]:
            yield f"nonResourceURLs: {url!r} may have a '*' at its end only"
    for each in rule.resources:
        if each.resource_names and not each.resources:
            yield "resources: resourceNames need resources"


def _group_resources(tree: Any, at: str) -> GroupResources:
    if not isinstance(tree, dict):
        raise ValueError(f"{at}: it is no group with resources")
    _check_keys(tree, {"group", "resources", "resourceNames"}, f"{at}.")
    group = tree.get("group") or ""
    if not isinstance(group, str) or "/" in group:
        raise ValueError(f"{at}.group: {group!r} is no group; it may have no version")
    names = _words(tree, "resourceNames", f"{at}.resourceNames")
    return GroupResources(group, _words(tree, "resources", f"{at}.resources"), names)


def _stages(tree: Mapping[str, Any], at: str) -> tuple[str, ...]:
    found = _words(tree, "omitStages", at)
    for stage in found:
        if stage not in STAGES:
            raise ValueError(f"{at}: {stage!r} is none of {', '.join(STAGES)}")
    return found


def _flag(tree: Mapping[str, Any], key: str, at: str) -> bool | None:
    value = tree.get(key)
    if value is not None and not isinstance(value, bool):
        raise ValueError(f"{at}: {value!r} is neither true nor false")
    return value


def _words(tree: Mapping[str, Any], key: str, at: str) -> tuple[str, ...]:
    found = _items(tree, key, at)
    for word in found:
        if not isinstance(word, str):
            raise ValueError(f"{at}: {word!r} is no text")
    return tuple(found)


def _items(tree: Mapping[str, Any], key: str, at: str) -> Sequence[Any]:
    found = tree.get(key)
    if found is not None and not isinstance(found, list):
        raise ValueError(f"{at}: {found!r} is no list")
    return found or ()


def _check_keys(tree: Mapping[str, Any], known: set[str], at: str) -> None:
    for key in tree:
        if key not in known:
            raise ValueError(f"{at}{key}: there is no such field")
