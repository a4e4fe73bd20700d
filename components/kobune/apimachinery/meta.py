"""Small questions about any object's metadata, and times as the API writes them."""

from collections.abc import Iterable

from kobune.api.meta.v1 import MicroTime, ObjectMeta, OwnerReference, Time
from kobune.apimachinery.kinds import Object, kind_of


def key_of(namespace: str, name: str) -> str:
    """Return `namespace/name`, or `name` for an object of the cluster: how queues and caches call an object."""
    return f"{namespace}/{name}" if namespace else name


def split_key(key: str) -> tuple[str, str]:
    """Return the namespace (maybe empty) and the name of a key."""
    namespace, _, name = key.rpartition("/")
    return namespace, name


def time_of(now: float) -> Time:
    """Return a clock's reading as the API's time, in whole seconds."""
    return Time(seconds=int(now))


def micro_time_of(now: float) -> MicroTime:
    """Return a clock's reading as the API's time with microseconds."""
    micros = int(now * 1_000_000)
    return MicroTime(seconds=micros // 1_000_000, nanos=micros % 1_000_000 * 1000)


def seconds_of(time: Time | MicroTime) -> float:
    """Return the seconds since 1970, as a clock reads."""
    return time.seconds + time.nanos / 1e9


def is_deleting(meta: ObjectMeta) -> bool:
    """Whether somebody asked for the object's deletion and it is still there."""
    return meta.HasField("deletionTimestamp")


def controller_of(meta: ObjectMeta) -> OwnerReference | None:
    """Return the owner that manages the object, if it has one."""
    return next((owner for owner in meta.ownerReferences if owner.controller), None)


def controller_reference(owner: Object) -> OwnerReference:
    """Return the reference that makes `owner` the controller of an object."""
    kind = kind_of(type(owner))
    return OwnerReference(
        apiVersion=kind.api_version,
        kind=kind.name,
        name=owner.metadata.name,
        uid=owner.metadata.uid,
        controller=True,
        blockOwnerDeletion=True,
    )


def owned_by(meta: ObjectMeta, uid: str) -> bool:
    """Whether the object with that uid controls this one."""
    owner = controller_of(meta)
    return owner is not None and owner.uid == uid


def names(objects: Iterable[Object]) -> list[str]:
    """Return the sorted names of objects."""
    return sorted(item.metadata.name for item in objects)
