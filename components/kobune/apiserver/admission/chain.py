"""The plugins that every write passes, in order: first those that change it, then those that may refuse it.

Most plugins look at nothing but the cache, and are plain functions. Those that ask somebody else (webhooks), or write
(quotas), return something to await, but only for a write that concerns them: all others cost them a look into an index.
"""

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from kobune.apiserver.verbs.api import Api
    from kobune.apiserver.verbs.call import Call

MAX_GENERATED = 58
SUFFIX = 5


@dataclass(slots=True)
class Write:
    """What is about to happen. `new` is None for a deletion, `old` for a creation.

    A plugin that changes the object does it in place. For a binding, an eviction and the like, `new` is that.
    """

    api: "Api"
    call: "Call"
    operation: str
    """CREATE, UPDATE or DELETE."""
    new: Any
    old: Any
    options: Any = None
    """The `DeleteOptions` of a deletion."""
    changed: bool = False
    """Whether a webhook or a policy has changed the object, so that plugins before it should look again."""
    again: bool = False
    """Whether they do."""

    @property
    def shown_name(self) -> str:
        """The name that errors show: for a generated one, what it was generated from."""
        name = self.call.name
        if self.operation == "CREATE" and not self.call.subresource:
            prefix: str = self.new.metadata.generateName
            if prefix and name.startswith(prefix[:MAX_GENERATED]) and len(name) == len(prefix[:MAX_GENERATED]) + SUFFIX:
                return prefix
        return name

    @property
    def is_plain(self) -> bool:
        """Whether the object itself is written, not a part of it."""
        return not self.call.subresource


class Plugin(Protocol):
    """Something that looks at writes. It may have one of these methods, or both."""

    resources: frozenset[str]
    """The plurals it looks at; empty for all."""

    def mutate(self, write: Write) -> Awaitable[None] | None:
        """Change `write.new`, at once or when awaited."""

    def validate(self, write: Write) -> Awaitable[None] | None:
        """Raise an `ApiError` to refuse, at once or when awaited."""


class Admission:
    """The chain."""

    def __init__(self, plugins: Sequence[Any]) -> None:
        self._mutating = _Stage([(plugin.resources, plugin.mutate) for plugin in plugins if hasattr(plugin, "mutate")])
        self._validating = _Stage(
            [(plugin.resources, plugin.validate) for plugin in plugins if hasattr(plugin, "validate")]
        )

    def mutate(self, write: Write) -> Awaitable[None] | None:
        """Let the plugins change the object; what is returned, if anything, must be awaited."""
        pending = self._mutating.run(write)
        if pending is None and not write.changed:
            return None
        return self._mutate(write, pending)

    def validate(self, write: Write) -> Awaitable[None] | None:
        """Let the plugins refuse; what is returned, if anything, must be awaited."""
        return self._validating.run(write)

    async def _mutate(self, write: Write, pending: Awaitable[None] | None) -> None:
        if pending is not None:
            await pending
        if write.changed:
            write.again = True
            if (following := self._mutating.run(write)) is not None:
                await following

    async def review(self, write: Write) -> None:
        """Let all plugins look at what is not stored itself: a binding, an eviction, a scale, a token."""
        for stage in (self.mutate, self.validate):
            if (pending := stage(write)) is not None:
                await pending


class _Stage:
    """The methods of one kind, by the plural that they look at."""

    def __init__(self, methods: Sequence[tuple[frozenset[str], Any]]) -> None:
        self._general = tuple(method for resources, method in methods if not resources)
        named = {plural for resources, _ in methods for plural in resources}
        self._by_plural = {
            plural: tuple(method for resources, method in methods if not resources or plural in resources)
            for plural in named
        }

    def run(self, write: Write) -> Awaitable[None] | None:
        resource = write.call.resource
        # A custom resource may have the plural of a built-in one.
        plural = "" if resource.is_custom else resource.kind.plural
        methods = self._by_plural.get(plural, self._general)
        for index, method in enumerate(methods):
            if (pending := method(write)) is not None:
                return _rest(pending, methods[index + 1 :], write)
        return None


async def _rest(pending: Awaitable[None], methods: Sequence[Any], write: Write) -> None:
    await pending
    for method in methods:
        if (following := method(write)) is not None:
            await following
