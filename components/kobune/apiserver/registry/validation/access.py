"""Roles, bindings to roles, and questions about who may do what."""

from collections.abc import Iterator
from typing import Any, Final

from kobune.apimachinery import codec, names
from kobune.apimachinery.errors import FieldError
from kobune.apiserver.registry.validation.causes import each, invalid, required, unsupported
from kobune.apiserver.registry.validation.labels import label_selector, operator_and_values

GROUP: Final = "rbac.authorization.k8s.io"
KINDS: Final = ("ServiceAccount", "User", "Group")


def role(new: Any) -> Iterator[FieldError]:
    """Check a Role."""
    for index, rule in enumerate(new.rules):
        yield from _rule(f"rules[{index}]", rule, namespaced=True)


def cluster_role(new: Any) -> Iterator[FieldError]:
    """Check a ClusterRole."""
    for index, rule in enumerate(new.rules):
        yield from _rule(f"rules[{index}]", rule, namespaced=False)
    if new.HasField("aggregationRule"):
        at, selectors = "aggregationRule.clusterRoleSelectors", new.aggregationRule.clusterRoleSelectors
        if not selectors:
            yield required(at, "at least one clusterRoleSelector required if aggregationRule is non-nil")
        for index, selector in enumerate(selectors):
            yield from label_selector(f"{at}[{index}]", selector)


def _rule(at: str, rule: Any, *, namespaced: bool) -> Iterator[FieldError]:
    if not rule.verbs:
        yield required(f"{at}.verbs", "verbs must contain at least one value")
    if rule.nonResourceURLs:
        here, urls = f"{at}.nonResourceURLs", rule.nonResourceURLs
        if namespaced:
            yield invalid(here, urls, "namespaced rules cannot apply to non-resource URLs")
        if rule.apiGroups or rule.resources or rule.resourceNames:
            yield invalid(here, urls, "rules cannot apply to both regular resources and non-resource URLs")
        return
    if not rule.apiGroups:
        yield required(f"{at}.apiGroups", "resource rules must supply at least one api group")
    if not rule.resources:
        yield required(f"{at}.resources", "resource rules must supply at least one resource")


def role_binding(new: Any) -> Iterator[FieldError]:
    """Check a RoleBinding."""
    return _binding(new, ("Role", "ClusterRole"), namespaced=True)


def cluster_role_binding(new: Any) -> Iterator[FieldError]:
    """Check a ClusterRoleBinding."""
    return _binding(new, ("ClusterRole",), namespaced=False)


def _binding(new: Any, kinds: tuple[str, ...], *, namespaced: bool) -> Iterator[FieldError]:
    reference = new.roleRef
    if reference.apiGroup != GROUP:
        yield unsupported("roleRef.apiGroup", reference.apiGroup, (GROUP,))
    if reference.kind not in kinds:
        yield unsupported("roleRef.kind", reference.kind, kinds)
    if not reference.name:
        yield required("roleRef.name")
    else:
        yield from each("roleRef.name", reference.name, names.path_segment(reference.name))
    for index, subject in enumerate(new.subjects):
        yield from _subject(f"subjects[{index}]", subject, namespaced=namespaced)


def _subject(at: str, subject: Any, *, namespaced: bool) -> Iterator[FieldError]:
    if not subject.name:
        yield required(f"{at}.name")
    if subject.kind not in KINDS:
        yield unsupported(f"{at}.kind", subject.kind, KINDS)
    elif subject.kind == "ServiceAccount":
        if subject.name:
            yield from each(f"{at}.name", subject.name, names.dns_subdomain(subject.name))
        if subject.apiGroup:
            yield unsupported(f"{at}.apiGroup", subject.apiGroup, ("",))
        if not namespaced and not subject.namespace:
            yield required(f"{at}.namespace")
    else:
        if not subject.name:
            yield invalid(f"{at}.name", "", f"{subject.kind.lower()} name cannot be empty")
        if subject.apiGroup != GROUP:
            yield unsupported(f"{at}.apiGroup", subject.apiGroup, (GROUP,))


def binding_update(new: Any, old: Any) -> Iterator[FieldError]:
    """Check that a binding is to the same role."""
    if not codec.same(new.roleRef, old.roleRef):
        yield invalid("roleRef", new.roleRef, "cannot change roleRef")


def access_review(new: Any) -> Iterator[FieldError]:
    """Check a question about what somebody may do."""
    yield from _attributes(new.spec)
    if not new.spec.user and not new.spec.groups:
        yield invalid("spec.user", "", "at least one of user or group must be specified")


def own_access_review(new: Any) -> Iterator[FieldError]:
    """Check a question about what the caller may do."""
    return _attributes(new.spec)


def local_access_review(new: Any) -> Iterator[FieldError]:
    """Check a question about what somebody may do in a namespace."""
    yield from access_review(new)
    if new.spec.resourceAttributes.namespace != new.metadata.namespace:
        yield invalid(
            "spec.resourceAttributes.namespace", new.spec.resourceAttributes.namespace, "must match metadata.namespace"
        )
    if new.spec.HasField("nonResourceAttributes"):
        why = "disallowed on this kind of request"
        yield invalid("spec.nonResourceAttributes", new.spec.nonResourceAttributes, why)


def _attributes(spec: Any) -> Iterator[FieldError]:
    of_resource, of_url = spec.HasField("resourceAttributes"), spec.HasField("nonResourceAttributes")
    if of_resource and of_url:
        why = "cannot be specified in combination with resourceAttributes"
        yield invalid("spec.nonResourceAttributes", spec.nonResourceAttributes, why)
    if not of_resource and not of_url:
        why = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
        yield invalid("spec.resourceAttributes", None, why)
    if of_resource:
        for name in ("fieldSelector", "labelSelector"):
            if spec.resourceAttributes.HasField(name):
                here = f"spec.resourceAttributes.{name}"
                yield from _selector(here, getattr(spec.resourceAttributes, name))


def _selector(at: str, selector: Any) -> Iterator[FieldError]:
    if selector.rawSelector and selector.requirements:
        yield invalid(f"{at}.rawSelector", selector.rawSelector, "may not specified at the same time as requirements")
    if not selector.rawSelector and not selector.requirements:
        yield required(f"{at}.requirements", f"when {at} is specified, requirements or rawSelector is required")
    for index, requirement in enumerate(selector.requirements):
        here = f"{at}.requirements[{index}]"
        if not requirement.key:
            yield required(f"{here}.key", "must be specified")
        if requirement.operator in ("In", "NotIn", "Exists", "DoesNotExist"):
            yield from operator_and_values(here, requirement)


def token_request(new: Any) -> Iterator[FieldError]:
    """Check a request for a token of a service account."""
    if new.spec.HasField("expirationSeconds"):
        seconds, at = new.spec.expirationSeconds, "spec.expirationSeconds"
        if seconds < 600:
            yield invalid(at, seconds, "may not specify a duration less than 10 minutes")
        if seconds > 2**32:
            yield invalid(at, seconds, "may not specify a duration larger than 2^32 seconds")
