"""Whether a transaction would change a key twice: found out before it runs, in the branches that will not run, too."""

from collections.abc import Sequence

from kobune.apiserver.storage.errors import DuplicateKey
from kobune.apiserver.storage.store import Delete, Operation, Put, Txn, within


def check_overlaps(operations: Sequence[Operation]) -> None:
    """Raise `DuplicateKey` if one of the operations puts what another puts or deletes.

    Both branches of a nested transaction may put the same key, as only one of them runs; ranges may be deleted twice.
    """
    _writes(operations)


def _writes(operations: Sequence[Operation]) -> tuple[set[bytes], list[Delete]]:
    """Return what operations put and delete."""
    puts: set[bytes] = set()
    deletions = [step for step in operations if isinstance(step, Delete)]
    for step in operations:
        if isinstance(step, Txn):
            then, deleted_then = _writes(step.then)
            otherwise, deleted_otherwise = _writes(step.otherwise)
            _add(puts, then | otherwise, deletions)
            deletions += (*deleted_then, *deleted_otherwise)
    for step in operations:
        if isinstance(step, Put):
            _add(puts, {step.key}, deletions)
    return puts, deletions


def _add(puts: set[bytes], keys: set[bytes], deletions: Sequence[Delete]) -> None:
    for key in keys:
        if key in puts or any(within(key, gone.key, gone.range_end) for gone in deletions):
            raise DuplicateKey(key)
    puts |= keys
