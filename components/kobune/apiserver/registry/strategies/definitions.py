"""Custom resource definitions, which are kept but not served yet."""

from collections.abc import Iterator
from typing import Any

from kobune.apiserver.registry.strategy import Strategy


class CustomResourceDefinitionStrategy(Strategy):
    """A definition says of itself that its resources are not served."""

    def prepare_create(self, new: Any, view: Any) -> None:
        super().prepare_create(new, view)
        new.status.conditions.add(
            type="Established",
            status="False",
            reason="NotSupported",
            message="custom resources are not supported: objects of this kind cannot be created",
        )

    def warnings(self, new: Any, old: Any) -> Iterator[str]:
        yield "custom resources are not supported: the definition is kept, but its kind is not served"
