"""Says what quotas allow and how much of it is used. Source: *Resource Quotas*.

The apiserver adds what new objects need when they are written; here everything is counted again whenever something goes
away, and for new and changed quotas.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from kobune.api.core.v1 import PersistentVolumeClaim, Pod, ResourceQuota, Service
from kobune.api.runtime.v1 import Quantity
from kobune.apimachinery.kinds import Object, kind_of, messages
from kobune.apimachinery.meta import key_of
from kobune.apimachinery.pod_resources import Amounts, shown
from kobune.apimachinery.quantity import parse
from kobune.apimachinery.resource_usage import could_count, in_scope, usage
from kobune.client import Action, Controller, UpdateStatus, View, Watch

MEASURED: tuple[type[Object], ...] = (Pod, PersistentVolumeClaim, Service)
"""The kinds of which more counts than how many there are."""
ENDED = ("Failed", "Succeeded")
SETTLE = 0.2
"""For how many seconds whoever was charged last is left to store what they were charged for."""


def reconcile(quota: ResourceQuota, found: Sequence[tuple[str, str, Sequence[Any]]]) -> list[Action]:
    """Plan the status of a quota: `found` are the objects of its namespace by group and plural."""
    hard = {name: value.string for name, value in quota.spec.hard.items()}
    used = Amounts()
    known: set[str] = set()
    for group, plural, items in found:
        names = could_count(group, plural, hard)
        known |= names
        for item in items if names else ():
            if not in_scope(plural, item, quota.spec):
                continue
            own = usage(group, plural, item)
            for name in list(own):
                if name not in names:
                    del own[name]
            used.add(own)
    before = {name: value.string for name, value in quota.status.used.items()}
    after = {
        # What nobody here counts, custom resources, stays what the apiserver has added up.
        name: shown(name, used) if name in used else "0" if name in known else before.get(name, "0")
        for name in hard
    }
    if {name: value.string for name, value in quota.status.hard.items()} == hard and _same(before, after):
        return []
    copy = ResourceQuota()
    copy.CopyFrom(quota)
    copy.ClearField("status")
    for name in hard:
        copy.status.hard[name].CopyFrom(Quantity(string=hard[name]))
        copy.status.used[name].CopyFrom(Quantity(string=after[name]))
    return [UpdateStatus(copy)]


def _same(one: dict[str, str], other: dict[str, str]) -> bool:
    return one.keys() == other.keys() and all(parse(one[name]) == parse(other[name]) for name in one)


def quotas_of(view: View, item: Any) -> Iterable[str]:
    """Return the keys of all quotas in the namespace of an object."""
    return (key_of(quota.metadata.namespace, quota.metadata.name) for quota in _quotas(view, item.metadata.namespace))


def _quotas(view: View, namespace: str) -> list[ResourceQuota]:
    return view.in_namespace(ResourceQuota, namespace)


def frees(old: Any, new: Any) -> bool:
    """Whether a change may leave less in use."""
    if new is None:
        return True
    return old is not None and isinstance(new, Pod) and new.status.phase in ENDED and old.status.phase not in ENDED


def is_gone(old: Any, new: Any) -> bool:
    return new is None


def counted() -> Iterator[type[Object]]:
    """Yield the kinds of which only the number counts."""
    for kind in messages():
        about = kind_of(kind)
        stored = {"list", "watch", "create"} <= set(about.verbs)
        if about.namespaced and stored and kind not in MEASURED and about.plural != "events":
            yield kind


def is_new(old: Any, new: Any) -> bool:
    """Whether a quota says something else than before: what is used of it, the apiserver keeps itself."""
    return new is not None and (old is None or new.spec != old.spec or set(new.status.used) != set(new.spec.hard))


async def observe(view: View, key: str) -> tuple[Any, ...] | None:
    """Return a quota, and what there is in its namespace.

    First the quota, then, after a while, the objects, from the apiserver itself: so everything is there that the quota
    was charged for. If it is charged again meanwhile, what comes of this is a conflict.
    """
    quota = view.get(ResourceQuota, key)
    if quota is None or quota.metadata.HasField("deletionTimestamp"):
        return None
    if quota.status.used:
        await view.sleep(SETTLE)
    found = []
    for kind in (*MEASURED, *COUNTED):
        about = kind_of(kind)
        if could_count(about.group, about.plural, quota.spec.hard):
            listing = await view.client.list(kind, quota.metadata.namespace)
            found.append((about.group, about.plural, listing.items))
    return quota, found


COUNTED = tuple(kind for kind in counted() if kind is not ResourceQuota)

resourcequota = Controller(
    name="resourcequota",
    root=ResourceQuota,
    watches=[
        *(Watch(kind, quotas_of, frees) for kind in MEASURED),
        *(Watch(kind, quotas_of, is_gone, metadata_only=True) for kind in COUNTED),
    ],
    root_when=is_new,
    observe=observe,
    reconcile=reconcile,
)
