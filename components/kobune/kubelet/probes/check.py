"""One look at a container: over HTTP, over TCP, or by a command inside."""

import asyncio
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from kobune.api.core.v1 import Container, ProbeHandler
from kobune.api.core.v1 import HTTPGetAction as HttpGet
from kobune.api.runtime.v1 import IntOrString
from kobune.kubelet.cri.runtime import Runtime, RuntimeFailed

DEFAULT_TIMEOUT = 1


@dataclass(frozen=True)
class Target:
    """The container that is looked at."""

    container: Container
    id: str
    ip: str
    actual_port: Callable[[int], int]
    """Where a port of the pod is really open."""


@dataclass(frozen=True)
class Result:
    """What came of it."""

    passed: bool
    message: str = ""


async def check(runtime: Runtime, target: Target, handler: ProbeHandler, timeout: float) -> Result:
    """Perform a probe, or a hook, once. Never raises: what goes wrong is a failed result."""
    try:
        if handler.HasField("exec"):
            return await _exec(runtime, target, list(handler.exec.command), timeout)
        async with asyncio.timeout(timeout):
            if handler.HasField("httpGet"):
                return await _http(target, handler.httpGet)
            if handler.HasField("tcpSocket"):
                return await _tcp(target, handler.tcpSocket.host, handler.tcpSocket.port)
    except TimeoutError:
        return Result(False, f"no answer within {timeout:g} s")
    except UnknownPort as error:
        return Result(False, str(error))
    name = "grpc" if handler.HasField("grpc") else "an empty handler"
    return Result(False, f"{name} is not supported by this kubelet")


class UnknownPort(Exception):
    """A probe names a port that its container does not declare."""


def port_of(container: Container, port: IntOrString) -> int:
    """Return the number of a port that may be named."""
    if port.type == 0:
        return port.intVal
    if port.strVal.isdecimal():
        return int(port.strVal)
    found = next((known.containerPort for known in container.ports if known.name == port.strVal), None)
    if found is None:
        raise UnknownPort(f'couldn\'t find port: "{port.strVal}"')
    return found


async def _exec(runtime: Runtime, target: Target, command: list[str], timeout: float) -> Result:
    try:
        answer = await runtime.exec(target.id, command, timeout)
    except RuntimeFailed as error:
        return Result(False, str(error))
    output = (answer.stdout + answer.stderr).decode(errors="replace").strip()
    return Result(answer.exit_code == 0, output)


async def _tcp(target: Target, host: str, port: IntOrString) -> Result:
    number = port_of(target.container, port)
    try:
        _, writer = await _connect(target, host, number, None)
    except OSError as error:
        return Result(False, refused(host or target.ip, number, error))
    writer.close()
    return Result(True)


async def _http(target: Target, action: HttpGet) -> Result:
    number = port_of(target.container, action.port)
    host = action.host or target.ip
    scheme = (action.scheme or "HTTP").lower()
    path = action.path if action.path.startswith("/") else f"/{action.path}"
    try:
        reader, writer = await _connect(target, action.host, number, unverified() if scheme == "https" else None)
        try:
            headers = {
                "Host": f"{host}:{number}",
                "User-Agent": "kube-probe/1.36",
                "Accept": "*/*",
                "Connection": "close",
            }
            headers |= {header.name: header.value for header in action.httpHeaders}
            lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
            writer.write("\r\n".join(lines).encode())
            status = (await reader.readline()).split()
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
    except OSError as error:
        return Result(False, f'Get "{scheme}://{host}:{number}{path}": {refused(host, number, error)}')
    if len(status) < 2 or not status[1].isdigit():
        return Result(False, f'Get "{scheme}://{host}:{number}{path}": malformed HTTP response')
    code = int(status[1])
    return Result(200 <= code < 400, "" if 200 <= code < 400 else f"HTTP probe failed with statuscode: {code}")


async def _connect(
    target: Target, host: str, port: int, tls: ssl.SSLContext | None
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    actual = port if host and host != target.ip else target.actual_port(port)
    return await asyncio.open_connection(host or target.ip, actual, ssl=tls)


def unverified() -> ssl.SSLContext:
    """Return TLS that trusts anybody: probes do not look at certificates."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def refused(host: str, port: int, error: OSError) -> str:
    why = "connection refused" if isinstance(error, ConnectionRefusedError) else (error.strerror or str(error)).lower()
    return f"dial tcp {host}:{port}: connect: {why}"
