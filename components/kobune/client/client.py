"""The typed client of the apiserver."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Self, TypeAlias, TypeVar, cast

import orjson
from google.protobuf.message import Message

from kobune.api.authentication.v1 import CreateTokenRequest, TokenRequest, TokenRequestSpec
from kobune.api.core.v1 import Namespace, Pod, ServiceAccount
from kobune.api.dynamic.v1 import BatchRequest, BatchResponse, Result
from kobune.api.dynamic.v1 import Object as Payload
from kobune.api.dynamic.v1 import WatchEvents as CustomEvents
from kobune.api.meta.v1 import DeleteOptions, ListOptions, ObjectMeta, Preconditions
from kobune.api.policy.v1 import CreateEvictionRequest, Eviction
from kobune.api.verbs.v1 import (
    DeleteCollectionRequest,
    DeleteRequest,
    GetRequest,
    ListRequest,
    ListResponse,
    PatchRequest,
    WatchEvents,
    WatchRequest,
)
from kobune.apimachinery import errors
from kobune.apimachinery.clock import Clock
from kobune.apimachinery.errors import ApiError, ServiceUnavailable
from kobune.apimachinery.kinds import M, Object, is_custom
from kobune.client import custom
from kobune.client.outage import Outage
from kobune.client.services import method_of
from kobune.client.transport import ClientConfig, GrpcTransport, Transport
from kobune.client.writes import (
    BindOf,
    DeleteOf,
    PatchBody,
    PatchType,
    Write,
    binding_of,
    delete_options,
    kind_written,
    message_of,
)

BATCH = "/kobune.api.dynamic.v1.Objects/Batch"
BATCH_LIMIT = 500
"""Writes in one call: enough that the call costs nothing, few enough that others get their turn."""

T = TypeVar("T")
Decode = Callable[[bytes], T]


@dataclass(frozen=True)
class Event(Generic[T]):
    """One change that a watch saw."""

    type: str
    """ADDED, MODIFIED, DELETED or BOOKMARK; a bookmark's object has nothing but a resourceVersion."""
    object: T


Events: TypeAlias = list[Event[T]]


@dataclass(frozen=True)
class Listing(Generic[T]):
    """All objects asked for, and the version to watch from."""

    items: list[T]
    resource_version: str


class Client:
    """Reads and writes objects of any kind. Every error is an `ApiError`; a lost apiserver is `ServiceUnavailable`.

    ```python
    async with Client.connect(config, clock=clock) as client:
        pod = await client.get(Pod, "web-1", "default")
    ```
    """

    def __init__(self, transport: Transport, *, clock: Clock) -> None:
        self.clock = clock
        self.outage = Outage()
        self._transport = transport

    @classmethod
    def connect(cls, config: ClientConfig, *, clock: Clock) -> Self:
        """Return a client of the apiserver at an address; it connects on `async with`."""
        return cls(GrpcTransport(config), clock=clock)

    async def __aenter__(self) -> Self:
        await self._transport.__aenter__()
        return self

    async def __aexit__(self, *details: object) -> None:
        await self._transport.__aexit__(*details)

    async def get(self, kind: type[M], name: str, namespace: str = "") -> M:
        """Return one object, or raise `NotFound`."""
        if is_custom(kind):
            body = await self._carry(f"{custom.SERVICE}/Get", custom.get_request(kind, name, namespace))
            return decoder(kind)(Payload.FromString(body).body)
        return await self._unary(kind, "Get", GetRequest(namespace=namespace, name=name))

    async def list(
        self, kind: type[M], namespace: str = "", *, label_selector: str = "", field_selector: str = ""
    ) -> Listing[M]:
        """Return all objects that match, of one namespace or of all."""
        options = list_options(label_selector, field_selector)
        return await self.list_as(kind, decoder(kind), namespace, options)

    async def list_as(self, kind: type[Object], decode: Decode[T], namespace: str, options: ListOptions) -> Listing[T]:
        """List, and make of each object's bytes what `decode` returns: the metadata alone, say."""
        if is_custom(kind):
            request = custom.collection_request(kind, namespace, options)
            body = Payload.FromString(await self._carry(f"{custom.SERVICE}/List", request)).body
        else:
            method = method_of(kind, "List")
            body = await self._carry(method.path, ListRequest(namespace=namespace, options=options))
        listing = ListResponse.FromString(body)
        return Listing([decode(item) for item in listing.items], listing.metadata.resourceVersion)

    def watch(
        self,
        kind: type[M],
        namespace: str = "",
        *,
        resource_version: str,
        label_selector: str = "",
        field_selector: str = "",
    ) -> AsyncIterator[Events[M]]:
        """Return the changes past `resource_version`, in the lists they arrive in; `Expired` if it is too old."""
        options = list_options(label_selector, field_selector)
        options.resourceVersion = resource_version
        return self.watch_as(kind, decoder(kind), namespace, options)

    async def watch_as(
        self, kind: type[Object], decode: Decode[T], namespace: str, options: ListOptions
    ) -> AsyncIterator[Events[T]]:
        """Watch, and make of each object's bytes what `decode` returns."""
        options.watch = True
        options.allowWatchBookmarks = True
        request: Message
        if is_custom(kind):
            path, request = f"{custom.SERVICE}/Watch", custom.collection_request(kind, namespace, options)
        else:
            path, request = method_of(kind, "Watch").path, WatchRequest(namespace=namespace, options=options)
        read = _custom_events if is_custom(kind) else _events
        try:
            async for body in self._transport.stream(path, request.SerializeToString()):
                self.outage.ends()
                if body:
                    yield [Event(type, decode(item)) for type, item in read(body)]
        except ServiceUnavailable as error:
            self.outage.begins(error.message)
            raise

    async def create(self, object: M, *, dry_run: bool = False) -> M:
        """Create an object in the namespace that it names, and return what was stored, or would be in a `dry_run`."""
        method = method_of(type(object), "Create")
        request = cast(Any, method.request)(object=object)
        if dry_run:
            request.options.dryRun.append("All")
        return await self._unary(type(object), "Create", request)

    async def update(self, object: M) -> M:
        """Replace an object; raises `Conflict` if its resourceVersion is not the current one."""
        return await self._write(object, "Update")

    async def update_status(self, object: M) -> M:
        """Replace an object's status; raises `Conflict` if its resourceVersion is not the current one."""
        return await self._write(object, "UpdateStatus")

    async def finalize(self, namespace: Namespace) -> Namespace:
        """Replace a namespace's finalizers; with none left, a namespace that is being deleted is gone."""
        return await self._write(namespace, "Finalize")

    async def patch(
        self,
        kind: type[M],
        name: str,
        namespace: str,
        patch: PatchBody,
        *,
        type: PatchType = PatchType.MERGE,
        subresource: str = "",
    ) -> M:
        """Change parts of an object, and return the whole of it."""
        request = PatchRequest(
            namespace=namespace,
            name=name,
            content_type=type.value,
            patch=orjson.dumps(patch),
            subresource=subresource or None,
        )
        return await self._unary(kind, "Patch", request)

    async def delete(
        self,
        kind: type[M],
        name: str,
        namespace: str = "",
        *,
        uid: str = "",
        resource_version: str = "",
        grace_seconds: int | None = None,
        propagation: str = "",
    ) -> M:
        """Delete an object, and return its last state; it may still have finalizers or a grace period to wait for."""
        options = delete_options(DeleteOf(kind, name, namespace, uid, resource_version, grace_seconds, propagation))
        return await self._unary(kind, "Delete", DeleteRequest(namespace=namespace, name=name, options=options))

    async def delete_collection(
        self,
        kind: type[Object],
        namespace: str = "",
        *,
        label_selector: str = "",
        field_selector: str = "",
        propagation: str = "",
    ) -> None:
        """Delete all objects that match, of one namespace or of all."""
        options = DeleteOptions(propagationPolicy=propagation) if propagation else DeleteOptions()
        request = DeleteCollectionRequest(
            namespace=namespace, list=list_options(label_selector, field_selector), options=options
        )
        await self._carry(method_of(kind, "DeleteCollection").path, request)

    async def bind(self, name: str, namespace: str, node: str, *, uid: str = "") -> None:
        """Put a pod on a node: the pod with this uid, if given."""
        method = method_of(Pod, "Bind")
        binding = binding_of(BindOf(namespace, name, node, uid))
        await self._carry(method.path, cast(Any, method.request)(object=binding))

    async def create_token(self, account: str, namespace: str, spec: TokenRequestSpec) -> str:
        """Return a token of a service account, as a spec wants it."""
        wanted = CreateTokenRequest(namespace=namespace, name=account, object=TokenRequest(spec=spec))
        body = await self._carry(method_of(ServiceAccount, "CreateToken").path, wanted)
        return TokenRequest.FromString(body).status.token

    async def evict(self, name: str, namespace: str, *, uid: str = "", grace_seconds: int | None = None) -> None:
        """Delete a pod unless a disruption budget forbids it: then raise `TooManyRequests`."""
        eviction = Eviction(metadata=ObjectMeta(namespace=namespace, name=name))
        if uid:
            eviction.deleteOptions.preconditions.CopyFrom(Preconditions(uid=uid))
        if grace_seconds is not None:
            eviction.deleteOptions.gracePeriodSeconds = grace_seconds
        await self._carry(method_of(Pod, "Evict").path, CreateEvictionRequest(object=eviction))

    async def batch(self, writes: Sequence[Write], *, brief: bool = False) -> Sequence[ApiError | Object | None]:
        """Carry out each write on its own; return for each, in order, its error, the object as stored, or None.

        Deletions and bindings answer with None, and all writes do if that is enough (`brief`). Raises only when the
        apiserver cannot be reached.
        """
        results: list[ApiError | Object | None] = []
        for start in range(0, len(writes), BATCH_LIMIT):
            part = writes[start : start + BATCH_LIMIT]
            body = await self._carry(BATCH, BatchRequest(writes=[message_of(write) for write in part], brief=brief))
            answers = BatchResponse.FromString(body).results
            results += [outcome(write, answer) for write, answer in zip(part, answers, strict=True)]
        return results

    async def _write(self, item: M, verb: str) -> M:
        method = method_of(type(item), verb)
        return await self._unary(type(item), verb, cast(Any, method.request)(object=item))

    async def _unary(self, kind: type[M], verb: str, request: Message) -> M:
        return decoder(kind)(await self._carry(method_of(kind, verb).path, request))

    async def _carry(self, path: str, request: Message) -> bytes:
        try:
            answer = await self._transport.unary(path, request.SerializeToString())
        except ServiceUnavailable as error:
            self.outage.begins(error.message)
            raise
        self.outage.ends()
        return answer


def _events(body: bytes) -> list[tuple[str, bytes]]:
    return [(event.type, event.object) for event in WatchEvents.FromString(body).events]


def _custom_events(body: bytes) -> list[tuple[str, bytes]]:
    return [(event.type, event.object.body) for event in CustomEvents.FromString(body).events]


def decoder(kind: type[M]) -> Decode[M]:
    """Return what makes objects of a kind from bytes."""
    return cast(Decode[M], cast(Any, kind).FromString)


def list_options(label_selector: str, field_selector: str) -> ListOptions:
    """Return the options of a list or watch, with only those set that were asked for."""
    return ListOptions(labelSelector=label_selector or None, fieldSelector=field_selector or None)


def outcome(write: Write, answer: Result) -> ApiError | Object | None:
    """Return what became of one write of a batch."""
    if answer.HasField("error"):
        return errors.from_status(answer.error)
    kind = kind_written(write) if answer.HasField("object") else None
    return decoder(kind)(answer.object.body) if kind is not None else None
