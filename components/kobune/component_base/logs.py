"""One line per event, with the component it belongs to, also where many components share a process.

A component's name travels in a context variable, which every task that it starts inherits.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TextIO


@dataclass
class ComponentLog:
    """What is remembered of a component's log: its last error."""

    component: str
    last_error: str = ""
    last_error_at: float = 0.0


_current: ContextVar[ComponentLog | None] = ContextVar("kobune_component_log", default=None)


@contextmanager
def component_log(component: str) -> Iterator[ComponentLog]:
    """Attribute to `component` whatever is logged inside, and by the tasks started inside.

    Inside a component, everything stays that component's: one that serves on two ports has one log.
    """
    if outer := _current.get():
        yield outer
        return
    log = ComponentLog(component)
    _remember_errors()
    token = _current.set(log)
    try:
        yield log
    finally:
        _current.reset(token)


def configure(stream: TextIO, level: int = logging.INFO) -> logging.Handler:
    """Write Kobune's log to `stream`; returns the handler, so that a test can remove it again."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(LineFormatter())
    logger = logging.getLogger("kobune")
    logger.addHandler(handler)
    logger.setLevel(level)
    return handler


class LineFormatter(logging.Formatter):
    """`2026-01-31T12:00:00.123Z INFO scheduler: bound default/web-abc to node-2`."""

    def format(self, record: logging.LogRecord) -> str:
        log = _current.get()
        component = log.component if log else _package(record.name)
        prefix = f"{component}: "
        # Steps of the two flows name their component themselves, so that they read well in any log.
        message = super().format(record).removeprefix(prefix)
        when = datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        return f"{when}.{int(record.msecs):03}Z {record.levelname} {prefix}{message}"


class _RememberErrors(logging.Handler):
    """Notes each error with the component that it belongs to; holds nothing itself."""

    def emit(self, record: logging.LogRecord) -> None:
        if log := _current.get():
            log.last_error = record.getMessage().splitlines()[0]
            log.last_error_at = record.created


def _remember_errors() -> None:
    logger = logging.getLogger("kobune")
    if not any(isinstance(handler, _RememberErrors) for handler in logger.handlers):
        logger.addHandler(_RememberErrors(level=logging.ERROR))


def _package(logger: str) -> str:
    """Return `kube-proxy` for `kobune.kube_proxy.backends`."""
    parts = logger.split(".")
    return (parts[1] if len(parts) > 1 else parts[0]).replace("_", "-")
