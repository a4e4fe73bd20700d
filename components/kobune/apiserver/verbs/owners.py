"""An object names each of its owners once."""

from typing import Any, Final

from kobune.apiserver.verbs.call import Call

WHY: Final = (
    "API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your "
    "requests; duplicate UID(s) observed"
)


def name_once(call: Call, meta: Any, *, admitted: bool) -> None:
    """Drop owners that an object names twice, and warn about it; `admitted` says that webhooks have seen the object."""
    if len(meta.ownerReferences) < 2:
        return
    kept: list[Any] = []
    twice: list[str] = []
    for owner in meta.ownerReferences:
        if owner in kept:
            twice.append(owner.uid)
        else:
            kept.append(owner)
    if not twice:
        return
    when = " after mutating admission happens" if admitted else ""
    warning = f".metadata.ownerReferences contains duplicate entries{when}; {WHY}: {', '.join(twice)}"
    if warning not in call.warnings:
        call.warnings.append(warning)
    kept = [type(owner).FromString(owner.SerializeToString()) for owner in kept]
    del meta.ownerReferences[:]
    meta.ownerReferences.extend(kept)
