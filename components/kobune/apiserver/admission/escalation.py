"""Nobody gives others more rights than they have. Source: *Using RBAC Authorization*, on privilege escalation."""

from collections.abc import Iterator
from itertools import product
from typing import Any

from kobune.apimachinery.errors import Forbidden, NotFound
from kobune.apiserver.admission.chain import Write
from kobune.apiserver.auth.attributes import Attributes
from kobune.apiserver.auth.rbac import grants
from kobune.apiserver.auth.user import User

GROUP = "rbac.authorization.k8s.io"
ROLES = frozenset({"roles", "clusterroles"})
PLURALS = {"Role": "roles", "ClusterRole": "clusterroles"}


class Escalation:
    """Refuses roles, and bindings to roles, with rights that their author lacks."""

    resources = ROLES | {"rolebindings", "clusterrolebindings"}

    def validate(self, write: Write) -> None:
        user = write.call.user
        if write.operation == "DELETE" or "system:masters" in user.groups:
            return
        if write.call.plural in ROLES:
            if write.old is not None and _same(write.new, write.old):
                return
            excuse, reference = "escalate", write.new.metadata.name
        else:
            excuse, reference = "bind", write.new.roleRef.name
        plural = write.call.plural if excuse == "escalate" else PLURALS.get(write.new.roleRef.kind, "clusterroles")
        where = write.call.namespace
        authorizer = write.api.authorizer
        if authorizer.allows(Attributes(user, excuse, GROUP, "v1", plural, namespace=where, name=reference)):
            return
        held = list(authorizer.rules(user, where))
        missing = [rule for rule in _given(write, plural) if not _holds(held, rule, user)]
        if missing:
            groups = ",".join(f'"{group}"' for group in user.groups)
            why = f'user "{user.name}" (groups=[{groups}]) is attempting to grant RBAC permissions not currently held:'
            raise _forbidden(write, "\n".join((why, *map(_shown, missing))))
        everything = Attributes(user, "*", "*", "*", "*")
        if _aggregates(write.new) and not any(grants(rule, everything) for rule in held):
            raise _forbidden(write, "must have cluster-admin privileges to use the aggregationRule")


def _same(new: Any, old: Any) -> bool:
    return list(old.rules) == list(new.rules) and _aggregates(old) == _aggregates(new)


def _given(write: Write, plural: str) -> list[Any]:
    """Return the rules that a write gives to somebody."""
    if write.call.plural in ROLES:
        return list(write.new.rules)
    name = write.new.roleRef.name
    role = write.api.find(plural, write.call.namespace if plural == "roles" else "", name)
    if role is None:
        raise NotFound.named(GROUP, plural, name)
    return list(role.rules)


def _aggregates(role: Any) -> bool:
    return "aggregationRule" in role.DESCRIPTOR.fields_by_name and bool(role.aggregationRule.clusterRoleSelectors)


def _holds(held: list[Any], rule: Any, user: User) -> bool:
    return all(any(grants(own, wish) for own in held) for wish in _wishes(rule, user))


def _wishes(rule: Any, user: User) -> Iterator[Attributes]:
    """Yield every single right that a rule gives."""
    for verb, path in product(rule.verbs, rule.nonResourceURLs):
        yield Attributes(user, verb, path=path)
    for verb, group, resource, name in product(rule.verbs, rule.apiGroups, rule.resources, rule.resourceNames or ("",)):
        plural, _, subresource = resource.partition("/")
        yield Attributes(user, verb, group, "", plural, subresource, "", name)


def _shown(rule: Any) -> str:
    parts = (
        ("APIGroups", rule.apiGroups),
        ("Resources", rule.resources),
        ("ResourceNames", rule.resourceNames),
        ("NonResourceURLs", rule.nonResourceURLs),
        ("Verbs", rule.verbs),
    )
    shown = (f"{name}:[{', '.join(chr(34) + value + chr(34) for value in values)}]" for name, values in parts if values)
    return f"{{{', '.join(shown)}}}"


def _forbidden(write: Write, why: str) -> Forbidden:
    call = write.call
    return Forbidden.of(
        call.group, call.plural, call.name, f'{call.plural}.{call.group} "{call.name}" is forbidden: {why}'
    )
