"""The store's requests as etcd's messages, and etcd's answers as the store's values."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from kobune.apiserver.storage.draft import successor
from kobune.apiserver.storage.store import (
    DELETE,
    ONE_KEY,
    PUT,
    Compare,
    Comparison,
    Delete,
    DeleteResult,
    Entry,
    Event,
    Operation,
    Put,
    PutResult,
    Range,
    RangeResult,
    Result,
    Target,
    Txn,
    TxnResult,
    tombstone,
)
from kobune.vendor.etcd import mvcc_pb2, rpc_pb2

OPERANDS = {
    Target.VERSION: "version",
    Target.CREATE: "create_revision",
    Target.MOD: "mod_revision",
    Target.VALUE: "value",
    Target.LEASE: "lease",
}


# Requests.


def compare_of(compare: Compare) -> rpc_pb2.Compare:
    message = rpc_pb2.Compare(key=compare.key, range_end=compare.range_end)
    message.target = int(compare.target)  # type: ignore[assignment]  # the numbers are etcd's
    message.result = int(compare.comparison)  # type: ignore[assignment]
    setattr(message, OPERANDS[compare.target], compare.operand)
    return message


def operation_of(operation: Operation) -> rpc_pb2.RequestOp:
    match operation:
        case Put():
            return rpc_pb2.RequestOp(request_put=put_of(operation))
        case Delete():
            return rpc_pb2.RequestOp(request_delete_range=delete_of(operation))
        case Range():
            return rpc_pb2.RequestOp(request_range=range_of(operation))
        case Txn():
            return rpc_pb2.RequestOp(request_txn=txn_of(operation))


def put_of(put: Put) -> rpc_pb2.PutRequest:
    """Return a put that tells what was there before."""
    return rpc_pb2.PutRequest(
        key=put.key,
        value=put.value or b"",
        lease=put.lease or 0,
        prev_kv=True,
        ignore_value=put.value is None,
        ignore_lease=put.lease is None,
    )


def delete_of(delete: Delete) -> rpc_pb2.DeleteRangeRequest:
    return rpc_pb2.DeleteRangeRequest(key=delete.key, range_end=delete.range_end, prev_kv=True)


def range_of(wanted: Range) -> rpc_pb2.RangeRequest:
    return rpc_pb2.RangeRequest(
        key=wanted.key,
        range_end=wanted.range_end,
        revision=max(wanted.revision, 0),
        limit=max(wanted.limit, 0),
        count_only=wanted.count_only,
    )


def txn_of(txn: Txn) -> rpc_pb2.TxnRequest:
    return rpc_pb2.TxnRequest(
        compare=[compare_of(compare) for compare in txn.compares],
        success=[operation_of(operation) for operation in txn.then],
        failure=[operation_of(operation) for operation in txn.otherwise],
    )


# Answers.


def entry_of(found: mvcc_pb2.KeyValue) -> Entry:
    return Entry(found.key, found.value, found.create_revision, found.mod_revision, found.version, found.lease)


def txn_result(txn: Txn, response: rpc_pb2.TxnResponse, revision: int) -> TxnResult:
    """Return the answer to a transaction that was carried out at a revision."""
    branch = txn.then if response.succeeded else txn.otherwise
    answers = zip(branch, response.responses, strict=True)
    return TxnResult(response.succeeded, revision, [_result(step, answer, revision) for step, answer in answers])


def _result(operation: Operation, answer: rpc_pb2.ResponseOp, revision: int) -> Result:
    match operation:
        case Put():
            return put_result(operation, answer.response_put, revision)
        case Delete():
            return DeleteResult([entry_of(gone) for gone in answer.response_delete_range.prev_kvs])
        case Range():
            found = answer.response_range
            entries = [entry_of(one) for one in found.kvs]
            return RangeResult(entries, found.more, found.count, operation.revision or revision)
        case Txn():
            return txn_result(operation, answer.response_txn, revision)


def put_result(put: Put, answer: rpc_pb2.PutResponse, revision: int) -> PutResult:
    previous = entry_of(answer.prev_kv) if answer.HasField("prev_kv") else None
    value = put.value if put.value is not None or previous is None else previous.value
    lease = put.lease if put.lease is not None or previous is None else previous.lease
    return PutResult(successor(previous, put.key, value or b"", revision, lease or 0), previous)


def by_revision(events: Iterable[mvcc_pb2.Event]) -> Iterator[tuple[int, list[mvcc_pb2.Event]]]:
    """Yield the events of each revision together."""
    for revision, together in groupby(events, key=lambda event: event.kv.mod_revision):
        yield revision, list(together)


def event_of(event: mvcc_pb2.Event, previous: Entry | None) -> Event:
    if event.type == mvcc_pb2.Event.DELETE:
        return Event(DELETE, tombstone(event.kv.key, event.kv.mod_revision), previous)
    return Event(PUT, entry_of(event.kv), previous)


# What a request is about.


def touched(txn: Txn) -> tuple[set[bytes], list[tuple[bytes, bytes]]]:
    """Return the keys and the ranges that a transaction looks at or changes, whichever branch is taken."""
    keys: set[bytes] = set()
    ranges: list[tuple[bytes, bytes]] = []

    def note(key: bytes, range_end: bytes) -> None:
        if range_end == ONE_KEY:
            keys.add(key)
        else:
            ranges.append((key, range_end))

    def visit(txn: Txn) -> None:
        for compare in txn.compares:
            note(compare.key, compare.range_end)
        for operation in (*txn.then, *txn.otherwise):
            match operation:
                case Put():
                    keys.add(operation.key)
                case Delete() | Range():
                    note(operation.key, operation.range_end)
                case Txn():
                    visit(operation)

    visit(txn)
    return keys, ranges


def flat(txn: Txn) -> Iterator[Put | Delete | Range]:
    """Yield the operations of both branches, and of those inside them."""
    for operation in (*txn.then, *txn.otherwise):
        if isinstance(operation, Txn):
            yield from flat(operation)
        else:
            yield operation


def guard_of(txn: Txn) -> tuple[bytes, int] | None:
    """Return a key, and the revision that it has to have, if the transaction cannot have its effect twice."""
    if txn.otherwise:
        return None
    keys = set()
    for one in txn.then:
        match one:
            case Put(key=key, value=bytes(), lease=int()) | Delete(key=key, range_end=b""):
                keys.add(key)
            case _:
                return None
    for compare in txn.compares:
        is_exact = compare.target is Target.MOD and compare.comparison is Comparison.EQUAL
        if is_exact and compare.range_end == ONE_KEY and compare.key in keys:
            return compare.key, int(compare.operand)
    return None


def made(txn: Txn, event: Event) -> bool:
    """Tell whether a change is what a guarded transaction does to its key."""
    for one in txn.then:
        if isinstance(one, Put) and one.key == event.entry.key:
            return event.type is PUT and (event.entry.value, event.entry.lease) == (one.value, one.lease)
        if isinstance(one, Delete) and one.key == event.entry.key:
            return event.type is DELETE
    return False


def result_seen(txn: Txn, events: Sequence[Event]) -> TxnResult:
    """Return the answer to a guarded transaction, of what it was seen to change."""
    changed = {event.entry.key: event for event in events}
    results: list[Result] = []
    for one in txn.then:
        event = changed.get(one.key) if isinstance(one, Put | Delete) else None
        if isinstance(one, Put) and event is not None:
            results.append(PutResult(event.entry, event.previous))
        else:
            results.append(DeleteResult([event.previous] if event is not None and event.previous is not None else []))
    return TxnResult(True, events[0].entry.mod_revision, results)


def writes(operations: Sequence[Operation]) -> bool:
    """Tell whether operations can change anything."""
    return any(not isinstance(one, Range) for one in flat(Txn((), operations)))
