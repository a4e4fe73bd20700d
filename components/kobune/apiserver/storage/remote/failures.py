"""What an error of etcd's, or of the way to it, means for the request that met it."""

from enum import Enum
from typing import Final

import grpc

from kobune.apiserver.storage.errors import StoreError, StoreRefused

NEVER_SENT: Final = ("failed to connect", "connections to all backends failing", "DNS resolution failed")
NEVER_TAKEN: Final = ("no leader", "too many requests")
"""What etcd says before it looks at a request."""
LOST: Final = frozenset(
    {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.ABORTED,
        grpc.StatusCode.INTERNAL,
    }
)


class Fate(Enum):
    """What became of a request that failed."""

    REFUSED = "etcd has answered: trying again would not help"
    NOT_DONE = "it certainly had no effect"
    UNKNOWN = "it may have had its effect, or may have it yet"


def fate(error: grpc.aio.AioRpcError) -> Fate:
    """Return what became of the request that ended like this."""
    code, words = error.code(), error.details() or ""
    if any(said in words for said in NEVER_TAKEN):
        return Fate.NOT_DONE
    if code is grpc.StatusCode.UNAVAILABLE and any(said in words for said in NEVER_SENT):
        return Fate.NOT_DONE
    if code in LOST or (code is grpc.StatusCode.UNKNOWN and "Stream removed" in words):
        return Fate.UNKNOWN
    return Fate.REFUSED


def words_of(error: grpc.aio.AioRpcError) -> str:
    """Return what was said, in one line."""
    return " ".join((error.details() or error.code().name).split())


def refusal(error: grpc.aio.AioRpcError) -> StoreError:
    """Return what a caller is told of an answer of etcd's that means nothing particular to it."""
    return StoreRefused(f"etcd: {words_of(error).removeprefix('etcdserver: ')}")
