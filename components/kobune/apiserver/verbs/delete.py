"""Delete an object, now or once everything that keeps it has let go."""

from typing import Any

from kobune.api.meta.v1 import DeleteOptions, Status, StatusDetails
from kobune.apimachinery.errors import Conflict, Invalid
from kobune.apimachinery.meta import time_of
from kobune.apiserver.admission.chain import Write
from kobune.apiserver.cache.stored import Stored
from kobune.apiserver.registry.validation import invalid, unsupported
from kobune.apiserver.storage.errors import RevisionConflict
from kobune.apiserver.storage.store import Compare, Delete, Target
from kobune.apiserver.verbs.api import Api
from kobune.apiserver.verbs.call import Call
from kobune.apiserver.verbs.modify import ATTEMPTS, STALE, is_done, must_get, save

FINALIZERS = {"Orphan": "orphan", "Foreground": "foregroundDeletion"}
"""By propagation policy: who has to let go of the object first."""


async def delete(api: Api, call: Call, options: DeleteOptions) -> tuple[Stored, bool]:
    """Delete, and return the object as it was last, and whether it is gone.

    It stays, with a `deletionTimestamp`, while it has finalizers, a grace period, or dependents that go first. Raises
    `NotFound`, or `Conflict` when a precondition does not hold.
    """
    check(options)
    if not options.propagationPolicy and not options.HasField("orphanDependents"):
        call.warnings.extend(call.resource.strategy.deletion_warnings)
    for _ in range(ATTEMPTS):
        current = must_get(api, call)
        check_preconditions(call, current, options)
        if call.resource.calls_out:
            await call.resource.convert([current])
        old = call.resource.working(current).message
        await api.admission.review(Write(api, call, "DELETE", None, old, options))
        new: Any = current.private()
        mark(api, call, new, options)
        try:
            if not is_done(call, new):
                return await save(api, call, current, new), False
            if call.resource.strategy.graceful:
                # Whoever watches sees first that there is no grace left.
                current = await save(api, call, current, new, may_go=False)
            revision = current.revision if call.dry_run else await _remove(api, call, current)
            return Stored(call.resource.stored, current.raw, revision), True
        except RevisionConflict:
            continue
    raise Conflict.named(call.group, call.plural, call.name, STALE)


def check(options: DeleteOptions) -> None:
    """Raise `Invalid` if the options contradict themselves."""
    policy, at = options.propagationPolicy, "propagationPolicy"
    causes = []
    if policy and options.HasField("orphanDependents"):
        causes.append(invalid(at, policy, "orphanDependents and deletionPropagation cannot be both set"))
    if policy not in ("", "Background", *FINALIZERS):
        causes.append(unsupported(at, policy, ("Background", *FINALIZERS, "nil")))
    if causes:
        raise Invalid.named("meta.k8s.io", "DeleteOptions", "", causes)


def success(call: Call, deleted: Stored) -> Status:
    """Return the `Status` that says: deleted."""
    details = StatusDetails(name=call.name, group=call.group, kind=call.plural, uid=deleted.message.metadata.uid)
    return Status(status="Success", details=details)


def mark(api: Api, call: Call, new: Any, options: DeleteOptions) -> None:
    """Note on an object that somebody deleted it: when, with how much grace, and who has to let go of it."""
    meta = new.metadata
    policy = _policy(call, meta, options)
    if policy:
        kept = [name for name in meta.finalizers if name not in FINALIZERS.values()]
        del meta.finalizers[:]
        meta.finalizers.extend(kept)
        if policy in FINALIZERS:
            meta.finalizers.append(FINALIZERS[policy])
    strategy = call.resource.strategy
    asked = options.gracePeriodSeconds if options.HasField("gracePeriodSeconds") else None
    grace = strategy.grace_seconds(new, asked)
    if not meta.HasField("deletionTimestamp"):
        if strategy.generation and meta.generation:
            meta.generation += 1
        meta.deletionTimestamp.CopyFrom(time_of(api.now() + grace))
        if strategy.has_grace:
            meta.deletionGracePeriodSeconds = grace
    elif grace < meta.deletionGracePeriodSeconds:
        # A second deletion can only shorten what the first one granted.
        meta.deletionTimestamp.seconds -= meta.deletionGracePeriodSeconds - grace
        meta.deletionGracePeriodSeconds = grace
    strategy.mark_deleted(new)


def _policy(call: Call, meta: Any, options: DeleteOptions) -> str:
    """Return what becomes of the dependents; empty where what the object says already stays as it is."""
    if options.propagationPolicy:
        return options.propagationPolicy
    if options.HasField("orphanDependents"):
        return "Orphan" if options.orphanDependents else "Background"
    return "" if any(name in meta.finalizers for name in FINALIZERS.values()) else call.resource.strategy.propagation


async def _remove(api: Api, call: Call, current: Stored) -> int:
    """Delete an object from the store, and return the revision of that; `RevisionConflict` if it has changed."""
    key = call.resource.stored.key(call.namespace, call.name)
    result = await api.store.txn([Compare(key, Target.MOD, current.revision)], [Delete(key)])
    if not result.succeeded:
        raise RevisionConflict(key, current.revision, None)
    return result.revision


def check_preconditions(call: Call, current: Stored, options: DeleteOptions) -> None:
    """Raise `Conflict` if the object is not the one that is meant."""
    wanted = options.preconditions
    uid = current.message.metadata.uid
    if wanted.HasField("uid") and wanted.uid != uid:
        raise _unmet(
            call,
            f"the UID in the precondition ({wanted.uid}) does not match the UID in record ({uid}). "
            "The object might have been deleted and then recreated",
        )
    if wanted.HasField("resourceVersion") and wanted.resourceVersion != str(current.revision):
        raise _unmet(
            call,
            f"the ResourceVersion in the precondition ({wanted.resourceVersion}) does not match the ResourceVersion in "
            f"record ({current.revision}). The object might have been modified",
        )


def _unmet(call: Call, why: str) -> Conflict:
    # Alone among the conflicts, these name the kind and not the resource.
    return Conflict.named(call.group, call.resource.kind.name, call.name, why)
