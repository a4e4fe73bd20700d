"""Kinds with fields that stay as they were created."""

from collections.abc import Callable, Iterator
from typing import Any

from kobune.apimachinery.errors import FieldError
from kobune.apiserver.registry.strategy import Strategy
from kobune.apiserver.registry.validation import forbidden, immutable


class FrozenStrategy(Strategy):
    """A kind with some fields that never change."""

    def __init__(
        self, *frozen: str, default: Callable[[Any], None] | None = None, generation: bool = False, why: str = ""
    ) -> None:
        """Describe a kind by its frozen fields; with `why`, that is what is said of a change."""
        super().__init__(default)
        self.generation = generation
        self._frozen = frozen
        self._why = why

    def validate_update(self, new: Any, old: Any) -> Iterator[FieldError]:
        for name in self._frozen:
            found = list(immutable(name, getattr(new, name), getattr(old, name)))
            yield from (forbidden(name, self._why) for _ in found) if self._why else found
