"""Leaving a cluster behind that outlives the command that started it."""

import json
import os
import sys
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from kobune.component_base.failure import CannotStart

Tell = Callable[[Mapping[str, Any]], None]
"""Sends `{"line": text}` to be shown, `{"done": true}`, or `{"failed": reason}`."""


def run_detached(work: Callable[[Tell], None], *, log: Path, show: Callable[[str], None]) -> None:
    """Do `work` in a process of its own, and return once it told that it is done; `CannotStart` if it failed before.

    What it prints goes to `log`. Nobody waits for it any more: it belongs to no terminal.
    """
    ours, theirs = os.pipe()
    sys.stdout.flush()
    if os.fork() == 0:
        os.close(ours)
        _be_detached(work, theirs, log)
    os.close(theirs)
    with os.fdopen(ours) as messages:
        for text in messages:
            message = json.loads(text)
            if "line" in message:
                show(message["line"])
            if "failed" in message:
                raise CannotStart(message["failed"])
            if message.get("done"):
                return
    raise CannotStart(f"the cluster ended before it was ready; see {log}")


def _be_detached(work: Callable[[Tell], None], messages: int, log: Path) -> NoReturn:
    status = 1
    try:
        os.setsid()
        _redirect(log)
        work(lambda message: _note_and_tell(messages, message))
        status = 0
    except CannotStart as error:
        _tell(messages, {"failed": str(error)})
    except BaseException as error:
        traceback.print_exc()
        _tell(messages, {"failed": f"{type(error).__name__}: {error}; see {log}"})
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        # Not sys.exit: what the command would do at its end is not ours to do.
        os._exit(status)


def _note_and_tell(messages: int, message: Mapping[str, Any]) -> None:
    if "line" in message:
        print(message["line"], flush=True)  # the log: the command hears only what happens before it ends
    _tell(messages, message)


def _tell(messages: int, message: Mapping[str, Any]) -> None:
    with suppress(BrokenPipeError):  # the command is gone, as it should be once all is ready
        os.write(messages, json.dumps(message).encode() + b"\n")


def _redirect(log: Path) -> None:
    log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for descriptor, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(descriptor, target)
