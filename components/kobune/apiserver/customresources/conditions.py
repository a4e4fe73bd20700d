"""What the status of a definition says: whether its names are free, and whether its resources are there. Pure.

created ──► NamesAccepted ──► Established ──(deleted)──► Terminating: instances go ──► gone
       └──► names taken: not served until the other definition lets go of them
"""

from collections.abc import Iterable, Sequence
from typing import Any

from kobune.api.apiextensions.v1 import CustomResourceDefinitionCondition as Condition
from kobune.api.apiextensions.v1 import CustomResourceDefinitionNames as Names
from kobune.api.apiextensions.v1 import CustomResourceDefinitionStatus as Status
from kobune.api.meta.v1 import Time
from kobune.apimachinery.meta import time_of
from kobune.apiserver.customresources.definition.approval import approval_of
from kobune.apiserver.customresources.definition.webhook import is_certificate_bundle
from kobune.apiserver.customresources.state import condition

CLEANUP = "customresourcecleanup.apiextensions.k8s.io"
"""The finalizer of definitions whose instances are yet to be deleted."""
DELETION_PENDING = (
    "InstanceDeletionPending",
    "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
)
IN_PROGRESS = ("InstanceDeletionInProgress", "CustomResource deletion is in progress")
COMPLETED = ("InstanceDeletionCompleted", "removed all instances")
NEVER = ("NeverEstablished", "resource was never established")


def status_of(definition: Any, others: Sequence[Any], now: float) -> Status:
    """Return the status that a definition should have beside the other definitions of its group."""
    status = Status()
    status.CopyFrom(definition.status)
    conflict = _accept_names(definition, others, status)
    if conflict is None:
        set_condition(status, "NamesAccepted", "True", "NoConflicts", "no conflicts found", now)
    else:
        set_condition(status, "NamesAccepted", "False", *conflict, now)
    established = next((found for found in status.conditions if found.type == "Established"), None)
    if conflict is not None and established is None:
        set_condition(status, "Established", "False", "NotAccepted", "not all names are accepted", now)
    elif conflict is None and (established is None or established.status != "True"):
        _establish(definition, status, now)
    if (approval := approval_of(definition)) is not None:
        set_condition(status, "KubernetesAPIApprovalPolicyConformant", *approval, now)
    return status


def _establish(definition: Any, status: Status, now: float) -> None:
    bundle = definition.spec.conversion.webhook.clientConfig.caBundle
    if bundle and not is_certificate_bundle(bundle):
        why = "The conversion webhook CABundle is invalid"
        set_condition(status, "Established", "False", "InvalidCABundle", why, now)
    else:
        why = "the initial names have been accepted"
        set_condition(status, "Established", "True", "InitialNamesAccepted", why, now)


def _accept_names(definition: Any, others: Iterable[Any], status: Status) -> tuple[str, str] | None:
    """Take over the names that are free; return the reason and the words of the last conflict."""
    resources: set[str] = set()
    kinds: set[str] = set()
    for other in others:
        taken = other.status.acceptedNames
        resources |= {taken.plural, taken.singular, *taken.shortNames}
        kinds |= {taken.kind, taken.listKind}
    wanted: Names = definition.spec.names
    accepted = status.acceptedNames
    conflict = None
    for field, used, reason in (
        ("plural", resources, "PluralConflict"),
        ("singular", resources, "SingularConflict"),
        ("shortNames", resources, "ShortNamesConflict"),
        ("kind", kinds, "KindConflict"),
        ("listKind", kinds, "ListKindConflict"),
    ):
        if field == "shortNames":
            own = set(accepted.shortNames)
            taken_names = [name for name in wanted.shortNames if name in used and name not in own]
            if not taken_names:
                del accepted.shortNames[:]
                accepted.shortNames.extend(wanted.shortNames)
        else:
            name = getattr(wanted, field)
            taken_names = [name] if name in used and name != getattr(accepted, field) else []
            if not taken_names:
                setattr(accepted, field, name)
        if taken_names:
            words = [f'"{name}" is already in use' for name in taken_names]
            conflict = reason, words[0] if len(words) == 1 else f"[{', '.join(words)}]"
    del accepted.categories[:]
    accepted.categories.extend(wanted.categories)
    return conflict


def set_condition(status: Any, type: str, value: str, reason: str, message: str, now: float) -> None:
    """Let a condition say something; it remembers since when it says whether it holds."""
    old = next((found for found in status.conditions if found.type == type), None)
    since = old.lastTransitionTime if old is not None and old.status == value else time_of(now)
    new = Condition(type=type, status=value, lastTransitionTime=since, reason=reason, message=message)
    if old is None:
        status.conditions.append(new)
    else:
        old.CopyFrom(new)


def mark_terminating(definition: Any, since: Time) -> None:
    """Note on a definition that somebody deletes it that its instances have to go first."""
    if condition(definition, "Terminating") is not None:
        return
    definition.metadata.finalizers.append(CLEANUP)
    set_condition(definition.status, "Terminating", "True", *DELETION_PENDING, since.seconds)
