"""Delete all objects that selectors choose."""

from kobune.api.meta.v1 import DeleteOptions, ListOptions
from kobune.apimachinery.errors import NotFound
from kobune.apiserver.verbs.api import Api
from kobune.apiserver.verbs.call import Call
from kobune.apiserver.verbs.delete import check, delete
from kobune.apiserver.verbs.read import Listing, list_objects


async def delete_collection(api: Api, call: Call, wanted: ListOptions, options: DeleteOptions) -> Listing:
    """Delete each of the objects that `wanted` selects, and return them as they were last."""
    check(options)
    found = list_objects(api, call, wanted)
    for stored in found.items:
        meta = stored.message.metadata
        one = Call(call.user, call.resource, meta.namespace, meta.name, dry_run=call.dry_run)
        try:
            await delete(api, one, options)
        except NotFound:
            continue  # somebody else was faster
        call.warnings.extend(word for word in one.warnings if word not in call.warnings)
    return found
