"""Acting as somebody else: `kubectl --as`. Source: *User impersonation* in the documentation on authentication."""

from collections.abc import Iterable, Iterator
from urllib.parse import unquote

from kobune.apimachinery.errors import BadRequest
from kobune.apiserver.auth.attributes import Attributes
from kobune.apiserver.auth.authenticate import AUTHENTICATED
from kobune.apiserver.auth.authorize import Authorizer
from kobune.apiserver.auth.user import ANONYMOUS, User

PREFIX = "impersonate-"
EXTRA = "impersonate-extra-"
ACCOUNT = "system:serviceaccount:"
GROUP = "authentication.k8s.io"


def impersonated(authorizer: Authorizer, user: User, headers: Iterable[tuple[str, str]]) -> User:
    """Return whom `user` wants to act as, as the headers `Impersonate-User`, `-Group`, `-Uid` and `-Extra-…` say.

    Raises `Forbidden` if they may not act as that user, or one of its groups; `BadRequest` if no user is named.
    """
    wanted = _wanted(headers)
    if wanted is None:
        return user
    for wish in _wishes(user, wanted):
        authorizer.check(wish)
    return _completed(wanted)


def _wanted(headers: Iterable[tuple[str, str]]) -> User | None:
    name = uid = ""
    groups: list[str] = []
    extra: dict[str, tuple[str, ...]] = {}
    found = False
    for header, value in headers:
        key = header.lower()
        if not key.startswith(PREFIX):
            continue
        found = True
        if key == "impersonate-user":
            name = value
        elif key == "impersonate-group":
            groups.append(value)
        elif key == "impersonate-uid":
            uid = value
        elif key.startswith(EXTRA):
            field = unquote(key[len(EXTRA) :])
            extra[field] = (*extra.get(field, ()), value)
        else:
            raise BadRequest(f"the header {header} says nothing that this server knows about impersonation")
    if found and not name:
        raise BadRequest("requested to impersonate a group, uid or extra without impersonating a user")
    return User(name, tuple(groups), uid, extra) if found else None


def _wishes(user: User, wanted: User) -> Iterator[Attributes]:
    """Yield what somebody has to be allowed to act as somebody else."""
    verb = "impersonate"
    if account := _account(wanted.name):
        yield Attributes(user, verb, "", "v1", "serviceaccounts", namespace=account[0], name=account[1])
    else:
        yield Attributes(user, verb, "", "v1", "users", name=wanted.name)
    for group in wanted.groups:
        yield Attributes(user, verb, "", "v1", "groups", name=group)
    if wanted.uid:
        yield Attributes(user, verb, GROUP, "v1", "uids", name=wanted.uid)
    for key, values in wanted.extra.items():
        for value in values:
            yield Attributes(user, verb, GROUP, "v1", "userextras", key, name=value)


def _completed(wanted: User) -> User:
    """Return the user with the groups that everyone of its sort is in."""
    groups = wanted.groups
    if (account := _account(wanted.name)) and not groups:
        groups = ("system:serviceaccounts", f"system:serviceaccounts:{account[0]}")
    if wanted.name == ANONYMOUS.name:
        groups = groups or ANONYMOUS.groups
    elif AUTHENTICATED not in groups:
        groups = (*groups, AUTHENTICATED)
    return User(wanted.name, groups, wanted.uid, wanted.extra)


def _account(name: str) -> tuple[str, str] | None:
    """Return the namespace and name of a service account by its user name, None for other users."""
    namespace, _, account = name.removeprefix(ACCOUNT).partition(":")
    return (namespace, account) if name.startswith(ACCOUNT) and namespace and account and ":" not in account else None
