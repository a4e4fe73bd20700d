"""Runs each component as a task of one event loop: for tests, and for a debugger."""

import asyncio
import logging
import os
from collections.abc import Callable, Sequence

from kobune.apimachinery.clock import Clock
from kobune.component_base import logs
from kobune.component_base.failure import CannotStart, reason
from kobune.component_base.serving import Ready
from kobune.launcher.child import Start
from kobune.launcher.data_dir import DataDirectory
from kobune.launcher.progress import ClusterReady, ComponentDied, ComponentReady, Progress
from kobune.launcher.restarts import Restarts

log = logging.getLogger(__name__)


async def run_in_process(
    stages: Sequence[Sequence[str]],
    compose: Callable[[str], Start],
    *,
    data_dir: DataDirectory,
    clock: Clock,
    report: Callable[[Progress], None],
    on_ready: Callable[[Ready], None],
    restart: bool,
) -> None:
    """Serve until cancelled; then the components end in the reverse order of their stages.

    What dies is started again, if `restart`; otherwise its error ends all and is raised, in an `ExceptionGroup`.
    What dies before all have been ready always ends all.
    """
    began = clock.now()
    tasks: list[list[asyncio.Task[None]]] = []
    was_ready = asyncio.Event()

    async def keep(name: str, first: asyncio.Future[None]) -> None:
        restarts = Restarts()
        while True:
            started = clock.now()

            def ready(told: Ready, started: float = started, deaths: int = restarts.total) -> None:
                data_dir.record(name, _facts(told, deaths))
                on_ready(told)
                report(ComponentReady(name, told.address, clock.now() - started, again=deaths > 0))
                if not first.done():
                    first.set_result(None)

            try:
                with logs.component_log(name):
                    await compose(name)(ready)
                why = "ended by itself"
            except Exception as error:
                why = reason(error)
                if not isinstance(error, CannotStart):
                    log.exception("died: %s", why)
                if not was_ready.is_set():
                    raise CannotStart(f"{name}: {why.removeprefix(f'{name}: ')}") from error
                if not restart:
                    raise
            restarts, delay = restarts.died(clock.now() - started)
            report(ComponentDied(name, why, delay))
            await clock.sleep(delay)

    try:
        async with asyncio.TaskGroup() as group:
            try:
                for stage in stages:
                    loop = asyncio.get_running_loop()
                    firsts = {name: loop.create_future() for name in stage}
                    tasks.append([group.create_task(keep(name, first), name=name) for name, first in firsts.items()])
                    await asyncio.gather(*firsts.values())
                was_ready.set()
                report(ClusterReady(clock.now() - began, ""))
                await asyncio.Event().wait()
            finally:
                for started in reversed(tasks):
                    for task in started:
                        task.cancel()
                    await asyncio.wait(started)
    except ExceptionGroup as group_of_one:
        if was_ready.is_set():
            raise
        raise CannotStart(reason(group_of_one)) from group_of_one


def _facts(ready: Ready, restarts: int) -> dict[str, object]:
    return {
        "pid": os.getpid(),
        "address": ready.address,
        "others": dict(ready.others),
        "restarts": restarts,
        "lastError": "",
    }
