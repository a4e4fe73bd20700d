"""Create an object."""

from copy import deepcopy
from typing import Any

from kobune.apimachinery.errors import AlreadyExists, BadRequest, FieldError, Invalid
from kobune.apimachinery.meta import time_of
from kobune.apiserver.admission.chain import Write
from kobune.apiserver.cache.stored import Stored
from kobune.apiserver.registry import effects
from kobune.apiserver.storage.errors import RevisionConflict
from kobune.apiserver.verbs import checks, ownership
from kobune.apiserver.verbs.api import Api
from kobune.apiserver.verbs.call import Call
from kobune.apiserver.verbs.owners import name_once

MAX_GENERATED = 63 - 5
"""How much of `generateName` is kept before the suffix."""


async def create(api: Api, call: Call, new: Any, *, tracked: bool = True) -> Stored:
    """Store a new object and return it as it is now.

    `new` belongs to the verb from here on. Whoever calls owns its fields, unless somebody has settled that already (not
    `tracked`). Raises `AlreadyExists`, `Invalid` with every cause, `BadRequest`, or what
    admission says.
    """
    tells = api.warns_of_unserved and not call.user.is_component
    unheard = effects.warning(call.resource, new, None) if tells else ""
    prepare(api, call, new, tracked=tracked)
    write = Write(api, call, "CREATE", new, None)
    if (pending := api.admission.mutate(write)) is not None:
        await pending
    if write.changed:
        call.name = new.metadata.name
        name_once(call, new.metadata, admitted=True)
        call.resource.normalize(new)
        if tracked:
            ownership.created(api, call, new)  # what webhooks have added is theirs who asked for it
    strategy = call.resource.strategy
    strategy.prepare_create(new, api)
    strategy.note_author(new, call.user)
    try:
        asked = None
        if strategy.allocates:
            if api.allocations is not None:
                asked = deepcopy(new.spec)
            api.addresses.assign(new, None)
        validate(call, new)
        if (pending := api.admission.validate(write)) is not None:
            await pending
        call.warnings.extend(strategy.warnings(new, None))
        if unheard:
            call.warnings.append(unheard)
        if call.dry_run:
            if api.cacher.get(call.resource, new.metadata.namespace, new.metadata.name):
                raise AlreadyExists.named(call.group, call.plural, new.metadata.name)
            return Stored(call.resource.stored, await _raw(call, new), 0)
        return await _store(api, call, new, asked)
    finally:
        if strategy.allocates:
            api.addresses.settle(new.metadata.uid)


def prepare(api: Api, call: Call, new: Any, *, tracked: bool) -> None:
    """Give a new object what only the server gives: uid, times, generation, generated name, defaults."""
    meta = new.metadata
    if meta.resourceVersion not in ("", "0"):
        raise BadRequest("resourceVersion should not be set on objects to be created")
    settle_namespace(call, meta)
    for name in ("resourceVersion", "selfLink", "deletionTimestamp", "deletionGracePeriodSeconds", "generation"):
        meta.ClearField(name)
    if not meta.name and meta.generateName:
        meta.name = meta.generateName[:MAX_GENERATED] + api.new_suffix()
    call.name = meta.name
    name_once(call, meta, admitted=False)
    meta.uid = api.new_uid()
    meta.creationTimestamp.CopyFrom(time_of(api.now()))
    call.resource.normalize(new)
    strategy = call.resource.strategy
    if strategy.generation and call.resource.has_spec:
        meta.generation = 1
    strategy.default(new)
    if tracked:
        ownership.created(api, call, new)


def settle_namespace(call: Call, meta: Any) -> None:
    """Put the request's namespace into an object; `BadRequest` if it names another one."""
    if not call.resource.kind.namespaced:
        if meta.namespace:
            raise BadRequest("the namespace of the provided object does not match the namespace sent on the request")
        return
    if not call.namespace:
        call.namespace = meta.namespace
    if not call.namespace:
        raise BadRequest("an empty namespace may not be set during creation")
    if meta.namespace and meta.namespace != call.namespace:
        raise BadRequest("the namespace of the provided object does not match the namespace sent on the request")
    meta.namespace = call.namespace


def validate(call: Call, new: Any) -> None:
    """Raise `Invalid` with all causes if the object breaks rules."""
    strategy = call.resource.strategy
    causes: list[FieldError] = [*checks.metadata(call.resource, new), *strategy.validate(new)]
    causes += strategy.validate_new(new)
    if causes:
        raise Invalid.named(call.group, call.resource.kind.name, new.metadata.name, causes)


async def _store(api: Api, call: Call, new: Any, asked: Any) -> Stored:
    resource = call.resource.stored
    raw = await _raw(call, new)
    key = resource.key(new.metadata.namespace, new.metadata.name)
    if asked is not None and api.allocations is not None:
        return await _store_allocated(api, call, new, asked)
    lease = await api.event_leases.current() if resource.strategy.expires else 0
    try:
        entry = await api.store.put(key, resource.wrap(raw), expect=0, lease=lease)
    except RevisionConflict:
        raise AlreadyExists.named(call.group, call.plural, new.metadata.name) from None
    return api.cacher.written(resource, key, raw, entry.mod_revision)


async def _store_allocated(api: Api, call: Call, new: Any, asked: Any) -> Stored:
    """Store a new service whose addresses other apiservers give away, too; `asked` is its spec without them."""
    resource = call.resource.stored
    allocations = api.allocations
    assert allocations is not None

    def again() -> None:
        new.spec.CopyFrom(asked)
        api.addresses.assign(new, None)

    key = resource.key(new.metadata.namespace, new.metadata.name)
    try:
        entry = await allocations.put(key, new, 0, lambda: resource.wrap(resource.dump(new)), again)
    except RevisionConflict:
        raise AlreadyExists.named(call.group, call.plural, new.metadata.name) from None
    return api.cacher.written(resource, key, resource.unwrap(entry.value), entry.mod_revision)


async def _raw(call: Call, new: Any) -> bytes:
    """Return what the store keeps of an object."""
    if call.resource.is_custom:
        new = await call.resource.into_store(new)
    return call.resource.stored.dump(new)
