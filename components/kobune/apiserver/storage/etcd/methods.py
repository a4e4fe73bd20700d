"""Every method of etcd's services as gRPC handlers: who may call, how errors are told, and what is not served."""

from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any, Final

import grpc
import grpc.aio
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message_factory import GetMessageClass

from kobune.apiserver.storage.errors import StoreError
from kobune.apiserver.storage.etcd.refusal import Context, Refused, Unserved, status_of
from kobune.vendor.etcd import rpc_pb2

if TYPE_CHECKING:
    Handler = grpc.GenericRpcHandler[Any, Any]
else:
    Handler = grpc.GenericRpcHandler  # generic in its stubs only

Admit = Callable[[Context], None]
"""Raises `NotAdmitted` for whoever may not use the store."""

RECIPES: Final = ("v3lockpb.", "v3electionpb.")
"""Services that etcd has for clients that cannot make a lock of a lease and a transaction."""


def handler(service: str, servicer: object, admit: Admit) -> Handler:
    """Return what answers a whole service; methods that `servicer` does not have are refused by name."""
    methods = rpc_pb2.DESCRIPTOR.services_by_name[service].methods
    answers = {method.name: _method(method, getattr(servicer, method.name, None), admit) for method in methods}
    return grpc.method_handlers_generic_handler(f"etcdserverpb.{service}", answers)


class Recipes(Handler):
    """Refuses etcd's own locks and elections by name; `etcdctl lock` and `elect` do without them."""

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> "grpc.RpcMethodHandler[Any, Any] | None":
        """Return what refuses a call, None if it is for somebody else."""
        name = str(handler_call_details.method).lstrip("/")
        return grpc.unary_unary_rpc_method_handler(_refusal(name)) if name.startswith(RECIPES) else None


def _method(method: MethodDescriptor, answer: Any, admit: Admit) -> Any:
    make = {
        (False, False): grpc.unary_unary_rpc_method_handler,
        (False, True): grpc.unary_stream_rpc_method_handler,
        (True, True): grpc.stream_stream_rpc_method_handler,
    }[method.client_streaming, method.server_streaming]
    if answer is None:
        answer = _refusal(f"etcdserverpb.{method.containing_service.name}/{method.name}")
    guarded = _streamed(answer, admit) if method.server_streaming else _answered(answer, admit)
    return make(guarded, GetMessageClass(method.input_type).FromString, encoded)


def encoded(answer: Any) -> bytes:
    """Return an answer's bytes; most of those with many entries come as bytes."""
    body: bytes = answer if type(answer) is bytes else answer.SerializeToString()
    return body


def _answered(answer: Any, admit: Admit) -> Any:
    async def guarded(request: Any, context: Context) -> Any:
        try:
            admit(context)
            return await answer(request, context)
        except (Refused, StoreError) as error:
            await context.abort(*status_of(error))

    return guarded


def _streamed(answer: Any, admit: Admit) -> Any:
    """Guard a method that writes to the context, or that is a generator."""

    async def guarded(requests: Any, context: Context) -> None:
        try:
            admit(context)
            said = answer(requests, context)
            if isinstance(said, AsyncIterator):
                async for part in said:
                    await context.write(part)
            else:
                await said
        except (Refused, StoreError) as error:
            await context.abort(*status_of(error))

    return guarded


def _refusal(method: str) -> Any:
    async def refuse(request: object, context: Context) -> None:
        code, words = status_of(Unserved(method))
        await context.abort(code, words)

    return refuse
