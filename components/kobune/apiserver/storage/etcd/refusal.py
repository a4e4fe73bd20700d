"""How the store says no to etcd's clients: in etcd's words, and by name where something is not served."""

from typing import Any, Final

import grpc
import grpc.aio

from kobune.apiserver.storage.errors import (
    Compacted,
    DuplicateKey,
    FutureRevision,
    KeyNotFound,
    LeaseExists,
    LeaseNotFound,
    LeaseTooLong,
    StoreClosed,
    StoreError,
    StoreFailed,
)

Context = grpc.aio.ServicerContext[Any, Any]

WORDS: Final[dict[type[StoreError], tuple[grpc.StatusCode, str]]] = {
    Compacted: (grpc.StatusCode.OUT_OF_RANGE, "etcdserver: mvcc: required revision has been compacted"),
    FutureRevision: (grpc.StatusCode.OUT_OF_RANGE, "etcdserver: mvcc: required revision is a future revision"),
    DuplicateKey: (grpc.StatusCode.INVALID_ARGUMENT, "etcdserver: duplicate key given in txn request"),
    KeyNotFound: (grpc.StatusCode.INVALID_ARGUMENT, "etcdserver: key not found"),
    LeaseNotFound: (grpc.StatusCode.NOT_FOUND, "etcdserver: requested lease not found"),
    LeaseExists: (grpc.StatusCode.FAILED_PRECONDITION, "etcdserver: lease already exists"),
    LeaseTooLong: (grpc.StatusCode.OUT_OF_RANGE, "etcdserver: too large lease TTL"),
    StoreClosed: (grpc.StatusCode.UNAVAILABLE, "etcdserver: server stopped"),
    StoreFailed: (grpc.StatusCode.UNAVAILABLE, "etcdserver: the disk failed, no writes are taken"),
}


class Refused(Exception):
    """A request that is turned down before anybody looks into the store, with the status and the words for it."""

    def __init__(self, words: str, code: grpc.StatusCode = grpc.StatusCode.INVALID_ARGUMENT) -> None:
        super().__init__(words)
        self.code = code


class NotAdmitted(Refused):
    """Whoever asks may not use the store."""

    def __init__(self, who: str) -> None:
        super().__init__(
            f'etcdserver: permission denied: "{who}" may not use the store; members of system:masters may',
            grpc.StatusCode.PERMISSION_DENIED,
        )


class Unserved(Refused):
    """Kobune has no such thing."""

    def __init__(self, what: str) -> None:
        super().__init__(f"kobune does not serve {what}", grpc.StatusCode.UNIMPLEMENTED)


def status_of(error: Refused | StoreError) -> tuple[grpc.StatusCode, str]:
    """Return what etcd's clients are told of an error."""
    if isinstance(error, Refused):
        return error.code, str(error)
    known = next((WORDS[kind] for kind in type(error).__mro__ if kind in WORDS), None)
    return known or (grpc.StatusCode.UNKNOWN, f"etcdserver: {error}")
