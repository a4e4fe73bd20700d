"""Says what quotas allow and how much of it is used. Source: *Resource Quotas*.

The apiserver adds what new objects need when they are written; here everything is counted again whenever something goes
away, and for new and changed quotas.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from kobune.api.apiextensions.v1 import CustomResourceDefinition
from kobune.api.core.v1 import PersistentVolumeClaim, Pod, ResourceQuota, Service
from kobune.api.runtime.v1 import Quantity
from kobune.apimachinery.kinds import Object, kind_of, messages
from kobune.apimachinery.meta import key_of
from kobune.apimachinery.pod_resources import Amounts, shown
from kobune.apimachinery.quantity import parse
from kobune.apimachinery.resource_usage import could_count, in_scope, usage
from kobune.client import Action, Controller, UpdateStatus, View, Watch
from kobune.client.custom import defined_kind, defined_kinds

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
        # What nobody here counts, kinds that are not served, stays what the apiserver has added up.
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
    custom = [kind for kind in defined_kinds(view.all(CustomResourceDefinition)) if kind_of(kind).namespaced]
    for kind in (*MEASURED, *COUNTED, *custom):
        about = kind_of(kind)
        if could_count(about.group, about.plural, quota.spec.hard):
            listing = await view.client.list(kind, quota.metadata.namespace)
            found.append((about.group, about.plural, listing.items))
    return quota, found


def on_definition(view: View, old: Any | None, new: Any | None) -> Iterable[str]:
    """Follow what users define: from now on, wake the quotas of a namespace when an object of a new kind goes there."""
    before = defined_kind(old) if old is not None else None
    after = defined_kind(new) if new is not None else None
    if before is after:
        return ()
    if before is not None:
        view.unfollow(before)
    if after is None or not kind_of(after).namespaced:
        return ()
    view.follow(Watch(after, on_change=on_custom))
    name = f"count/{kind_of(after).plural}.{kind_of(after).group}"
    counting = [quota for quota in view.all(ResourceQuota) if name in quota.spec.hard]
    return [key_of(quota.metadata.namespace, quota.metadata.name) for quota in counting]


def on_custom(view: View, old: Any | None, new: Any | None) -> Iterable[str]:
    """Return the keys of the quotas that are to be counted again because a custom object has gone."""
    return quotas_of(view, old) if new is None and old is not None else ()


COUNTED = tuple(kind for kind in counted() if kind is not ResourceQuota)

resourcequota = Controller(
    name="resourcequota",
    root=ResourceQuota,
    watches=[
        *(Watch(kind, quotas_of, frees) for kind in MEASURED),
        *(Watch(kind, quotas_of, is_gone, metadata_only=True) for kind in COUNTED),
        Watch(CustomResourceDefinition, on_change=on_definition),
    ],
    root_when=is_new,
    observe=observe,
    reconcile=reconcile,
)
