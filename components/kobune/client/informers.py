"""Informers that all controllers of a process share: each kind is watched once."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from kobune.api.core.v1 import Namespace
from kobune.api.meta.v1 import PartialObjectMetadata
from kobune.apimachinery.kinds import M, Object
from kobune.apimachinery.meta import is_deleting
from kobune.client.client import Client, decoder
from kobune.client.informer import Informer, metadata_of


@dataclass(frozen=True)
class Source:
    """Which objects of a kind somebody wants to see."""

    kind: type[Object]
    namespace: str = ""
    label_selector: str = ""
    field_selector: str = ""


class SharedInformers:
    """One informer for each source that anybody asked for, running while `run` does."""

    def __init__(self, client: Client, *, random: Random) -> None:
        self._client = client
        self._random = random
        self._informers: dict[Source, Informer[Any]] = {}
        self._metadata: dict[type[Object], Informer[PartialObjectMetadata]] = {}
        self._group: asyncio.TaskGroup | None = None
        self._began = False
        """Whether the informers of metadata run that were asked for before all others."""
        self._tasks: dict[type[Object], asyncio.Task[None]] = {}

    def informer(self, kind: type[M], **where: str) -> Informer[M]:
        """Return the informer of a kind's objects, or of those in a `namespace`, of a label or field selector."""
        return self.of(Source(kind, **where))

    def of(self, source: Source) -> Informer[Any]:
        """Return the informer of a source."""
        informer = self._informers.get(source)
        if informer is None:
            informer = self._informers[source] = Informer(
                self._client,
                source.kind,
                decoder(source.kind),
                namespace=source.namespace,
                label_selector=source.label_selector,
                field_selector=source.field_selector,
                random=self._random,
            )
            if self._group is not None:
                self._group.create_task(informer.run())
        return informer

    def is_going(self, namespace: str) -> bool:
        """Whether a namespace was deleted, as far as is known here: then nothing can be made in it any more."""
        informer = self._informers.get(Source(Namespace))
        item = informer.get(namespace) if informer is not None and namespace else None
        return item is not None and is_deleting(item.metadata)

    def metadata(self, kind: type[Object]) -> Informer[Any]:
        """Return an informer whose objects have at least metadata: the full one if somebody wants that anyway.

        Ask for it after all others have asked for theirs.
        """
        full = self._informers.get(Source(kind))
        if full is not None:
            return full
        informer = self._metadata.get(kind)
        if informer is None:
            informer = self._metadata[kind] = Informer(self._client, kind, metadata_of, random=self._random)
            if self._began and self._group is not None:
                self._tasks[kind] = self._group.create_task(informer.run())
        return informer

    def forget(self, kind: type[Object]) -> None:
        """Stop the informer of a kind's metadata that was asked for while others ran."""
        self._metadata.pop(kind, None)
        if (task := self._tasks.pop(kind, None)) is not None:
            task.cancel()

    def all(self) -> Sequence[Informer[Any]]:
        """Return every informer there is."""
        return [*self._informers.values(), *self._metadata.values()]

    async def synced(self) -> None:
        """Return as soon as all full informers are synced; those of mere metadata come later."""
        for informer in list(self._informers.values()):
            await informer.synced()

    async def run(self) -> None:
        """Run every informer until cancelled: the full ones at once, then those of metadata, one after the other."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            for informer in list(self._informers.values()):
                group.create_task(informer.run())
            await self.synced()
            early = list(self._metadata.items())
            self._began = True
            for kind, informer in early:
                self._tasks[kind] = group.create_task(informer.run())
                await informer.synced()
