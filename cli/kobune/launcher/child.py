"""What a component's own process does, from the fork to its end."""

import asyncio
import contextlib
import ctypes
import json
import logging
import os
import signal
import sys
import traceback
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from kobune.component_base import logs
from kobune.component_base.failure import CannotStart, reason
from kobune.component_base.serving import Ready

Start = Callable[[Callable[[Ready], None]], Coroutine[Any, Any, None]]
"""Serves until cancelled; calls what it is given once it is ready."""

PR_SET_PDEATHSIG = 1
LAST_WORDS = 5
"""Seconds that an orderly end may take."""


@dataclass(frozen=True)
class Child:
    """All that a forked process is told."""

    name: str
    start: Start
    messages: int
    """The pipe on which it tells its parent, in lines of JSON, that it is ready or why it failed."""
    log: Path
    keep: tuple[int, ...]
    """Files of the parent that stay open here: the lock of the data directory."""
    level: int = logging.INFO


def run_forked(child: Child, parent: int) -> NoReturn:
    """Be the component until told to stop; never returns into the parent's code."""
    status = 1
    try:
        _leave_parent(child, parent)
        status = _serve(child)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        # Not sys.exit: the parent's clean-up is not ours to do.
        os._exit(status)


def _leave_parent(child: Child, parent: int) -> None:
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides who ends when
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        os._exit(0)  # it died before the line above
    for descriptor in [int(name) for name in os.listdir("/proc/self/fd")]:
        if descriptor > 2 and descriptor != child.messages and descriptor not in child.keep:
            with contextlib.suppress(OSError):  # the listing's own is closed already
                os.close(descriptor)
    log = os.open(child.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    for descriptor in (nothing, log):
        os.close(descriptor)
    logs.configure(sys.stderr, child.level)


def _serve(child: Child) -> int:
    def tell(message: dict[str, Any]) -> None:
        os.write(child.messages, json.dumps(message).encode() + b"\n")

    def ready(told: Ready) -> None:
        tell({"ready": {"address": told.address, "others": dict(told.others)}})

    with logs.component_log(child.name):
        try:
            run_until_terminated(child.start(ready))
        except BaseException as error:
            tell({"failed": reason(error)})
            if not isinstance(error, CannotStart):
                logging.getLogger(__name__).exception("died: %s", reason(error))
            return 1
    return 0


def run_until_terminated(
    work: Coroutine[Any, Any, None], signals: Sequence[signal.Signals] = (signal.SIGTERM,)
) -> None:
    """Run a coroutine in a loop of its own. A signal cancels it; another, or taking too long, ends the process."""

    def terminate(task: asyncio.Task[None]) -> None:
        signal.alarm(LAST_WORDS)  # nobody catches SIGALRM
        for one in signals:
            loop.remove_signal_handler(one)
        task.cancel()

    async def main() -> None:
        task = asyncio.current_task()
        assert task is not None
        for one in signals:
            loop.add_signal_handler(one, terminate, task)
        with contextlib.suppress(asyncio.CancelledError):
            await work
        signal.alarm(0)

    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        loop = runner.get_loop()
        runner.run(main())


def new_event_loop() -> asyncio.AbstractEventLoop:
    """Return uvloop's event loop, or asyncio's where there is none."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
