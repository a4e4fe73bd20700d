"""Plugins that others wrote are asked with care: what they raise, and nonsense that they answer, is theirs.

A `Worker` is a thread that asks them. It notes whom it asks, so that a decision that takes too long can be laid to
somebody; what does not come back is left alone: it ends at the next return from a plugin and touches nothing any more.
"""

import functools
import inspect
import queue
import threading
from collections.abc import Callable
from typing import Any, Final

from kobune.scheduler.framework.checking import EXPECTED

OURS: Final = "kobune.scheduler.plugins."
"""The modules of plugins that need no guard."""
OUTSIDE: Final = "kobune.scheduler.outside."
"""Those of plugins in other processes, whose answers have been checked once they are here."""


class PluginFailed(Exception):
    """A plugin raised, or did not come back."""

    def __init__(self, plugin: str, point: str, why: str) -> None:
        super().__init__(f"plugin {plugin} failed in {point}: {why}")
        self.plugin = plugin
        self.point = point

    @classmethod
    def by(cls, plugin: str, point: str, error: BaseException) -> "PluginFailed":
        """Return that a plugin raised this."""
        text = " ".join(str(error).split())
        return cls(plugin, point, f"{type(error).__name__}: {text}" if text else type(error).__name__)


class Unprepared(PluginFailed):
    """What a plugin had to do before the binding did not come to be."""

    def __init__(self, plugin: str, why: str) -> None:
        super().__init__(plugin, "pre_bind", why)
        self.why = why

    def __str__(self) -> str:
        return f'running PreBind plugin "{self.plugin}": {self.why}'


class Abandoned(BaseException):
    """Nobody waits for this decision any more."""


class Worker(threading.Thread):
    """A thread that does one thing after the other, until `stop`."""

    def __init__(self) -> None:
        super().__init__(name="scheduler plugins", daemon=True)  # one that hangs must not keep the process alive
        self.asking: tuple[str, str] | None = None
        """The plugin that was asked last, and what."""
        self.abandoned = False
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()

    def run(self) -> None:
        """Do what there is to do."""
        while (job := self._jobs.get()) is not None:
            job()

    def do(self, job: Callable[[], None]) -> None:
        """Do this next. It must not raise."""
        self.asking = None
        self._jobs.put(job)

    def stop(self) -> None:
        """End once all is done."""
        self._jobs.put(None)


class Guarded:
    """A plugin that others wrote: every method raises `PluginFailed`, or what ends an abandoned decision."""

    def __init__(self, plugin: Any, name: str) -> None:
        self.plugin = plugin
        self.name = name
        self._is_outside = type(plugin).__module__.startswith(OUTSIDE)

    def __getattr__(self, attribute: str) -> Any:
        value = getattr(self.plugin, attribute)
        if attribute.startswith("_") or not callable(value) or inspect.iscoroutinefunction(value):
            return value  # who waits for a coroutine looks after it
        guarded = self.__dict__[attribute] = self._guarded(attribute, value)
        return guarded

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Guarded) and bool(self.plugin == other.plugin)

    def __hash__(self) -> int:
        return hash(self.name)

    def _guarded(self, point: str, method: Callable[..., Any]) -> Callable[..., Any]:
        expected = EXPECTED.get(point) if not self._is_outside else None

        @functools.wraps(method)
        def call(*arguments: Any, **named: Any) -> Any:
            thread = threading.current_thread()
            worker = thread if isinstance(thread, Worker) else None
            if worker is not None:
                worker.asking = (self.name, point)
            try:
                answer = method(*arguments, **named)
                if expected is not None and (why := expected.complaint(answer, arguments)) is not None:
                    raise PluginFailed(self.name, point, why)
                return answer
            except PluginFailed:
                raise
            except Exception as error:
                raise PluginFailed.by(self.name, point, error) from error
            finally:
                if worker is not None and worker.abandoned:
                    raise Abandoned

        return call


def guarded(plugin: Any, name: str) -> Any:
    """Return a plugin as it can be asked: as it is, if it is one of ours."""
    if isinstance(plugin, Guarded) or type(plugin).__module__.startswith(OURS):
        return plugin
    return Guarded(plugin, name)
