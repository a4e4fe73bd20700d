"""Which writes a webhook or policy is for: by resource, operation, labels of the namespace and of the object.

Pure: rules and selectors are compiled once, from the messages of a configuration.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from kobune.apimachinery.selectors import Selector, from_label_selector
from kobune.apiserver.registry.resource import Resource

EXEMPT: Final = "admissionregistration.k8s.io"
"""The group whose own kinds no webhook and no policy looks at: a broken one could not be repaired otherwise."""


@dataclass(frozen=True)
class Asked:
    """What is written, as rules see it."""

    operation: str
    resource: Resource
    subresource: str


@dataclass(frozen=True)
class Rule:
    """One rule: any of each."""

    operations: frozenset[str]
    groups: frozenset[str]
    versions: frozenset[str]
    resources: tuple[str, ...]
    scope: str
    names: frozenset[str] = frozenset()

    def covers(self, asked: Asked, resource: Resource) -> bool:
        """Whether the rule is for such writes, if they were of the version that `resource` is."""
        kind = resource.kind
        return (
            _has(self.operations, asked.operation)
            and _has(self.groups, kind.group)
            and _has(self.versions, kind.version)
            and any(_names(pattern, kind.plural, asked.subresource) for pattern in self.resources)
            and self.scope in ("", "*", "Namespaced" if _is_namespaced(resource) else "Cluster")
        )


@dataclass(frozen=True)
class Matcher:
    """Everything that a configuration says about which writes it is for."""

    rules: tuple[Rule, ...]
    excluded: tuple[Rule, ...]
    namespaces: Selector
    objects: Selector
    equivalent: bool
    """Whether a rule for one version is for all versions of the same objects."""

    def resource(self, asked: Asked, versions: Sequence[Resource], name: str = "") -> Resource | None:
        """Return the version in which a write is to be shown; None if it is not concerned.

        `versions` are those of the same objects, the one that was asked for first.
        """
        for resource in versions if self.equivalent else versions[:1]:
            if _any(self.excluded, asked, resource, name):
                return None
        for resource in versions if self.equivalent else versions[:1]:
            if _any(self.rules, asked, resource, name):
                return resource
        return None

    def selects(self, namespace: Mapping[str, str] | None, labels: Iterable[Mapping[str, str]]) -> bool:
        """Whether the labels of the namespace (None for an object without one) and of the object fit."""
        if namespace is not None and not self.namespaces.matches(namespace):
            return False
        return not self.objects or any(map(self.objects.matches, labels))


def rule_of(message: Any, names: Iterable[str] = ()) -> Rule:
    """Return the rule that a `RuleWithOperations` is."""
    rule = message.rule
    return Rule(
        frozenset(message.operations),
        frozenset(rule.apiGroups),
        frozenset(rule.apiVersions),
        tuple(rule.resources),
        rule.scope,
        frozenset(names),
    )


def of_webhook(webhook: Any) -> Matcher:
    """Return the matcher of a webhook."""
    return Matcher(
        tuple(map(rule_of, webhook.rules)),
        (),
        from_label_selector(webhook.namespaceSelector),
        from_label_selector(webhook.objectSelector),
        webhook.matchPolicy != "Exact",
    )


def of_resources(resources: Any) -> Matcher:
    """Return the matcher of `MatchResources`: of a policy, or of its binding."""
    return Matcher(
        tuple(rule_of(item.ruleWithOperations, item.resourceNames) for item in resources.resourceRules),
        tuple(rule_of(item.ruleWithOperations, item.resourceNames) for item in resources.excludeResourceRules),
        from_label_selector(resources.namespaceSelector),
        from_label_selector(resources.objectSelector),
        resources.matchPolicy != "Exact",
    )


def _any(rules: Iterable[Rule], asked: Asked, resource: Resource, name: str) -> bool:
    return any((not rule.names or name in rule.names) and rule.covers(asked, resource) for rule in rules)


def _has(wanted: frozenset[str], value: str) -> bool:
    return value in wanted or "*" in wanted


def _names(pattern: str, plural: str, subresource: str) -> bool:
    resource, slash, part = pattern.partition("/")
    if resource not in ("*", plural):
        return False
    return part in ("*", subresource) if slash else not subresource


def _is_namespaced(resource: Resource) -> bool:
    # A namespace lives in itself, but is an object of the cluster.
    return resource.kind.namespaced
