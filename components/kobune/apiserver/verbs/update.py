"""Replace an object, or its status."""

from typing import Any

from kobune.apimachinery.errors import BadRequest, Invalid
from kobune.apiserver.cache.stored import Stored
from kobune.apiserver.registry.validation.causes import invalid
from kobune.apiserver.verbs.api import Api
from kobune.apiserver.verbs.call import Call
from kobune.apiserver.verbs.create import create, settle_namespace
from kobune.apiserver.verbs.modify import check_name, check_uid, modify
from kobune.apiserver.verbs.owners import name_once


async def update(api: Api, call: Call, new: Any) -> Stored:
    """Replace an object by `new`, and return it as it is then.

    `new` belongs to the verb from here on. Without a `resourceVersion` the last writer wins. Raises `NotFound`,
    `Conflict` or `Invalid`; leases and a few other kinds are created if they are not there.
    """
    settle_namespace(call, new.metadata)
    name = new.metadata.name
    if not name:
        raise BadRequest(f"the name of the object ({call.name} based on URL) was undeterminable: name must be provided")
    call.name = call.name or name
    check_name(call, name)
    name_once(call, new.metadata, admitted=False)
    strategy = call.resource.strategy
    if (
        strategy.create_on_update
        and not call.subresource
        and not api.cacher.get(call.resource, call.namespace, call.name)
    ):
        api.authorizer.check(call.attributes("create"))
        call.created = True
        return await create(api, call, new)

    def replace(current: Stored) -> Any:
        if not strategy.unconditional_update and not new.metadata.resourceVersion:
            cause = invalid("metadata.resourceVersion", 0, "must be specified for an update")
            raise Invalid.named(call.group, call.plural, call.name, [cause])
        check_uid(call, new.metadata.uid, current)
        return call.resource.copy(new)

    return await modify(api, call, replace)
