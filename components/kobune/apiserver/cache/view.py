"""The current objects, as everything that decides looks at them."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from kobune.apimachinery.clock import Clock
from kobune.apiserver.cache.cacher import Cacher
from kobune.apiserver.registry.registry import Registry

SUFFIX_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
"""Without vowels, so that no words come out."""
VERSION = 4 << 76 | 0b10 << 62
"""The bits by which a random uid says that it is one…"""
VERSION_MASK = ~(0xF << 76 | 0b11 << 62)
"""…and all others."""


@dataclass(frozen=True)
class View:
    """What there is now; the time; and new names."""

    registry: Registry
    cacher: Cacher
    clock: Clock
    random: Random

    def now(self) -> float:
        """Return the clock's reading."""
        return self.clock.now()

    def find(self, resource: str, namespace: str, name: str) -> Any:
        """Return an object (for reading only) by the plural of its resource, or None."""
        stored = self.cacher.get(self.registry[resource], namespace, name)
        return stored.message if stored else None

    def select(self, resource: str, namespace: str = "", where: Callable[[Any], bool] | None = None) -> list[Any]:
        """Return the objects (for reading only) of a resource that fulfil `where`."""
        row = self.registry[resource]
        found = (stored.message for stored in self.cacher.ring(row).select(row.prefix(namespace)))
        return [item for item in found if where is None or where(item)]

    def new_uid(self) -> str:
        """Return a uid that no other object has."""
        # What `uuid.UUID(int=…, version=4)` writes, in half the time.
        digits = f"{self.random.getrandbits(128) & VERSION_MASK | VERSION:032x}"
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"

    def new_suffix(self) -> str:
        """Return what is put behind a `generateName`."""
        return "".join(self.random.choices(SUFFIX_LETTERS, k=5))
