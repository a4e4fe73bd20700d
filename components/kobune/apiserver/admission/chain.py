"""The plugins that every write passes, in order: first those that change it, then those that may refuse it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from kobune.apiserver.verbs.api import Api
    from kobune.apiserver.verbs.call import Call


@dataclass(frozen=True, slots=True)
class Write:
    """What is about to happen. `new` is None for a deletion, `old` for a creation."""

    api: "Api"
    call: "Call"
    operation: str
    """CREATE, UPDATE or DELETE."""
    new: Any
    old: Any


class Plugin(Protocol):
    """Something that looks at writes. It may have one of these methods, or both."""

    resources: frozenset[str]
    """The plurals it looks at; empty for all."""

    def mutate(self, write: Write) -> None:
        """Change `write.new`."""

    def validate(self, write: Write) -> None:
        """Raise an `ApiError` to refuse."""


class Admission:
    """The chain."""

    def __init__(self, plugins: Sequence[Any]) -> None:
        self._mutating = [plugin for plugin in plugins if hasattr(plugin, "mutate")]
        self._validating = [plugin for plugin in plugins if hasattr(plugin, "validate")]

    def mutate(self, write: Write) -> None:
        """Let the plugins change the object."""
        for plugin in self._mutating:
            if not plugin.resources or write.call.plural in plugin.resources:
                plugin.mutate(write)

    def validate(self, write: Write) -> None:
        """Let the plugins refuse."""
        for plugin in self._validating:
            if not plugin.resources or write.call.plural in plugin.resources:
                plugin.validate(write)
