"""What somebody may do: `authorizer.group('apps').resource('deployments').check('create').allowed()`."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar, Final

from kobune.apimachinery.cel.declarations import Overload, method
from kobune.apimachinery.cel.types import BOOL, STRING, opaque

AUTHORIZER: Final = opaque("kubernetes.authorization.Authorizer")
PATH: Final = opaque("kubernetes.authorization.PathCheck")
GROUP: Final = opaque("kubernetes.authorization.GroupCheck")
RESOURCE: Final = opaque("kubernetes.authorization.ResourceCheck")
DECISION: Final = opaque("kubernetes.authorization.Decision")
COST: Final = 350_000
"""What asking costs: it is slow in a real cluster."""


@dataclass(frozen=True)
class Wish:
    """What somebody wants to do."""

    user: str = ""
    """A service account, or empty for who makes the request."""
    verb: str = ""
    path: str = ""
    group: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""


Ask = Callable[[Wish], tuple[bool, str]]
"""Whether a wish is granted, and why."""


@dataclass(frozen=True)
class Authorizer:
    """Whom to ask."""

    cel_type: ClassVar[str] = AUTHORIZER.name
    ask: Ask
    wish: Wish = Wish()


@dataclass(frozen=True)
class PathCheck(Authorizer):
    cel_type: ClassVar[str] = PATH.name


@dataclass(frozen=True)
class GroupCheck(Authorizer):
    cel_type: ClassVar[str] = GROUP.name


@dataclass(frozen=True)
class ResourceCheck(Authorizer):
    cel_type: ClassVar[str] = RESOURCE.name


@dataclass(frozen=True)
class Decision:
    """The answer."""

    cel_type: ClassVar[str] = DECISION.name
    is_allowed: bool
    why: str


def overloads() -> list[Overload]:
    """Return the functions of authorizers."""
    text = (STRING,)
    return [
        method("path", (AUTHORIZER, *text), PATH, lambda it, path: PathCheck(it.ask, replace(it.wish, path=path))),
        method(
            "group", (AUTHORIZER, *text), GROUP, lambda it, group: GroupCheck(it.ask, replace(it.wish, group=group))
        ),
        method("serviceAccount", (AUTHORIZER, STRING, STRING), AUTHORIZER, as_service_account),
        method("resource", (GROUP, *text), RESOURCE, lambda it, name: _check(it, resource=name)),
        method("subresource", (RESOURCE, *text), RESOURCE, lambda it, name: _check(it, subresource=name)),
        method("namespace", (RESOURCE, *text), RESOURCE, lambda it, name: _check(it, namespace=name)),
        method("name", (RESOURCE, *text), RESOURCE, lambda it, name: _check(it, name=name)),
        method("fieldSelector", (RESOURCE, *text), RESOURCE, lambda it, selector: it),
        method("labelSelector", (RESOURCE, *text), RESOURCE, lambda it, selector: it),
        method("check", (PATH, *text), DECISION, decide, _cost),
        method("check", (RESOURCE, *text), DECISION, decide, _cost),
        method("allowed", (DECISION,), BOOL, lambda decision: decision.is_allowed),
        method("denied", (DECISION,), BOOL, lambda decision: False),
        method("errored", (DECISION,), BOOL, lambda decision: False),
        method("reason", (DECISION,), STRING, lambda decision: decision.why),
        method("error", (DECISION,), STRING, lambda decision: ""),
    ]


def as_service_account(it: Authorizer, namespace: str, name: str) -> Authorizer:
    return Authorizer(it.ask, replace(it.wish, user=f"system:serviceaccount:{namespace}:{name}"))


def decide(it: Authorizer, verb: str) -> Decision:
    return Decision(*it.ask(replace(it.wish, verb=verb)))


def _check(it: Authorizer, **changes: str) -> ResourceCheck:
    return ResourceCheck(it.ask, replace(it.wish, **changes))


def _cost(it: Authorizer, verb: str) -> int:
    return COST
