"""The store's values as etcd's messages, and back."""

from typing import Final

from kobune.apiserver.storage.etcd.overlaps import check_overlaps
from kobune.apiserver.storage.etcd.picks import picked, to_range
from kobune.apiserver.storage.etcd.refusal import Refused
from kobune.apiserver.storage.store import (
    Compare,
    Comparison,
    Delete,
    DeleteResult,
    Entry,
    Operation,
    Put,
    PutResult,
    RangeResult,
    Result,
    Target,
    Txn,
    TxnResult,
)
from kobune.vendor.etcd import mvcc_pb2, rpc_pb2

CLUSTER_ID: Final = 0x6B6F62756E65
MEMBER_ID: Final = 0x6B6F62756E6501
TERM: Final = 1
MOST_OPERATIONS: Final = 128


def header(revision: int) -> rpc_pb2.ResponseHeader:
    return rpc_pb2.ResponseHeader(cluster_id=CLUSTER_ID, member_id=MEMBER_ID, revision=revision, raft_term=TERM)


def key_value(entry: Entry) -> mvcc_pb2.KeyValue:
    return mvcc_pb2.KeyValue(
        key=entry.key,
        create_revision=entry.create_revision,
        mod_revision=entry.mod_revision,
        version=entry.version,
        value=entry.value,
        lease=entry.lease,
    )


# Requests.


def to_put(request: rpc_pb2.PutRequest) -> Put:
    _check_key(request.key)
    if request.ignore_value and request.value:
        raise Refused("etcdserver: value is provided")
    if request.ignore_lease and request.lease:
        raise Refused("etcdserver: lease is provided")
    return Put(
        request.key, None if request.ignore_value else request.value, None if request.ignore_lease else request.lease
    )


def to_delete(request: rpc_pb2.DeleteRangeRequest) -> Delete:
    _check_key(request.key)
    return Delete(request.key, request.range_end)


def to_txn(request: rpc_pb2.TxnRequest, most: int = MOST_OPERATIONS) -> Txn:
    """Return the transaction; those inside another share its limit of operations."""
    size = max(len(request.compare), len(request.success), len(request.failure))
    if size > most:
        raise Refused("etcdserver: too many operations in txn request")
    return Txn(
        [to_compare(compare) for compare in request.compare],
        [to_operation(operation, most - size) for operation in request.success],
        [to_operation(operation, most - size) for operation in request.failure],
    )


def to_checked_txn(request: rpc_pb2.TxnRequest) -> Txn:
    """Return the outermost transaction, none of whose branches changes a key twice."""
    txn = to_txn(request)
    for branch in (txn.then, txn.otherwise):
        if len(branch) > 1 or any(isinstance(step, Txn) for step in branch):
            check_overlaps(branch)
    return txn


def to_compare(compare: rpc_pb2.Compare) -> Compare:
    _check_key(compare.key)
    try:
        target, comparison = Target(compare.target), Comparison(compare.result)
    except ValueError:
        raise Refused("etcdserver: a compare of the txn request is of an unknown kind") from None
    match target:
        case Target.VERSION:
            operand: int | bytes = compare.version
        case Target.CREATE:
            operand = compare.create_revision
        case Target.MOD:
            operand = compare.mod_revision
        case Target.VALUE:
            operand = compare.value
        case Target.LEASE:
            operand = compare.lease
    return Compare(compare.key, target, operand, comparison, compare.range_end)


def to_operation(operation: rpc_pb2.RequestOp, most: int) -> Operation:
    match operation.WhichOneof("request"):
        case "request_put":
            return to_put(operation.request_put)
        case "request_delete_range":
            return to_delete(operation.request_delete_range)
        case "request_range":
            return to_range(operation.request_range)
        case "request_txn":
            return to_txn(operation.request_txn, most)
        case _:
            raise Refused("etcdserver: an operation of the txn request is empty")


# Answers: the requests say how they want to be told.


def put_response(request: rpc_pb2.PutRequest, result: PutResult, head: rpc_pb2.ResponseHeader) -> rpc_pb2.PutResponse:
    previous = result.previous if request.prev_kv else None
    return rpc_pb2.PutResponse(header=head, prev_kv=None if previous is None else key_value(previous))


def delete_response(
    request: rpc_pb2.DeleteRangeRequest, result: DeleteResult, head: rpc_pb2.ResponseHeader
) -> rpc_pb2.DeleteRangeResponse:
    previous = [key_value(entry) for entry in result.previous] if request.prev_kv else ()
    return rpc_pb2.DeleteRangeResponse(header=head, deleted=len(result.previous), prev_kvs=previous)


def range_response(
    request: rpc_pb2.RangeRequest, found: RangeResult, head: rpc_pb2.ResponseHeader
) -> rpc_pb2.RangeResponse:
    """Return the answer to a range inside a transaction; `wire` has the one for ranges alone."""
    entries, more = picked(request, found)
    response = rpc_pb2.RangeResponse(header=head, more=more, count=found.count)
    add, keys_only = response.kvs.add, request.keys_only
    for entry in entries:  # in place: half the time of making messages and having them copied
        add(
            key=entry.key,
            create_revision=entry.create_revision,
            mod_revision=entry.mod_revision,
            version=entry.version,
            value=b"" if keys_only else entry.value,
            lease=entry.lease,
        )
    return response


def txn_response(request: rpc_pb2.TxnRequest, result: TxnResult, head: rpc_pb2.ResponseHeader) -> rpc_pb2.TxnResponse:
    """Return the answer to a transaction; what is in it says no more than its revision about who answers."""
    branch = request.success if result.succeeded else request.failure
    inner = rpc_pb2.ResponseHeader(revision=result.revision)
    return rpc_pb2.TxnResponse(
        header=head,
        succeeded=result.succeeded,
        responses=[
            operation_response(operation, response, inner)
            for operation, response in zip(branch, result.responses, strict=True)
        ],
    )


def operation_response(
    operation: rpc_pb2.RequestOp, result: Result, head: rpc_pb2.ResponseHeader
) -> rpc_pb2.ResponseOp:
    match result:
        case PutResult():
            return rpc_pb2.ResponseOp(response_put=put_response(operation.request_put, result, head))
        case DeleteResult():
            return rpc_pb2.ResponseOp(
                response_delete_range=delete_response(operation.request_delete_range, result, head)
            )
        case RangeResult():
            if not operation.request_range.revision:  # it may have read before the transaction wrote
                head = rpc_pb2.ResponseHeader(revision=result.revision)
            return rpc_pb2.ResponseOp(response_range=range_response(operation.request_range, result, head))
        case TxnResult():
            return rpc_pb2.ResponseOp(response_txn=txn_response(operation.request_txn, result, head))


def _check_key(key: bytes) -> None:
    if not key:
        raise Refused("etcdserver: key is not provided")
