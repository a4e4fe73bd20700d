"""What a request asks for, by its method, path and query alone: before it is known whether that makes sense."""

from dataclasses import dataclass
from typing import Final

from aiohttp import web

from kobune.apiserver.auth.attributes import Attributes
from kobune.apiserver.auth.user import User
from kobune.apiserver.rest.path import Target, parse

TRUE: Final = ("1", "true", "True")
VERBS: Final = {"POST": "create", "PUT": "update", "PATCH": "patch"}
LONG: Final = frozenset({"exec", "attach", "portforward", "proxy"})
"""Subresources whose users stay for as long as they like."""


@dataclass(slots=True)
class Asked:
    """A verb on a resource, or on a path that is none."""

    verb: str
    target: Target | None = None
    resource: str = ""
    """With its subresource."""
    path: str = ""
    is_long: bool = False
    """Whether the answer may take as long as the client stays."""
    group: str = ""
    namespace: str = ""

    def wish(self, user: User) -> Attributes:
        """Return the request as those see it who decide about it."""
        target = self.target
        if target is None:
            return Attributes(user, self.verb, path=self.path)
        return Attributes(
            user,
            self.verb,
            target.group,
            target.version,
            target.resource,
            target.subresource,
            target.namespace,
            target.name,
        )


def what_is_asked(request: web.BaseRequest) -> Asked:
    """Return what a request asks for."""
    path = request.path
    target = parse(path)
    if target is None:
        return Asked(request.method.lower(), path=path)
    part = target.subresource
    verb = _verb(request, target)
    long = verb == "watch" or part in LONG or (part == "log" and request.query.get("follow", "") in TRUE)
    return Asked(
        verb, target, f"{target.resource}/{part}" if part else target.resource, "", long, target.group, target.namespace
    )


def _verb(request: web.BaseRequest, target: Target) -> str:
    method = request.method
    if method in ("GET", "HEAD"):
        if target.is_watch or (not target.subresource and request.query.get("watch", "") in TRUE):
            return "watch"
        return "get" if target.name else "list"
    if method == "DELETE":
        return "delete" if target.name else "deletecollection"
    return VERBS.get(method, method.lower())
