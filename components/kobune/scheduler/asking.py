"""Where plugins are asked: here if they are all ours; in a thread, and not for ever, if others wrote some of them."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Final, TypeVar

from kobune.scheduler.framework.guard import Abandoned, PluginFailed, Worker
from kobune.scheduler.framework.profile import Profile

T = TypeVar("T")

DECISION_SECONDS: Final = 5.0
"""How long a decision may take where others' plugins have a part in it."""
LATE_SECONDS: Final = 600.0
"""How long a plugin may take to prepare or make a binding, as Kubernetes' `bindTimeoutSeconds`."""


class Asker:
    """Asks plugins. While they are asked in the thread, nothing that they look at may change: see `when_idle`."""

    def __init__(self, seconds: float = DECISION_SECONDS, *, abandoned: Callable[[], None] = lambda: None) -> None:
        """`abandoned` is called when a decision was given up, whose traces may be anywhere in what it worked on."""
        self._seconds = seconds
        self._abandoned = abandoned
        self._worker: Worker | None = None
        self._late: asyncio.AbstractEventLoop | None = None
        self._stalled: dict[tuple[str, str], str] = {}
        """By profile and plugin: the point where it was asked and has not come back."""
        self._turn = asyncio.Lock()
        self._is_busy = False
        self._changes: list[Callable[[], None]] = []

    def when_idle(self, change: Callable[[], None]) -> None:
        """Make a change to what plugins look at: now, or as soon as none is looking."""
        if self._is_busy:
            self._changes.append(change)
        else:
            change()

    async def ask(self, profile: Profile, work: Callable[[], T]) -> T:
        """Return what `work` does, which asks plugins of a profile; `PluginFailed` if one raises or stalls."""
        if not profile.foreign:
            return work()
        async with self._turn:
            for plugin in profile.foreign:
                if (point := self._stalled.get((profile.name, plugin))) is not None:
                    raise PluginFailed(plugin, point, "it has not come back yet, and is not asked again until it does")
            self._is_busy = True
            try:
                return await self._in_thread(profile, work)
            finally:
                self._is_busy = False
                changes, self._changes = self._changes, []
                for change in changes:
                    change()

    async def wait_for(self, plugin: str, point: str, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Return what a coroutine of a plugin that others wrote does; `PluginFailed` as above."""
        future = asyncio.run_coroutine_threadsafe(work(), self._late_loop())
        try:
            async with asyncio.timeout(LATE_SECONDS):
                return await asyncio.wrap_future(future)
        except TimeoutError:
            raise PluginFailed(plugin, point, f"not done within {LATE_SECONDS:g} s") from None
        except PluginFailed:
            raise
        except Exception as error:
            raise PluginFailed.by(plugin, point, error) from error

    def close(self) -> None:
        """Let the threads end."""
        if self._worker is not None:
            self._worker.abandoned = True
            self._worker.stop()
            self._worker = None
        late, self._late = self._late, None
        if late is not None:
            late.call_soon_threadsafe(late.stop)

    async def _in_thread(self, profile: Profile, work: Callable[[], T]) -> T:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        if self._worker is None:
            self._worker = Worker()
            self._worker.start()
        worker = self._worker

        def job() -> None:
            outcome: Callable[[], None]
            try:
                result = work()
            except Abandoned:
                outcome = lambda: _settle(done, error=Abandoned())  # noqa: E731
            except BaseException as failure:
                error = failure
                outcome = lambda: _settle(done, error=error)  # noqa: E731
            else:
                outcome = lambda: _settle(done, result)  # noqa: E731
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(outcome)

        worker.do(job)
        seconds = self._seconds + profile.patience
        try:
            while not (await asyncio.wait([done], timeout=seconds))[0]:
                if (asking := worker.asking) is not None:  # otherwise it is not the plugins that are slow
                    self._give_up(profile, worker, done, asking)
                    raise PluginFailed(*asking, f"no decision within {seconds:g} s")
        except asyncio.CancelledError:
            worker.abandoned = True
            raise
        return done.result()

    def _give_up(self, profile: Profile, worker: Worker, done: "asyncio.Future[T]", asking: tuple[str, str]) -> None:
        plugin, point = asking
        self._stalled[profile.name, plugin] = point
        worker.abandoned = True
        worker.stop()
        self._worker = None
        done.add_done_callback(lambda late: (late.exception(), self._stalled.pop((profile.name, plugin), None)))
        self._abandoned()

    def _late_loop(self) -> asyncio.AbstractEventLoop:
        if self._late is None:
            self._late = asyncio.new_event_loop()
            threading.Thread(target=_run, args=(self._late,), name="scheduler late plugins", daemon=True).start()
        return self._late


def _settle(done: "asyncio.Future[T]", result: T | None = None, *, error: BaseException | None = None) -> None:
    if done.done():
        return
    if error is not None:
        done.set_exception(error if isinstance(error, Exception) else RuntimeError(repr(error)))
    else:
        done.set_result(result)  # type: ignore[arg-type]  # there is a result if there is no error


def _run(loop: asyncio.AbstractEventLoop) -> None:
    loop.run_forever()
    loop.close()
