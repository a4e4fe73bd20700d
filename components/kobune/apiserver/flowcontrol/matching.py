"""Which requests a FlowSchema is about. Source: *API Priority and Fairness*."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from kobune.apiserver.auth.user import User

ACCOUNT: Final = "system:serviceaccount:"
EVERY: Final = "*"


@dataclass(frozen=True, slots=True)
class Request:
    """What is known of a request before anything is done about it."""

    user: User
    verb: str
    group: str = ""
    resource: str = ""
    """With its subresource: `pods/status`."""
    namespace: str = ""
    path: str = ""
    """Of what is no resource."""


def matches(schema: Any, request: Request) -> bool:
    """Whether some rule of a FlowSchema is about a request."""
    return any(
        any(_is_subject(subject, request.user) for subject in rule.subjects) and _is_about(rule, request)
        for rule in schema.spec.rules
    )


def distinguisher(schema: Any, request: Request) -> str:
    """Return what parts the requests of a schema into flows that are fair to each other."""
    match schema.spec.distinguisherMethod.type:
        case "ByUser":
            return request.user.name
        case "ByNamespace":
            return request.namespace
    return ""


def _is_subject(subject: Any, user: User) -> bool:
    match subject.kind:
        case "User":
            return subject.user.name in (EVERY, user.name)
        case "Group":
            return subject.group.name == EVERY or subject.group.name in user.groups
        case "ServiceAccount":
            account = subject.serviceAccount
            if account.name == EVERY:
                return user.name.startswith(f"{ACCOUNT}{account.namespace}:")
            return user.name == f"{ACCOUNT}{account.namespace}:{account.name}"
    return False


def _is_about(rule: Any, request: Request) -> bool:
    if request.path:
        return any(
            _has(each.verbs, request.verb) and any(_covers(url, request.path) for url in each.nonResourceURLs)
            for each in rule.nonResourceRules
        )
    return any(
        _has(each.verbs, request.verb)
        and _has(each.apiGroups, request.group)
        and _has(each.resources, request.resource)
        and (_has(each.namespaces, request.namespace) if request.namespace else each.clusterScope)
        for each in rule.resourceRules
    )


def _has(wanted: Iterable[str], value: str) -> bool:
    return any(each in (EVERY, value) for each in wanted)


def _covers(pattern: str, path: str) -> bool:
    return pattern in (EVERY, path) or (pattern.endswith("/*") and path.startswith(pattern[:-1]))
