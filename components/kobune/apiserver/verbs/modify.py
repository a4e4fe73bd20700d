"""Change an object that is there: what update, patch and the subresources have in common.

Whoever changes gives a function from the object as it is now to the object as it should be. If somebody else was
faster and the change does not insist on the version it saw, it is made again on the newer one.
"""

from collections.abc import Callable
from typing import Any

from kobune.apimachinery.errors import BadRequest, Conflict, Invalid, NotFound, Unexplained
from kobune.apiserver.admission.chain import Write
from kobune.apiserver.cache.stored import Stored
from kobune.apiserver.registry import effects
from kobune.apiserver.registry.validation.shown import quoted
from kobune.apiserver.storage.errors import RevisionConflict
from kobune.apiserver.verbs import checks, ownership
from kobune.apiserver.verbs.api import Api
from kobune.apiserver.verbs.call import Call
from kobune.apiserver.verbs.owners import name_once

STALE = "the object has been modified; please apply your changes to the latest version and try again"
ATTEMPTS = 100
KEPT = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "selfLink")
"""The fields of metadata that only the server changes."""

WHOLE = ("", "scale")
"""The subresources by way of which an object as a whole is changed."""
REVIEWED = frozenset({"scale"})
"""The subresources whose own objects have passed admission, so that what they change does not have to."""
DELETION = ("deletionTimestamp", "deletionGracePeriodSeconds")

Change = Callable[[Stored], Any]


def must_get(api: Api, call: Call) -> Stored:
    """Return the object as it is now; `NotFound` if there is none."""
    stored = api.cacher.get(call.resource, call.namespace, call.name)
    if stored is None:
        raise NotFound.named(call.group, call.plural, call.name)
    return stored


async def modify(api: Api, call: Call, change: Change, *, tracked: bool = True) -> Stored:
    """Make a change to an object and return it as it is then.

    `change` may be called again on a newer version; its result's `resourceVersion`, if it has one, must be the current
    one. Whoever calls owns what changes, unless `change` settles that itself (not `tracked`). Raises `NotFound`,
    `Conflict`, `Invalid` with every cause, or what admission says.
    """
    for _ in range(ATTEMPTS):
        current = must_get(api, call)
        if call.resource.calls_out:
            await call.resource.convert([current])
        new = change(current)
        insists = _insists(new.metadata.resourceVersion)
        if insists and new.metadata.resourceVersion != str(current.revision):
            raise Conflict.named(call.group, call.plural, call.name, STALE)
        try:
            return await _write(api, call, current, new, tracked=tracked)
        except RevisionConflict:
            if insists and api.cacher.get(call.resource, call.namespace, call.name) is not None:
                raise Conflict.named(call.group, call.plural, call.name, STALE) from None
    raise Conflict.named(call.group, call.plural, call.name, STALE)


def _insists(version: str) -> bool:
    """Whether a change is for one version of the object only; `Unexplained` if that is none."""
    if version and not (version.isascii() and version.isdigit()):
        raise Unexplained(f"strconv.ParseUint: parsing {quoted(version)}: invalid syntax")
    return version.strip("0") != ""


async def _write(api: Api, call: Call, current: Stored, new: Any, *, tracked: bool) -> Stored:
    old = call.resource.working(current).message
    strategy = call.resource.strategy
    tells = api.warns_of_unserved and not call.subresource and not call.user.is_component
    unheard = effects.warning(call.resource, new, old) if tells else ""
    call.resource.normalize(new)
    _keep_identity(call, new, old)
    is_status = call.subresource == "status"
    if is_status:
        strategy.prepare_status_update(new, old)
    else:
        strategy.default(new)
        if call.subresource:
            strategy.prepare_part(call.subresource, new, old)
    if call.subresource:
        strategy.note_time(new, old, api.now())
    if tracked:
        ownership.changed(api, call, new, old)
    if not call.subresource:
        strategy.prepare_update(new, old)
    write = Write(api, call, "UPDATE", new, old)
    try:
        reviewed = call.subresource in REVIEWED
        if not reviewed and (pending := api.admission.mutate(write)) is not None:
            await pending
        name_once(call, new.metadata, admitted=True)
        if write.changed:
            call.resource.normalize(new)
            if tracked:
                ownership.changed(api, call, new, old)  # what webhooks have added is theirs who asked for it
        if not is_status:
            _count_generation(call, new, old)
        if strategy.allocates and not is_status:
            api.addresses.assign(new, old)
        _validate(call, new, old, is_status=is_status)
        if not reviewed and (pending := api.admission.validate(write)) is not None:
            await pending
        call.warnings.extend(strategy.warnings(new, old))
        if unheard and unheard not in call.warnings:  # as it is when somebody else was faster
            call.warnings.append(unheard)
        return await save(api, call, current, new)
    finally:
        if strategy.allocates:
            api.addresses.settle(new.metadata.uid)


async def save(
    api: Api, call: Call, current: Stored, new: Any, *, may_go: bool = True, differs: bool = False
) -> Stored:
    """Write an object over `current`; or remove it, if it `may_go`: somebody deleted it and nothing keeps it any more.

    Writes nothing if nothing has changed, which nobody looks for if it `differs` for sure. `RevisionConflict` if
    `current` is not what is there.
    """
    resource = call.resource.stored
    new.metadata.ClearField("resourceVersion")
    if call.resource.is_custom:
        new = await call.resource.into_store(new)
    raw = resource.dump(new)
    key = resource.key(call.namespace, call.name)
    if may_go and is_done(call, new):
        if not call.dry_run:
            await api.store.delete(key, expect=current.revision)
        return Stored(resource, raw, current.revision)
    if not differs and (raw == current.raw or _same(call, current, new)):
        return current
    if call.dry_run:
        return Stored(resource, raw, current.revision)
    if api.allocations is not None and resource.strategy.allocates and api.allocations.concern(new, current.message):

        def again() -> None:
            raise RevisionConflict(key, current.revision, None)  # the change is made anew, with other addresses

        entry = await api.allocations.put(key, new, current.revision, lambda: resource.wrap(raw), again)
        return api.cacher.written(resource, key, raw, entry.mod_revision)
    lease = await api.event_leases.current() if resource.strategy.expires else 0
    entry = await api.store.put(key, resource.wrap(raw), expect=current.revision, lease=lease)
    return api.cacher.written(resource, key, raw, entry.mod_revision)


def is_done(call: Call, new: Any) -> bool:
    """Whether an object that somebody deleted can go now."""
    meta = new.metadata
    return (
        meta.HasField("deletionTimestamp")
        and not meta.finalizers
        and meta.deletionGracePeriodSeconds == 0
        and call.resource.strategy.may_go(new)
    )


def _same(call: Call, current: Stored, new: Any) -> bool:
    old: Any = current.private()
    old.metadata.ClearField("resourceVersion")
    if not ownership.only_times_differ(old.metadata, new.metadata):
        return False
    del old.metadata.managedFields[:]
    old.metadata.managedFields.extend(new.metadata.managedFields)
    return call.resource.stored.same(old, new)


def check_name(call: Call, name: str) -> None:
    """Raise `BadRequest` if an object has another name than its URL."""
    if name != call.name:
        raise BadRequest(f"the name of the object ({name}) does not match the name on the URL ({call.name})")


def check_uid(call: Call, uid: str, current: Stored) -> None:
    """Raise `Conflict` if an update is for another object than the one that has the name now."""
    found = current.message.metadata.uid
    if uid and uid != found:
        why = f"Precondition failed: UID in precondition: {uid}, UID in object meta: {found}"
        raise Conflict.named(call.group, call.plural, call.name, why)


def _keep_identity(call: Call, new: Any, old: Any) -> None:
    meta, before = new.metadata, old.metadata
    if meta.name:
        check_name(call, meta.name)
    meta.name, meta.namespace = before.name, before.namespace
    if not before.namespace:
        meta.ClearField("namespace")
    for name in KEPT:
        asks_for_deletion = name in DELETION and not before.HasField(name) and not call.subresource
        if asks_for_deletion or (name == "uid" and meta.uid):
            # What is said of these is refused with whatever else is wrong.
            continue
        meta.ClearField(name)
        if before.HasField(name):
            value = getattr(before, name)
            if hasattr(value, "CopyFrom"):
                getattr(meta, name).CopyFrom(value)
            else:
                setattr(meta, name, value)


def _count_generation(call: Call, new: Any, old: Any) -> None:
    resource = call.resource
    if resource.strategy.generation and resource.has_spec and resource.wants_otherwise(new, old):
        new.metadata.generation = old.metadata.generation + 1


def _validate(call: Call, new: Any, old: Any, *, is_status: bool) -> None:
    strategy = call.resource.strategy
    causes = checks.metadata_update(call.resource, new, old, is_status=is_status)
    if is_status:
        causes += strategy.validate_status_update(new, old)
    elif call.subresource in WHOLE:
        causes += [*strategy.validate(new), *strategy.validate_update(new, old)]
    else:
        causes += strategy.validate_part(call.subresource, new, old)
    if causes:
        raise Invalid.named(call.group, call.resource.kind.name, new.metadata.name, causes)
