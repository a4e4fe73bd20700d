"""Whether a policy, and each of its bindings, is for a write, and with which parameters."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kobune.apimachinery.selectors import from_label_selector
from kobune.apiserver.admission import objects, request
from kobune.apiserver.admission.chain import Write
from kobune.apiserver.admission.matching import Asked, Matcher
from kobune.apiserver.registry.resource import Resource

NO_PARAMS = "no params found for policy binding with `Deny` parameterNotFoundAction"


class Misconfigured(Exception):
    """A binding refers to what is not there."""


def matching_version(write: Write, matcher: Matcher, versions: Sequence[Resource]) -> Resource | None:
    """Return the version in which a policy or webhook wants to see a write; None if it does not."""
    call = write.call
    resource = matcher.resource(Asked(write.operation, call.resource, call.subresource), versions, call.name)
    return resource if resource is not None and selected(write, matcher) else None


def selected(write: Write, matcher: Matcher) -> bool:
    """Whether the namespace and the object of a write have the labels that a matcher wants."""
    namespace: Mapping[str, str] | None = None
    if matcher.namespaces:
        found = request.namespace_object(write)
        if found is not None:
            namespace = found.metadata.labels
        elif write.call.resource.kind.namespaced:
            return False
    labels = [item.metadata.labels for item in (write.new, write.old) if item is not None and hasattr(item, "metadata")]
    return matcher.selects(namespace, labels)


def params(write: Write, kind: Any, ref: Any) -> Iterator[Any]:
    """Yield the parameters of a binding as trees: None, once, for one without.

    `kind` is the policy's `ParamKind` or None. Raises `Misconfigured` if there should be some.
    """
    if kind is None or ref is None:
        yield None
        return
    resource = _resource(write, kind)
    namespace = ""
    if resource.kind.namespaced:
        namespace = ref.namespace or request.namespace_of(write)
        if not namespace:
            raise Misconfigured(
                "cannot use namespaced paramRef in policy binding that matches cluster-scoped resources"
            )
    elif ref.namespace:
        raise Misconfigured("paramRef.namespace must not be provided for a cluster-scoped `paramKind`")
    found = list(_found(write, resource, namespace, ref))
    if not found and ref.parameterNotFoundAction == "Deny":
        raise Misconfigured(NO_PARAMS)
    for stored in found:
        yield objects.tree_of(resource, resource.working(stored).message)


def _resource(write: Write, kind: Any) -> Resource:
    for row in write.api.registry:
        if row.kind.api_version == kind.apiVersion and row.kind.name == kind.kind:
            return row
    group, _, version = kind.apiVersion.rpartition("/")
    shown = f"{group}/{version}, Kind={kind.kind}"
    raise Misconfigured(f"failed to find resource referenced by paramKind: '{shown}'")


def _found(write: Write, resource: Resource, namespace: str, ref: Any) -> Iterator[Any]:
    cacher = write.api.cacher
    if ref.name:
        stored = cacher.get(resource, namespace, ref.name)
        if stored is not None:
            yield stored
        return
    selector = from_label_selector(ref.selector)
    for stored in cacher.ring(resource).select(resource.prefix(namespace)):
        if selector.matches(stored.message.metadata.labels):
            yield stored
