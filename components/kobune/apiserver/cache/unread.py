"""Objects that the store holds and nobody has asked for yet."""

from typing import TYPE_CHECKING

from kobune.apiserver.cache.soundness import NoObject, read
from kobune.apiserver.cache.stored import Stored

if TYPE_CHECKING:
    from kobune.apiserver.registry.resource import Resource
    from kobune.apiserver.storage.store import Store


class Unread(Stored):
    """An object that was there when the server started, and that nobody has asked for yet."""

    __slots__ = ("_broken", "_key", "_store")

    def __init__(self, resource: "Resource", store: "Store", key: bytes, revision: int) -> None:
        self.resource = resource
        self.revision = revision
        self._store = store
        self._key = key
        self._broken: NoObject | None = None
        self.forget_encodings()

    def __getattr__(self, name: str) -> bytes:
        """Read what the store keeps: `raw` is not set until then."""
        if name != "raw":
            raise AttributeError(name)
        entry = self._store.get(self._key)
        if entry is None or entry.mod_revision != self.revision:
            raise LookupError(f"the store has lost {self._key.decode(errors='replace')}")
        if self._broken is not None:
            raise self._broken
        try:
            found = read(self.resource, entry)
        except NoObject as error:
            self._broken = error
            raise
        self.settle(found)
        return self.raw

    def settle(self, found: Stored) -> None:
        """Take over what somebody has read."""
        self.raw, self._message = found.raw, found.message

    def is_sound(self) -> bool:
        """Whether it is an object at all: others write into the store, too."""
        try:
            return self.raw is not None
        except NoObject:
            return False
