"""Delete all objects that selectors choose: many at a time."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from kobune.api.meta.v1 import DeleteOptions, ListOptions
from kobune.apimachinery.errors import NotFound
from kobune.apiserver.admission.chain import Write
from kobune.apiserver.cache.stored import Stored
from kobune.apiserver.storage.errors import RevisionConflict
from kobune.apiserver.verbs.api import Api
from kobune.apiserver.verbs.call import Call
from kobune.apiserver.verbs.delete import check, check_preconditions, delete, mark
from kobune.apiserver.verbs.modify import is_done
from kobune.apiserver.verbs.read import Listing, list_objects

AT_ONCE: Final = 100
"""How many are on their way together."""


async def delete_collection(api: Api, call: Call, wanted: ListOptions, options: DeleteOptions) -> Listing:
    """Delete each of the objects that `wanted` selects, and return them as they were last."""
    check(options)
    found = list_objects(api, call, wanted)
    for start in range(0, len(found.items), AT_ONCE):
        some = found.items[start : start + AT_ONCE]
        left = await _delete_together(api, call, some, options)
        done = await asyncio.gather(*(_delete_one(api, call, one, options) for one in left), return_exceptions=True)
        for result in done:
            # Of what is gone, somebody else was faster.
            if isinstance(result, BaseException) and not isinstance(result, NotFound):
                raise result
    return found


async def _delete_one(api: Api, call: Call, stored: Stored, options: DeleteOptions) -> None:
    one = _call_for(call, stored)
    await delete(api, one, options)
    call.warnings.extend(word for word in one.warnings if word not in call.warnings)


async def _delete_together(api: Api, call: Call, some: Sequence[Stored], options: DeleteOptions) -> Sequence[Stored]:
    """Delete those that can go at once, without waiting for one after the other; return those that are left.

    Each is a revision of its own, for those who watch.
    """
    resource = call.resource
    if call.dry_run or resource.is_custom or resource.calls_out or resource.strategy.graceful:
        return some
    left: list[Stored] = []
    going: list[tuple[Stored, Call]] = []
    for stored in some:
        one = _call_for(call, stored)
        check_preconditions(one, stored, options)
        old = resource.working(stored).message
        await api.admission.review(Write(api, one, "DELETE", None, old, options))
        new: Any = stored.private()
        mark(api, one, new, options)
        if is_done(one, new):
            going.append((stored, one))
        else:
            left.append(stored)
    deletions = (
        api.store.delete(resource.stored.key(one.namespace, one.name), expect=stored.revision) for stored, one in going
    )
    for (stored, _), result in zip(going, await asyncio.gather(*deletions, return_exceptions=True), strict=True):
        if isinstance(result, RevisionConflict):
            left.append(stored)
        elif isinstance(result, BaseException):
            raise result
    return left


def _call_for(call: Call, stored: Stored) -> Call:
    meta = stored.message.metadata
    return Call(call.user, call.resource, meta.namespace, meta.name, dry_run=call.dry_run)
