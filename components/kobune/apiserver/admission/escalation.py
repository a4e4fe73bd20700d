"""Nobody gives others more rights than they have. Source: *Using RBAC Authorization*, on privilege escalation."""

from collections.abc import Iterable, Iterator
from itertools import product
from typing import Any

from kobune.apimachinery.errors import Forbidden, NotFound
from kobune.apiserver.admission.chain import Write
from kobune.apiserver.auth.attributes import Attributes
from kobune.apiserver.auth.rbac import grants
from kobune.apiserver.auth.user import User
from kobune.apiserver.registry.validation.shown import quoted

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
        lacking = [wish for rule in _given(write, plural) for wish in _wishes(rule, user) if not _holds(held, wish)]
        if lacking:
            groups = _quoted(user.groups)
            why = f'user "{user.name}" (groups={groups}) is attempting to grant RBAC permissions not currently held:'
            raise _forbidden(write, "\n".join((why, *_shown(lacking))))
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


def _holds(held: list[Any], wish: Attributes) -> bool:
    return any(grants(own, wish) for own in held)


def _wishes(rule: Any, user: User) -> Iterator[Attributes]:
    """Yield every single right that a rule gives."""
    for verb, path in product(rule.verbs, rule.nonResourceURLs):
        yield Attributes(user, verb, path=path)
    for verb, group, resource, name in product(rule.verbs, rule.apiGroups, rule.resources, rule.resourceNames or ("",)):
        plural, _, subresource = resource.partition("/")
        yield Attributes(user, verb, group, "", plural, subresource, "", name)


def _shown(lacking: Iterable[Attributes]) -> list[str]:
    """Return a line for each resource, name or path that rights are lacking on, with all of their verbs."""
    verbs: dict[tuple[str, ...], dict[str, None]] = {}
    for wish in lacking:
        resource = f"{wish.resource}/{wish.subresource}" if wish.subresource else wish.resource
        where = ("", "", "", wish.path) if wish.path else (wish.group, resource, wish.name, "")
        # Only what is about all objects of a kind is told together.
        alone = wish.verb if wish.name or wish.path else ""
        verbs.setdefault((*where, alone), {})[wish.verb] = None
    lines = []
    for (group, resource, name, path, _), found in verbs.items():
        of_resources = [("APIGroups", [group]), ("Resources", [resource]), ("ResourceNames", [name] if name else [])]
        parts = [*([("NonResourceURLs", [path])] if path else of_resources), ("Verbs", list(found))]
        lines.append(f"{{{', '.join(f'{part}:{_quoted(values)}' for part, values in parts if values)}}}")
    return sorted(lines)


def _quoted(values: Iterable[str]) -> str:
    return f"[{' '.join(quoted(value) for value in values)}]"


def _forbidden(write: Write, why: str) -> Forbidden:
    call = write.call
    return Forbidden.of(
        call.group, call.plural, call.name, f'{call.plural}.{call.group} "{call.name}" is forbidden: {why}'
    )
