"""The streaming server of the simulated runtime: what CRI's `Exec` and `Attach` lead to.

It speaks what containerd's speaks, in one of its ways: `v5.channel.k8s.io` or `v4.channel.k8s.io` over a WebSocket, at
a URL that is good for one use. It listens once somebody asks for the first.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

import orjson
from aiohttp import web

from kobune.apimachinery import channels
from kobune.apimachinery.clock import Clock
from kobune.kubelet.runtimes.simulated.conversation import Conversation
from kobune.kubelet.runtimes.simulated.model import Container
from kobune.kubelet.runtimes.simulated.programs import Machine, Process, run
from kobune.kubelet.runtimes.simulated.refusal import Impossible
from kobune.kubelet.runtimes.simulated.terminal import Interrupted

GOOD_FOR: Final = 60.0
"""Seconds within which a URL must be used."""
LEAVE: Final = 0.05
"""How long what is open gets to end by itself."""
MOST_PENDING: Final = 1000
INTERRUPTED: Final = 130
MESSAGE_LIMIT: Final = 1 << 22
PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class Wanted:
    """What a URL stands for."""

    container: Container
    until: float
    command: tuple[str, ...] = ()
    """None is the container's own process."""
    stdin: bool = False
    tty: bool = False


@dataclass
class StreamingServer:
    """Serves the streams of commands. `close` it in the end."""

    clock: Clock
    _pending: dict[str, Wanted] = field(default_factory=dict)
    _handler: web.Server | None = None
    _server: asyncio.Server | None = None

    async def url(self, container: Container, command: tuple[str, ...], *, stdin: bool, tty: bool) -> str:
        """Return where the streams are to be had, once and soon; without a command, those of the container itself."""
        if not container.is_running:
            raise Impossible(f'container "{container.id}" is not running')
        now = self.clock.now()
        for token in [token for token, wanted in self._pending.items() if wanted.until < now]:
            del self._pending[token]
        if len(self._pending) >= MOST_PENDING:
            raise Impossible("too many streams were asked for and not opened")
        token = secrets.token_urlsafe(16)
        self._pending[token] = Wanted(container, now + GOOD_FOR, command, stdin, tty)
        return f"http://127.0.0.1:{await self._port()}/{'exec' if command else 'attach'}/{token}"

    async def close(self) -> None:
        """Stop listening, and end what is open."""
        if self._server is not None and self._handler is not None:
            self._server.close()
            await self._handler.shutdown(LEAVE)

    async def _port(self) -> int:
        if self._server is None:
            # Who leaves ends what they started.
            self._handler = web.Server(self._serve, access_log=None, handler_cancellation=True)
            self._server = await asyncio.get_running_loop().create_server(self._handler, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        wanted = self._pending.pop(request.path.rpartition("/")[2], None)
        if wanted is None:
            return web.Response(status=404, text="there is nothing at this URL, or not any more\n")
        socket = web.WebSocketResponse(
            protocols=(channels.V5, channels.V4), compress=False, max_msg_size=MESSAGE_LIMIT, timeout=1.0
        )
        if not socket.can_prepare(request).ok:
            return web.Response(status=400, text="only WebSockets are served here\n")
        await socket.prepare(request)
        conversation = Conversation(socket, tty=wanted.tty, stdin=wanted.stdin)
        work = self._execute if wanted.command else self._attach
        await converse(conversation, lambda: work(wanted, conversation))
        return socket

    async def _execute(self, wanted: Wanted, conversation: Conversation) -> bytes:
        machine = machine_of(wanted.container, self.clock, lambda: conversation.size)
        variables = dict(machine.variables) | ({"TERM": "xterm"} if wanted.tty else {})
        process = Process(list(wanted.command), machine, conversation, variables, wanted.tty)
        return status_of(await run(process))

    async def _attach(self, wanted: Wanted, conversation: Conversation) -> bytes:
        with wanted.container.output.listening() as lines:
            while wanted.container.is_running and (line := await lines.next()):
                await conversation.write(1, line)
        return status_of(0)


async def converse(conversation: Conversation, work: Callable[[], Awaitable[bytes]]) -> None:
    """Let work be done while listening to the client; stop it when the client leaves or interrupts."""
    working = asyncio.ensure_future(work())
    listening = asyncio.create_task(conversation.listen())
    try:
        await asyncio.wait([working, listening], return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            await conversation.end(working.result())
        elif isinstance(listening.exception(), Interrupted):
            await conversation.end(status_of(INTERRUPTED))
    except ConnectionError:
        pass  # nobody is there to hear it
    finally:
        for task in (working, listening):
            task.cancel()
        await asyncio.gather(working, listening, return_exceptions=True)


def status_of(code: int) -> bytes:
    """Return how CRI's streaming servers say with which code a command ended."""
    if code == 0:
        return orjson.dumps({"metadata": {}, "status": "Success"})
    return orjson.dumps(
        {
            "metadata": {},
            "status": "Failure",
            "message": f"command terminated with non-zero exit code: {code}",
            "reason": "NonZeroExitCode",
            "details": {"causes": [{"reason": "ExitCode", "message": str(code)}]},
        }
    )


def machine_of(container: Container, clock: Clock, size: Callable[[], tuple[int, int]]) -> Machine:
    """Return what programs find out about a container."""
    hostname = container.sandbox.config.hostname or container.sandbox.config.metadata.name
    given = {env.key: env.value.decode(errors="surrogateescape") for env in container.config.envs}
    files = {
        "/etc/hostname": f"{hostname}\n",
        "/etc/hosts": f"127.0.0.1\tlocalhost\n{container.sandbox.ip}\t{hostname}\n",
        "/etc/os-release": 'NAME="simulated"\nID=simulated\n',
    }
    return Machine(hostname, {"PATH": PATH, "HOSTNAME": hostname, **given, "HOME": "/root"}, files, clock, size)
