"""Secrets."""

from collections.abc import Iterator, Mapping
from typing import Any

from kobune.apimachinery.errors import FieldError
from kobune.apiserver.registry.strategy import UncountedStrategy
from kobune.apiserver.registry.validation import immutable


class SecretStrategy(UncountedStrategy):
    """A Secret keeps its type."""

    def validate_update(self, new: Any, old: Any) -> Iterator[FieldError]:
        yield from immutable("type", new.type, old.type)

    def selectable_fields(self) -> Mapping[str, str]:
        return {"type": "type"}
