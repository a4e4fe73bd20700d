"""Roles and their bindings, and requests for certificates."""

from collections.abc import Mapping
from typing import Any, Final

from kobune.apimachinery import names
from kobune.apimachinery.meta import time_of
from kobune.apiserver.registry.defaults import cluster as defaults
from kobune.apiserver.registry.rules import Rules
from kobune.apiserver.registry.strategy import Strategy, UncountedStrategy
from kobune.apiserver.registry.validation import access, certificates

RBAC: Final = "rbac.authorization.k8s.io"
VERDICTS: Final = ("Approved", "Denied")


class CertificateSigningRequestStrategy(UncountedStrategy):
    """A request says who made it; who approves, who signs and who asks may each change their own part."""

    def note_author(self, new: Any, user: Any) -> None:
        spec = new.spec
        spec.username, spec.uid = user.name, user.uid
        del spec.groups[:]
        spec.groups.extend(user.groups)
        spec.extra.clear()
        for key, values in user.extra.items():
            spec.extra[key].items.extend(values)

    def selectable_fields(self) -> Mapping[str, str]:
        return {"spec.signerName": "spec.signerName"}

    def prepare_update(self, new: Any, old: Any) -> None:
        super().prepare_update(new, old)
        new.spec.CopyFrom(old.spec)

    def prepare_part(self, part: str, new: Any, old: Any) -> None:
        if part != "approval":
            return
        new.spec.CopyFrom(old.spec)
        found = list(new.status.conditions)
        status = type(old.status)()
        status.CopyFrom(old.status)
        del status.conditions[:]
        status.conditions.extend(found)
        new.status.CopyFrom(status)

    def note_time(self, new: Any, old: Any, now: float) -> None:
        since = {(each.type, each.status): each.lastTransitionTime for each in old.status.conditions}
        for condition in new.status.conditions:
            if not condition.lastUpdateTime.seconds:
                condition.lastUpdateTime.CopyFrom(time_of(now))
            if not condition.lastTransitionTime.seconds:
                before = since.get((condition.type, condition.status))
                known = before if before is not None and before.seconds else time_of(now)
                condition.lastTransitionTime.CopyFrom(known)


def kinds() -> Mapping[tuple[str, str], Strategy]:
    """Return the strategies of these kinds, by group and plural."""

    def role_like(rules: Rules, default: Any = None) -> Strategy:
        # Their names may have colons and capitals: `system:node`.
        return UncountedStrategy(default, rules, name_rule=names.path_segment)

    return {
        ("certificates.k8s.io", "certificatesigningrequests"): CertificateSigningRequestStrategy(
            defaults.default_certificate_request,
            Rules(
                new=certificates.signing_request,
                change=certificates.request_update,
                status=certificates.request_status,
                parts={"approval": certificates.request_approval},
            ),
            name_rule=names.path_segment,
        ),
        (RBAC, "clusterrolebindings"): role_like(
            Rules(always=access.cluster_role_binding, change=access.binding_update), defaults.default_binding
        ),
        (RBAC, "clusterroles"): role_like(Rules(always=access.cluster_role)),
        (RBAC, "rolebindings"): role_like(
            Rules(always=access.role_binding, change=access.binding_update), defaults.default_binding
        ),
        (RBAC, "roles"): role_like(Rules(always=access.role)),
    }
