"""A local copy of all objects of a kind, kept up to date.

    sync ──► follow ──(lost apiserver)──► wait ──► follow from the last version
      ▲        │
      └────────┴──(Expired, or any other refusal)

One stream does both: it begins with the objects as they are, then says that this was all, then tells what changes
(KEP-3157).
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator
from random import Random
from typing import Generic, Protocol, TypeVar

from kobune.api.meta.v1 import ObjectMeta, PartialObjectMetadata
from kobune.apimachinery.clock import Clock
from kobune.apimachinery.errors import ApiError, Expired, ServiceUnavailable
from kobune.apimachinery.kinds import M, Object
from kobune.apimachinery.meta import key_of
from kobune.client.backoff import Backoff
from kobune.client.client import Client, Decode, Event, decoder, list_options

log = logging.getLogger(__name__)

INITIAL_EVENTS_END = "k8s.io/initial-events-end"
"""The annotation of the bookmark that says: these were all objects."""


class HasMetadata(Protocol):
    """What an informer needs of its objects."""

    @property
    def metadata(self) -> ObjectMeta: ...


T = TypeVar("T", bound=HasMetadata)
OnChange = Callable[[T | None, T | None], None]
"""Told the object before and after: no `old` when it is new, no `new` when it is gone."""


class Index(Generic[T]):
    """An informer's objects by something else than their key: by node, by owner."""

    def __init__(self, values: Callable[[T], Iterable[str]]) -> None:
        self._values = values
        self._entries: dict[str, dict[str, T]] = {}

    def get(self, value: str) -> list[T]:
        """Return the objects that have the value."""
        return list(self._entries.get(value, {}).values())

    def change(self, key: str, old: T | None, new: T | None) -> None:
        """Follow one change of the informer."""
        if old is not None:
            for value in self._values(old):
                entries = self._entries.get(value)
                if entries is not None and entries.pop(key, None) is not None and not entries:
                    del self._entries[value]
        if new is not None:
            for value in self._values(new):
                self._entries.setdefault(value, {})[key] = new


class Informer(Generic[T]):
    """The objects of a kind, as of some moment ago. Never change an object that came from here: copy it."""

    def __init__(
        self,
        client: Client,
        kind: type[Object],
        decode: Decode[T],
        *,
        namespace: str = "",
        label_selector: str = "",
        field_selector: str = "",
        random: Random,
    ) -> None:
        self.kind = kind
        self.version = 0
        """The newest revision that this copy is known to include."""
        self._client = client
        self._clock: Clock = client.clock
        self._decode = decode
        self._namespace = namespace
        self._label_selector = label_selector
        self._field_selector = field_selector
        self._backoff = Backoff(random)
        self._items: dict[str, T] = {}
        self._resume_from = ""
        """The version to follow from; empty to begin with the objects as they are."""
        self._synced = asyncio.Event()
        self._indexes: dict[str, Index[T]] = {}
        self._subscribers: list[OnChange[T]] = []
        self._progress: list[Callable[[], None]] = []
        self._complaint = ""
        self._on_stop: Callable[[], None] | None = None

    def on_stop(self, callback: Callable[[], None]) -> None:
        """Have `callback` called when nobody needs this copy any more."""
        self._on_stop = callback

    def stop(self) -> None:
        """Let whoever runs this know that nobody needs it any more. That says nothing of the objects."""
        if self._on_stop is not None:
            self._on_stop()

    @classmethod
    def of(cls, client: Client, kind: type[M], *, random: Random, **options: str) -> "Informer[M]":
        """Return the informer of a kind's whole objects."""
        return Informer(client, kind, decoder(kind), random=random, **options)

    def items(self) -> Iterable[T]:
        """Return all objects."""
        return self._items.values()

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[T]:
        return iter(self._items.values())

    def get(self, key: str) -> T | None:
        """Return the object with the key `namespace/name`, or `name` without a namespace."""
        return self._items.get(key)

    @property
    def has_synced(self) -> bool:
        """Whether the objects are there, rather than still to be listed for the first time."""
        return self._synced.is_set()

    async def synced(self) -> None:
        """Return as soon as the objects are there."""
        await self._synced.wait()

    def subscribe(self, on_change: OnChange[T]) -> None:
        """Have `on_change` called on every change, and now for every object that is there."""
        self._subscribers.append(on_change)
        for item in list(self._items.values()):
            on_change(None, item)

    def on_progress(self, callback: Callable[[], None]) -> None:
        """Have `callback` called after each message of changes, when `version` has moved."""
        self._progress.append(callback)

    def index(self, name: str, values: Callable[[T], Iterable[str]]) -> Index[T]:
        """Return the index of that name, made on first use."""
        if (index := self._indexes.get(name)) is None:
            index = self._indexes[name] = Index(values)
            for key, item in self._items.items():
                index.change(key, None, item)
        return index

    async def run(self) -> None:
        """Keep the copy up to date, until cancelled."""
        while True:
            try:
                await self._follow()
            except Expired:
                self._resume_from = ""
                continue
            except ServiceUnavailable:
                pass  # the client has said so, once for everybody
            except ApiError as error:
                self._resume_from = ""
                self._complain(error)
            await self._client.outage.pause(self._backoff.next(), self._clock)

    async def _follow(self) -> None:
        listed: dict[str, T] | None = None
        options = list_options(self._label_selector, self._field_selector)
        if self._resume_from:
            options.resourceVersion = self._resume_from
        else:
            listed = {}
            options.sendInitialEvents = True
            options.resourceVersionMatch = "NotOlderThan"
        async for events in self._client.watch_as(self.kind, self._decode, self._namespace, options):
            for event in events:
                meta = event.object.metadata
                if listed is None:
                    self._apply(event)
                elif event.type == "DELETED":
                    listed.pop(key_of(meta.namespace, meta.name), None)
                elif event.type != "BOOKMARK":
                    listed[key_of(meta.namespace, meta.name)] = event.object
                elif INITIAL_EVENTS_END in meta.annotations:
                    self._replace(listed)
                    listed = None
                    self.version = 0  # a store that was thrown away begins to count anew
            if events and listed is None:
                self._reached(events[-1].object.metadata.resourceVersion)

    def _reached(self, resource_version: str) -> None:
        self._resume_from = resource_version
        self.version = max(self.version, version_of(resource_version))
        self._synced.set()
        self._backoff.reset()
        self._complaint = ""
        for callback in self._progress:
            callback()

    def _apply(self, event: Event[T]) -> None:
        if event.type == "BOOKMARK":
            return
        meta = event.object.metadata
        self._change(key_of(meta.namespace, meta.name), None if event.type == "DELETED" else event.object)

    def _replace(self, listed: dict[str, T]) -> None:
        """Become what was listed, telling subscribers what is new, changed and gone."""
        for key in [key for key in self._items if key not in listed]:
            self._change(key, None)
        for key, item in listed.items():
            old = self._items.get(key)
            if old is None or old.metadata.resourceVersion != item.metadata.resourceVersion:
                self._change(key, item)

    def _change(self, key: str, new: T | None) -> None:
        old = self._items.get(key)
        if old is not None and new is not None and old.metadata.uid != new.metadata.uid:
            self._change(key, None)  # a namesake took its place while nobody looked
            old = None
        if new is not None:
            self._items[key] = new
        elif old is not None:
            del self._items[key]
        else:
            return
        for index in self._indexes.values():
            index.change(key, old, new)
        for on_change in self._subscribers:
            on_change(old, new)

    def _complain(self, error: ApiError) -> None:
        """Log what is wrong with a kind, once for the same words."""
        if error.message != self._complaint:
            self._complaint = error.message
            log.warning("cannot watch %s: %s: %s", self.kind.__name__, error.reason, error.message)


def version_of(resource_version: str) -> int:
    """Return a resourceVersion as a number; 0 if there is none."""
    return int(resource_version) if resource_version.isdecimal() else 0


def metadata_of(data: bytes) -> PartialObjectMetadata:
    """Return an object's metadata without anything else, in as little memory as it needs."""
    whole = PartialObjectMetadata.FromString(data)
    whole.metadata.ClearField("managedFields")
    whole.DiscardUnknownFields()  # type: ignore[no-untyped-call, unused-ignore]
    small = PartialObjectMetadata()
    small.CopyFrom(whole)  # a message never gives back the memory of what it lost
    return small
