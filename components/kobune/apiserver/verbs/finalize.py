"""Let go of a namespace: the last step of its deletion."""

from typing import Any

from kobune.apiserver.cache.stored import Stored
from kobune.apiserver.verbs.api import Api
from kobune.apiserver.verbs.call import Call
from kobune.apiserver.verbs.modify import modify


async def finalize(api: Api, call: Call, namespace: Any) -> Stored:
    """Set the `spec.finalizers` of a namespace; when none is left and it was deleted, it goes."""
    call.subresource = "finalize"

    def change(current: Stored) -> Any:
        new: Any = current.private()
        new.metadata.resourceVersion = namespace.metadata.resourceVersion
        new.spec.CopyFrom(namespace.spec)
        return new

    return await modify(api, call, change)
