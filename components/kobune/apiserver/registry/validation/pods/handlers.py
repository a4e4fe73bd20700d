"""Probes and hooks: what is done to a container to see how it is, or when it begins and ends."""

from collections.abc import Iterator
from typing import Any, Final

from kobune.apimachinery.errors import FieldError
from kobune.apiserver.registry.validation import formats
from kobune.apiserver.registry.validation.causes import (
    each,
    forbidden,
    invalid,
    not_negative_fields,
    required,
    unsupported,
)

PROBES: Final = ("livenessProbe", "readinessProbe", "startupProbe")
PROBE_HANDLERS: Final = ("exec", "httpGet", "tcpSocket", "grpc")
HOOK_HANDLERS: Final = ("exec", "httpGet", "tcpSocket", "sleep")
SCHEMES: Final = ("HTTP", "HTTPS")
WINDOWS_SIGNALS: Final = ("SIGTERM", "SIGKILL")
_PLAIN: Final = [
    "ABRT",
    "ALRM",
    "BUS",
    "CHLD",
    "CLD",
    "CONT",
    "FPE",
    "HUP",
    "ILL",
    "INT",
    "IO",
    "IOT",
    "KILL",
    "PIPE",
    "POLL",
    "PROF",
    "PWR",
    "QUIT",
    "SEGV",
    "STKFLT",
    "STOP",
    "SYS",
    "TERM",
    "TRAP",
    "TSTP",
    "TTIN",
    "TTOU",
    "URG",
    "USR1",
    "USR2",
    "VTALRM",
    "WINCH",
    "XCPU",
    "XFSZ",
    "RTMIN",
    "RTMAX",
]
LINUX_SIGNALS: Final = tuple(
    sorted(
        {
            *(f"SIG{name}" for name in _PLAIN),
            *(f"SIGRTMIN+{number}" for number in range(1, 16)),
            *(f"SIGRTMAX-{number}" for number in range(1, 15)),
        }
    )
)
NO_OS: Final = "may not be set for containers with empty `spec.os.name`"


def probes(at: str, container: Any) -> Iterator[FieldError]:
    """Check the probes of a container."""
    for name in PROBES:
        if container.HasField(name):
            yield from _probe(f"{at}.{name}", getattr(container, name), name)


def _probe(at: str, probe: Any, name: str) -> Iterator[FieldError]:
    yield from _handler(at, probe.handler, PROBE_HANDLERS, 0)
    yield from not_negative_fields(
        at, probe, "initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"
    )
    if probe.HasField("terminationGracePeriodSeconds"):
        grace = probe.terminationGracePeriodSeconds
        if grace <= 0:
            yield invalid(f"{at}.terminationGracePeriodSeconds", grace, "must be greater than 0")
        if name == "readinessProbe":
            yield invalid(f"{at}.terminationGracePeriodSeconds", grace, "must not be set for readinessProbes")
    if name != "readinessProbe" and probe.successThreshold != 1:
        yield invalid(f"{at}.successThreshold", probe.successThreshold, "must be 1")


def lifecycle(at: str, hooks: Any, grace: int, system: str) -> Iterator[FieldError]:
    """Check the hooks of a container that has `grace` seconds to stop, on an operating system."""
    for name in ("postStart", "preStop"):
        if hooks.HasField(name):
            yield from _handler(f"{at}.{name}", getattr(hooks, name), HOOK_HANDLERS, grace)
    if hooks.HasField("stopSignal"):
        yield from _stop_signal(f"{at}.stopSignal", hooks.stopSignal, system)


def _stop_signal(at: str, signal: str, system: str) -> Iterator[FieldError]:
    if not system:
        yield forbidden(at, NO_OS)
    elif system == "windows" and signal not in WINDOWS_SIGNALS:
        yield unsupported(at, signal, sorted(WINDOWS_SIGNALS))
    elif system != "windows" and signal not in LINUX_SIGNALS:
        yield unsupported(at, signal, LINUX_SIGNALS)


def _handler(at: str, handler: Any, kinds: tuple[str, ...], grace: int) -> Iterator[FieldError]:
    present = [name for name in kinds if handler.HasField(name)]
    if not present:
        yield required(at, "must specify a handler type")
        return
    first, *others = present
    action, here = getattr(handler, first), f"{at}.{first}"
    match first:
        case "exec":
            if not action.command:
                yield required(f"{here}.command")
        case "httpGet":
            yield from _http(here, action)
        case "tcpSocket":
            yield from port(f"{here}.port", action.port)
        case "grpc":
            yield from each(f"{here}.port", action.port, formats.port_number(action.port))
        case "sleep":
            if not 0 <= action.seconds <= grace:
                why = f"must be non-negative and less than terminationGracePeriodSeconds ({grace})"
                yield invalid(here, action.seconds, why)
    for name in others:
        yield forbidden(f"{at}.{name}", "may not specify more than 1 handler type")


def _http(at: str, action: Any) -> Iterator[FieldError]:
    if not action.path:
        yield required(f"{at}.path")
    yield from port(f"{at}.port", action.port)
    if action.scheme not in SCHEMES:
        yield unsupported(f"{at}.scheme", action.scheme, SCHEMES)
    for header in action.httpHeaders:
        yield from each(f"{at}.httpHeaders", header.name, formats.header_name(header.name))


def port(at: str, value: Any) -> Iterator[FieldError]:
    """Check a port that is given by its number or its name."""
    if value.type == 1:
        yield from each(at, value.strVal, formats.port_name(value.strVal))
    elif not 0 < value.intVal < 65536:
        yield from each(at, value.intVal, formats.port_number(value.intVal))
