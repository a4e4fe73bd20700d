"""A warm process that forks the process under test as often as it is told to, and crashes it on the way.

Orders and outcomes are lines of JSON, on the standard input and output; `crash.crashing` is the other end.
"""

import asyncio
import errno
import json
import os
import select
import shutil
import signal
import socket
import sys
import time
from dataclasses import asdict
from pathlib import Path
from random import Random

from crash import workload
from crash.files import Files
from crash.orders import Order, Outcome
from crash.syscalls import Call, Listener, supervise_me

UNCOUNTED = ("LOG", "LOG.old", "LOCK")
"""LevelDB's diary and its lock: nothing of the store is in them."""
LONGEST = 60
"""Seconds after which a run that hangs is killed."""


class Run:
    """One order being carried out."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._directory = Path(order.directory)
        self._files = Files(self._directory, self._directory.with_name(self._directory.name + ".aside"))
        self._random = Random(f"{order.seed}/{order.at}/{order.what}")
        self._failing: set[str] = set()
        self._pid = 0
        self._over = False
        self.outcome = Outcome()

    def carry_out(self) -> Outcome:
        ours, theirs = socket.socketpair()
        told, tell = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            _be_tested(self._order, theirs, tell)
        theirs.close()
        os.close(tell)
        listener = Listener(ours)
        said = self._watch_over(listener, told)
        listener.close()
        ours.close()
        os.close(told)
        _, status = os.waitpid(self._pid, 0)
        self.outcome.status = os.waitstatus_to_exitcode(status)
        self.outcome.report = said[: said.rfind(b"\n") + 1].decode(errors="replace").splitlines()
        if self._order.what == "EIO" or (self._over and self._order.what in ("cut", "cut after")):
            self._files.lose_power(self._random)
        self._files.forget()
        return self.outcome

    def _watch_over(self, listener: Listener, told: int) -> bytes:
        """Decide about calls until the process is gone, and return all it said."""
        said = b""
        ends = time.monotonic() + (self._order.seconds if self._order.what == "outside" else LONGEST)
        poll = select.poll()
        poll.register(told, select.POLLIN)
        poll.register(listener.descriptor, select.POLLIN)
        while True:
            ready = dict(poll.poll(max(0, ends - time.monotonic()) * 1000))
            if not ready:
                ends += LONGEST
                self._kill()
            if told in ready:
                chunk = os.read(told, 1 << 16)
                if not chunk:
                    return said
                said += chunk
            if ready.get(listener.descriptor, 0) & select.POLLIN:
                call = listener.receive()
                if call is not None:
                    self._decide(listener, call)
            elif listener.descriptor in ready:
                poll.unregister(listener.descriptor)

    def _decide(self, listener: Listener, call: Call) -> None:
        if self._over:
            return  # it is dying
        if call.path.parent != self._directory or call.path.name in UNCOUNTED:
            listener.proceed(call)
            return
        self.outcome.calls.append(f"{call.name} {call.path.name}")
        order = self._order
        if len(self.outcome.calls) == order.at and order.what:
            self._strike(listener, call)
        elif call.name in self._failing:
            listener.answer(call, error=getattr(errno, order.what))
        else:
            self._let(listener, call)

    def _let(self, listener: Listener, call: Call) -> None:
        self._files.before(call)
        if call.name == "sync":
            listener.answer(call)  # `Files` remembers it; a real one would only take time
        else:
            listener.proceed(call)

    def _strike(self, listener: Listener, call: Call) -> None:
        match self._order.what:
            case "ENOSPC" | "EIO" as error:
                self._failing.add(call.name)
                listener.answer(call, error=getattr(errno, error))
                return
            case "half" if call.name == "write":
                data = call.data()
                _append(call.path, data[: len(data) // 2])
            case "kill after" | "cut after":
                self._files.before(call)
                _do(call)
        self._kill()

    def _kill(self) -> None:
        self._over = True
        os.kill(self._pid, signal.SIGKILL)


def _do(call: Call) -> None:
    """Do in the caller's place what it is not to live to see."""
    match call.name:
        case "write":
            _append(call.path, call.data())
        case "create":
            call.path.write_bytes(b"")
        case "rename" if call.source is not None:
            call.source.rename(call.path)
        case "unlink":
            call.path.unlink(missing_ok=True)


def _append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def _be_tested(order: Order, supervisor: socket.socket, tell: int) -> None:
    """Do the work in the forked process, which never returns."""
    status = 1
    try:
        supervise_me(supervisor, tell)
        supervisor.close()
        asyncio.run(workload.run(order, tell))
        status = 0
    except BaseException as error:
        os.write(tell, f"! {error!r}\n".encode())
    finally:
        os._exit(status)


def main() -> None:
    workload.smaller_buffers()
    for line in sys.stdin:
        order = Order(**json.loads(line))
        Path(order.directory).mkdir(exist_ok=True)
        shutil.rmtree(order.directory + ".aside", ignore_errors=True)
        print(json.dumps(asdict(Run(order).carry_out())), flush=True)


if __name__ == "__main__":
    main()
