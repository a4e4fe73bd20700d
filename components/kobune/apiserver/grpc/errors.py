"""Errors on the wire of gRPC: a code, a message, and the `Status` of Kubernetes beside them."""

import logging
from typing import Any

import grpc
import grpc.aio
from google.protobuf.any_pb2 import Any as AnyMessage

from kobune.api.meta.v1 import Status
from kobune.apimachinery.errors import ApiError, InternalError
from kobune.apiserver.grpc.wire import field
from kobune.apiserver.registry.resource import varint

STATUS_KEY = "kobune-status-bin"
DETAILS_KEY = "grpc-status-details-bin"
log = logging.getLogger(__name__)

LIMIT = 1500
SHORT = 200
MOST_CAUSES = 3
CODES = {code.value[0]: code for code in grpc.StatusCode}


def unexpected(error: Exception) -> InternalError:
    """Return what a caller is told of an error that nobody foresaw; the log tells the rest."""
    log.error("a call failed", exc_info=error)
    return InternalError("Internal error occurred")


async def abort(context: "grpc.aio.ServicerContext[Any, Any]", error: ApiError) -> None:
    """End a call with an error; the caller finds the `Status` in the trailing metadata, bare and as gRPC's detail."""
    status = _shortened(error.status())
    packed = AnyMessage()
    packed.Pack(status)
    # google.rpc.Status: code, message, details.
    details = b"\x08" + varint(error.grpc) + field(2, status.message.encode()) + field(3, packed.SerializeToString())
    trailers = ((STATUS_KEY, status.SerializeToString()), (DETAILS_KEY, details))
    await context.abort(CODES[error.grpc], status.message, trailing_metadata=trailers)


def _shortened(status: Status) -> Status:
    """Return a status that fits twice into trailers: a client refuses more than 8 KiB of them altogether."""
    if status.ByteSize() > LIMIT:
        status.message = _cut(status.message)
        del status.details.causes[MOST_CAUSES:]
        status.details.name = status.details.name[:SHORT]
        for cause in status.details.causes:
            cause.message, cause.field = _cut(cause.message), cause.field[:SHORT]
    return status


def _cut(text: str) -> str:
    return f"{text[:SHORT]} ... ({len(text)} characters)" if len(text) > SHORT else text
