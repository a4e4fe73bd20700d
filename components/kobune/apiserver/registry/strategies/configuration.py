"""Config maps and secrets."""

from collections.abc import Iterator, Mapping
from typing import Any

from kobune.apimachinery.errors import FieldError
from kobune.apiserver.registry.strategy import UncountedStrategy
from kobune.apiserver.registry.validation import forbidden, immutable


class ConfigMapStrategy(UncountedStrategy):
    """A config map that is `immutable` stays so, with what it holds."""

    holds: tuple[str, ...] = ("data", "binaryData")

    def validate_update(self, new: Any, old: Any) -> Iterator[FieldError]:
        if not old.immutable:
            return
        why = "field is immutable when `immutable` is set"
        if not new.immutable:
            yield forbidden("immutable", why)
        for name in self.holds:
            if getattr(new, name) != getattr(old, name):
                yield forbidden(name, why)


class SecretStrategy(ConfigMapStrategy):
    """A secret keeps its type besides."""

    holds = ("data",)

    def validate_update(self, new: Any, old: Any) -> Iterator[FieldError]:
        yield from immutable("type", new.type, old.type)
        yield from super().validate_update(new, old)

    def selectable_fields(self) -> Mapping[str, str]:
        return {"type": "type"}
