"""Runs each component in a process of its own, forked from this one, and starts again what dies.

    start ─► Starting ── told ready ──► Running ── died ──► Waiting ── time is up ──► Starting
                │                                              ▲
                └── died: before the cluster was ready once it cannot start; afterwards ──┘

This process imports the components once and stays single-threaded and without any gRPC object, so that it can fork
at any time. It waits in one selector: for messages of its children, whose pipes also tell of their death, and for
signals.
"""

import json
import logging
import os
import selectors
import signal
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from kobune.component_base.failure import CannotStart
from kobune.component_base.serving import Ready
from kobune.launcher.child import Child, Start, run_forked
from kobune.launcher.data_dir import DataDirectory
from kobune.launcher.progress import ClusterReady, ClusterStopped, ComponentDied, ComponentReady, Progress
from kobune.launcher.restarts import Restarts
from kobune.launcher.settings import STOP_TIMEOUT

START_TIMEOUT = 60.0
NEVER = float("inf")

Compose = Callable[[str], Start]
"""Returns how to start the component of that name; called in its own process."""


@dataclass
class Process:
    """One component, as its supervisor sees it."""

    name: str
    pid: int = 0
    """0 when it does not run."""
    messages: int = -1
    unread: bytes = b""
    started: float = 0.0
    ready: Ready | None = None
    failure: str = ""
    """Why it is dying, while it does."""
    last_error: str = ""
    restarts: Restarts = field(default_factory=Restarts)
    retry_at: float = NEVER


class Supervisor:
    """Keeps one cluster's processes running until it is told to stop."""

    def __init__(
        self,
        stages: Sequence[Sequence[str]],
        compose: Compose,
        *,
        data_dir: DataDirectory,
        lock: int,
        report: Callable[[Progress], None],
        prepare: Callable[[Sequence[str]], None] = lambda stage: None,
        on_ready: Callable[[Ready], None] = lambda ready: None,
        now: Callable[[], float] = time.monotonic,
        level: int = logging.INFO,
    ) -> None:
        """Describe the cluster; `run` starts it.

        The components of a stage are started together, once those of the stage before are ready; what they share is
        prepared meanwhile. `on_ready` hears of each component that turns ready, before the next stage is composed.
        """
        self._stages = [list(stage) for stage in stages]
        self._compose = compose
        self._data_dir = data_dir
        self._lock = lock
        self._report = report
        self._prepare = prepare
        self._on_ready = on_ready
        self._now = now
        self._level = level
        self._processes = {name: Process(name) for stage in self._stages for name in stage}
        self._selector = selectors.DefaultSelector()
        self._signals = 0
        self._was_ready = False

    def run(self) -> None:
        """Start everything and watch over it until SIGINT or SIGTERM; when this returns, nothing runs.

        `CannotStart` when a component does not become ready the first time.
        """
        began = self._now()
        with self._signals_heard():
            try:
                waiting = [*self._stages]
                self._prepare(waiting[0])
                while not self._signals:
                    if waiting and self._all_ready(but=[name for stage in waiting for name in stage]):
                        for name in waiting.pop(0):
                            self._fork(self._processes[name])
                        if waiting:
                            self._prepare(waiting[0])
                    elif not waiting and not self._was_ready and self._all_ready():
                        self._was_ready = True
                        self._report(ClusterReady(self._now() - began, ""))
                    self._wait(self._next_deadline(began) - self._now())
                    self._start_what_is_due(began)
            finally:
                stopping = self._now()
                self._stop_all()
            self._report(ClusterStopped(self._now() - stopping))

    def _all_ready(self, but: Sequence[str] = ()) -> bool:
        return all(process.ready for process in self._processes.values() if process.name not in but)

    def _next_deadline(self, began: float) -> float:
        start = NEVER if self._was_ready else began + START_TIMEOUT
        return min([start, *(process.retry_at for process in self._processes.values())])

    def _start_what_is_due(self, began: float) -> None:
        for process in self._processes.values():
            if process.retry_at <= self._now():
                self._fork(process)
        if not self._was_ready and self._now() >= began + START_TIMEOUT:
            late = next(process.name for process in self._processes.values() if not process.ready)
            said = self._data_dir.last_line(late)
            raise CannotStart(f"{late} is not ready after {START_TIMEOUT:.0f} s; it said last: {said}")

    def _fork(self, process: Process) -> None:
        ours, theirs = os.pipe()
        process.retry_at = NEVER
        process.started = self._now()
        process.ready, process.failure, process.unread = None, "", b""
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            # Composed over there, so that what a component alone needs is imported by it alone.
            child = Child(
                name=process.name,
                start=lambda ready: self._compose(process.name)(ready),
                messages=theirs,
                log=self._data_dir.log(process.name),
                keep=(self._lock,),
                level=self._level,
            )
            run_forked(child, parent)
        os.close(theirs)
        process.pid, process.messages = pid, ours
        self._selector.register(ours, selectors.EVENT_READ, process)
        self._record(process)

    def _wait(self, seconds: float) -> None:
        timeout = None if seconds == NEVER else max(seconds, 0)
        for key, _ in self._selector.select(timeout):
            if isinstance(key.data, Process):
                self._hear(key.data)
            else:
                self._signals += len(key.fileobj.recv(64))  # type: ignore[union-attr]

    def _hear(self, process: Process) -> None:
        data = os.read(process.messages, 65536)
        if not data:
            self._bury(process)
            return
        *lines, process.unread = (process.unread + data).split(b"\n")
        for line in lines:
            message: dict[str, Any] = json.loads(line)
            if "ready" in message:
                process.ready = Ready(process.name, message["ready"]["address"], message["ready"]["others"])
                seconds = self._now() - process.started
                self._on_ready(process.ready)
                self._report(ComponentReady(process.name, process.ready.address, seconds, self._was_ready))
            process.failure = message.get("failed", process.failure)
            self._record(process)

    def _bury(self, process: Process) -> None:
        """Take note that a child is gone, and decide what follows."""
        self._selector.unregister(process.messages)
        os.close(process.messages)
        _, status = os.waitpid(process.pid, 0)
        process.last_error = process.failure or _how_it_ended(status)
        process.pid, process.messages, process.ready = 0, -1, None
        if self._signals:
            return
        if not self._was_ready:
            why = process.last_error.removeprefix(f"{process.name}: ")
            raise CannotStart(f"{process.name}: {why}; its log is {self._data_dir.log(process.name)}")
        process.restarts, delay = process.restarts.died(self._now() - process.started)
        process.retry_at = self._now() + delay
        self._record(process)
        self._report(ComponentDied(process.name, process.last_error, delay))

    def _record(self, process: Process) -> None:
        facts = {
            "pid": process.pid,
            "address": process.ready.address if process.ready else "",
            "others": dict(process.ready.others) if process.ready else {},
            "restarts": process.restarts.total,
            "lastError": process.last_error,
        }
        self._data_dir.record(process.name, facts)

    def _stop_all(self) -> None:
        """End the processes in the reverse order of their stages, so that nobody loses the apiserver before its end."""
        self._signals = self._signals or 1
        for stage in reversed(self._stages):
            processes = [self._processes[name] for name in stage]
            self._end(processes, signal.SIGTERM, STOP_TIMEOUT)
            self._end(processes, signal.SIGKILL, NEVER)

    def _end(self, processes: Sequence[Process], how: signal.Signals, patience: float) -> None:
        for process in processes:
            if process.pid:
                os.kill(process.pid, how)
        deadline, signals = self._now() + patience, self._signals
        while any(process.pid for process in processes) and self._now() < deadline:
            if how == signal.SIGTERM and self._signals > signals:
                return  # asked again: no more patience
            self._wait(deadline - self._now())

    @contextmanager
    def _signals_heard(self) -> Iterator[None]:
        ours, theirs = socket.socketpair()
        theirs.setblocking(False)
        self._selector.register(ours, selectors.EVENT_READ, "signals")
        before = {one: signal.signal(one, lambda *_: None) for one in (signal.SIGINT, signal.SIGTERM)}
        previous = signal.set_wakeup_fd(theirs.fileno())
        try:
            yield
        finally:
            signal.set_wakeup_fd(previous)
            for one, handler in before.items():
                signal.signal(one, handler)
            self._selector.close()
            ours.close()
            theirs.close()


def _how_it_ended(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"ended by itself (exit code {code})"
