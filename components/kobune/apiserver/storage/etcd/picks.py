"""What a `RangeRequest` asks beyond what the store answers: revisions to pick, an order, and a limit after those."""

from collections.abc import Sequence
from typing import Final

from kobune.apiserver.storage.etcd.refusal import Refused
from kobune.apiserver.storage.store import Entry, Range, RangeResult
from kobune.vendor.etcd import rpc_pb2

_REQUEST: Final = rpc_pb2.RangeRequest
ATTRIBUTES: Final = {
    _REQUEST.KEY: "key",
    _REQUEST.VERSION: "version",
    _REQUEST.CREATE: "create_revision",
    _REQUEST.MOD: "mod_revision",
    _REQUEST.VALUE: "value",
}
"""What each sort target looks at."""


def to_range(request: rpc_pb2.RangeRequest) -> Range:
    """Return what to ask the store, or raise `Refused`."""
    if not request.key:
        raise Refused("etcdserver: key is not provided")
    if request.sort_target not in ATTRIBUTES or request.sort_order not in (0, 1, 2):
        raise Refused("etcdserver: invalid sort option")
    # An order of values does not change how many there are, so that counting needs none of them.
    whole = not request.count_only and (_picks(request) or _sorts(request))
    return Range(
        request.key, request.range_end, request.revision, 0 if whole else max(request.limit, 0), request.count_only
    )


def picked(request: rpc_pb2.RangeRequest, found: RangeResult) -> tuple[Sequence[Entry], bool]:
    """Return the entries to answer with, and whether a limit kept more back."""
    if request.count_only:
        return (), False
    entries, more = found.entries, found.more
    if _picks(request):
        entries = [entry for entry in entries if _is_picked(entry, request)]
    if _sorts(request):
        attribute = ATTRIBUTES[request.sort_target]
        descending = request.sort_order == request.DESCEND
        entries = sorted(entries, key=lambda entry: getattr(entry, attribute), reverse=descending)
    if 0 < request.limit < len(entries):
        return entries[: request.limit], True
    return entries, more


def _picks(request: rpc_pb2.RangeRequest) -> bool:
    return bool(
        request.min_mod_revision
        or request.max_mod_revision
        or request.min_create_revision
        or request.max_create_revision
    )


def _is_picked(entry: Entry, request: rpc_pb2.RangeRequest) -> bool:
    return (
        entry.mod_revision >= request.min_mod_revision
        and entry.create_revision >= request.min_create_revision
        and (not request.max_mod_revision or entry.mod_revision <= request.max_mod_revision)
        and (not request.max_create_revision or entry.create_revision <= request.max_create_revision)
    )


def _sorts(request: rpc_pb2.RangeRequest) -> bool:
    """Tell whether the answer's order is not that of the keys, which it has anyway."""
    return request.sort_target != request.KEY or request.sort_order == request.DESCEND
