"""What a controller wants done, as values: a test compares them, the runner performs them."""

from dataclasses import dataclass
from typing import Any, TypeAlias

from google.protobuf.message import Message

from kobune.api.core.v1 import ObjectReference
from kobune.apimachinery.kinds import Object
from kobune.client.writes import CreateOf as CreateWrite
from kobune.client.writes import DeleteOf, PatchBody, PatchOf, PatchType, UpdateOf, UpdateStatusOf, Write


@dataclass(frozen=True)
class RecordEvent:
    """Tell people what happened to an object."""

    regarding: Object | ObjectReference
    type: str
    """Normal or Warning."""
    reason: str
    message: str


@dataclass(frozen=True)
class Announce:
    """The events to record when an action has succeeded or failed. `{name}` and `{error}` stand for just that."""

    regarding: Object
    success: str
    """The reason: SuccessfulCreate. Empty for no event."""
    success_message: str
    failure: str = ""
    failure_message: str = ""


@dataclass(frozen=True)
class Create:
    """Create this object."""

    object: Object
    announce: Announce | None = None


@dataclass(frozen=True)
class Update:
    """Replace the object, which must still have this one's `resourceVersion`. For one that came from a cache."""

    object: Object
    announce: Announce | None = None


@dataclass(frozen=True)
class UpdateStatus:
    """Replace the object's status; it must still have this one's `resourceVersion`."""

    object: Object
    announce: Announce | None = None


@dataclass(frozen=True)
class Finalize:
    """Replace the finalizers in the spec of a namespace."""

    object: Object
    announce: Announce | None = None


@dataclass(frozen=True)
class Patch:
    """Change parts of an object. Where it matters, the patch names the uid or version that it is meant for."""

    kind: type[Object]
    name: str
    namespace: str
    patch: PatchBody
    type: PatchType = PatchType.MERGE
    subresource: str = ""
    announce: Announce | None = None


@dataclass(frozen=True)
class Delete:
    """Delete an object."""

    kind: type[Object]
    name: str
    namespace: str
    uid: str
    """A precondition: never delete a namesake."""
    resource_version: str = ""
    """A precondition, if not empty."""
    grace_seconds: int | None = None
    propagation: str = ""
    announce: Announce | None = None


@dataclass(frozen=True)
class RequeueAfter:
    """Look again in so many seconds, even if nothing changes."""

    seconds: float


@dataclass(frozen=True)
class Effect:
    """Something to do outside of the API. A controller derives its own ones, and its `perform` does them."""


@dataclass(frozen=True)
class Retry:
    """Look again, after a wait that doubles with each failure in a row: something outside of the API went wrong."""

    error: Exception


WriteAction: TypeAlias = Create | Update | UpdateStatus | Finalize | Patch | Delete
Action: TypeAlias = WriteAction | RecordEvent | RequeueAfter | Effect | Retry


def write_of(action: WriteAction) -> Write:
    """Return the write that performs an action."""
    match action:
        case Create(item):
            return CreateWrite(item)
        case Update(item):
            return UpdateOf(item)
        case UpdateStatus(item):
            return UpdateStatusOf(item)
        case Finalize(item):
            return UpdateOf(item, "finalize")
        case Patch(kind, name, namespace, patch, type_, subresource):
            return PatchOf(kind, name, namespace, patch, type_, subresource)
        case Delete(kind, name, namespace, uid, version, grace, propagation):
            return DeleteOf(kind, name, namespace, uid, version, grace, propagation)


def delete(
    item: Object, *, grace_seconds: int | None = None, propagation: str = "", announce: Announce | None = None
) -> Delete:
    """Return the deletion of exactly this object."""
    meta = item.metadata
    return Delete(
        type(item),
        meta.name,
        meta.namespace,
        meta.uid,
        grace_seconds=grace_seconds,
        propagation=propagation,
        announce=announce,
    )


def status_written(item: Object, status: Message) -> list[Action]:
    """Return the write of an object's status, if it is another than the object has."""
    changed: Any = type(item)()
    changed.CopyFrom(item)
    if status == changed.status:
        return []
    changed.status.CopyFrom(status)
    return [UpdateStatus(changed)]
