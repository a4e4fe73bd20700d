"""What is odd about the containers of a pod."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from kobune.apiserver.registry.advice.addresses import ip_warnings
from kobune.apiserver.registry.validation.resources import amount, text
from kobune.apiserver.registry.validation.shown import quoted

SECCOMP: Final = "container.seccomp.security.alpha.kubernetes.io/"
APPARMOR: Final = "container.apparmor.security.beta.kubernetes.io/"
NO_SECCOMP: Final = 'non-functional in v1.27+; use the "seccompProfile" field instead'
OLD_APPARMOR: Final = 'deprecated since v1.30; use the "appArmorProfile" field instead'
BYTES: Final = ("memory", "ephemeral-storage")


def fraction_warnings(at: str, amounts: Any, names: Iterable[str] = BYTES) -> Iterator[str]:
    """Yield a word on each amount of bytes that is no whole number."""
    for name in names:
        if name in amounts and amount(amounts[name]) % 1:
            shown = quoted(text(amounts[name]))
            yield f"{at}[{name}]: fractional byte value {shown} is invalid, must be an integer"


def container_warnings(
    at: str, container: Any, annotations: Mapping[str, str], meta: str, *, profiled: bool
) -> Iterator[str]:
    """Yield what is odd about a container; `profiled` if AppArmor needs no more words."""
    if annotations:
        security = container.securityContext
        seccomp, apparmor = SECCOMP + container.name, APPARMOR + container.name
        if seccomp in annotations and not security.HasField("seccompProfile"):
            yield f"{meta}[{seccomp}]: {NO_SECCOMP}"
        if apparmor in annotations and not profiled and not security.HasField("appArmorProfile"):
            yield f"{meta}[{apparmor}]: {OLD_APPARMOR}"
    if container.HasField("resources"):
        wanted = container.resources
        for name in BYTES:
            for part, amounts in (("limits", wanted.limits), ("requests", wanted.requests)):
                if name in amounts and amount(amounts[name]) % 1:
                    yield from fraction_warnings(f"{at}.resources.{part}", amounts, (name,))
    if len(container.env) > 1:
        yield from _hidden(f"{at}.env", container.env)


def _hidden(at: str, variables: Any) -> Iterator[str]:
    seen: set[str] = set()
    for index, variable in enumerate(variables):
        if variable.name not in seen:
            seen.add(variable.name)
            continue
        reference = f"$({variable.name})"
        extends = reference in variable.value and variable.value != reference and not variable.HasField("valueFrom")
        if not extends:
            name = quoted(variable.name)
            yield f"{at}[{index}]: hides previous definition of {name}, which may be dropped when using apply"


def port_warnings(containers: Iterable[tuple[str, Any]]) -> Iterator[str]:
    """Yield what is odd about the ports of all containers of a pod."""
    taken: defaultdict[tuple[int, str], list[tuple[str, Any]]] = defaultdict(list)
    for at, container in containers:
        for index, port in enumerate(container.ports):
            here = f"{at}.ports[{index}]"
            if port.hostIP:
                yield from ip_warnings(f"{here}.hostIP", port.hostIP)
                if not port.hostPort:
                    yield f"{here}: hostIP set without hostPort: {_go(port)}"
            others = taken[port.containerPort, port.protocol]
            for there, other in others:
                if word := _clash(port, other):
                    yield f"{here}: {word} port definition with {there}"
            others.append((here, port))


def _clash(port: Any, other: Any) -> str:
    if (port.hostIP, port.hostPort) == (other.hostIP, other.hostPort):
        return "duplicate"
    if not port.hostPort or not other.hostPort:
        return "overlapping"
    if port.hostPort == other.hostPort and bool(port.hostIP) != bool(other.hostIP):
        return "dangerously ambiguous"
    return ""


def _go(port: Any) -> str:
    name, ip = port.name, port.hostIP
    return (
        f"{{Name:{name} HostPort:{port.hostPort} ContainerPort:{port.containerPort} Protocol:{port.protocol} "
        f"HostIP:{ip}}}"
    )
