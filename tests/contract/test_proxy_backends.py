"""What every back end of the kube-proxy promises, on real sockets."""

import asyncio
import socket
import struct
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager
from ipaddress import IPv4Network
from random import SystemRandom
from time import process_time

import pytest

from kobune.apimachinery.clock import SystemClock
from kobune.kube_proxy.backends import Backend
from kobune.kube_proxy.backends.userspace import Userspace
from kobune.kube_proxy.clients import Clients
from kobune.kube_proxy.endpoints import Endpoint
from kobune.kube_proxy.ruleset import Address, Frontend, Near, Ruleset
from kobune.launcher.child import new_event_loop

BACKENDS = {"userspace": Userspace}
PORT = 18080
random = SystemRandom()


@pytest.fixture(params=BACKENDS)
async def backend(request: pytest.FixtureRequest) -> AsyncIterator[Backend]:
    async with BACKENDS[request.param](clock=SystemClock()) as backend:
        yield backend


def some_ip() -> str:
    """An address that no other test has."""
    return f"127.200.{random.randrange(256)}.{random.randrange(1, 255)}"


def frontend(*endpoints: Endpoint, at: Address | None = None, **more) -> Frontend:
    return Frontend(at or Address(some_ip(), PORT), "ClusterIP", "default/web", "", endpoints, **more)


def rules(*frontends: Frontend) -> Ruleset:
    return Ruleset({frontend.address: frontend for frontend in frontends})


@asynccontextmanager
async def server(answer: Callable[[asyncio.StreamReader, asyncio.StreamWriter], object]) -> AsyncIterator[Endpoint]:
    """An endpoint; `answer` is a coroutine function."""
    running = await asyncio.start_server(answer, some_ip(), 0, backlog=1024)
    try:
        yield Endpoint(*running.sockets[0].getsockname())
    finally:
        running.close()


def naming(name: str) -> Callable:
    """A server that says its name and hangs up."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(name.encode())
        writer.close()

    return answer


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(1 << 16):
        writer.write(data)
        await writer.drain()
    writer.close()


async def ask(address: Address, source: str = "127.0.0.1") -> str:
    reader, writer = await asyncio.open_connection(address.ip, address.port, local_addr=(source, 0))
    try:
        return (await reader.read()).decode()
    finally:
        writer.close()


async def is_refused(address: Address) -> bool:
    try:
        await ask(address)
    except ConnectionRefusedError:
        return True
    return False


@asynccontextmanager
async def three() -> AsyncIterator[list[Endpoint]]:
    async with server(naming("a")) as a, server(naming("b")) as b, server(naming("c")) as c:
        yield [a, b, c]


async def test_three_endpoints_take_turns(backend: Backend):
    async with three() as endpoints:
        web = frontend(*endpoints)
        assert not await backend.apply(rules(web))
        answers = [await ask(web.address) for _ in range(9)]
    assert answers[:3] == answers[3:6] == answers[6:]
    assert sorted(answers[:3]) == ["a", "b", "c"]


async def test_a_client_with_affinity_keeps_its_endpoint_and_others_get_others(backend: Backend):
    async with three() as endpoints:
        web = frontend(*endpoints, affinity_seconds=60)
        await backend.apply(rules(web))
        clients = ["127.0.0.1", some_ip(), some_ip()]
        first = [await ask(web.address, client) for client in clients]
        assert sorted(first) == ["a", "b", "c"]
        for _ in range(3):
            assert [await ask(web.address, client) for client in clients] == first
        # The others keep theirs when one endpoint goes; its client gets another, and keeps that.
        gone = first.index("b")
        await backend.apply(rules(frontend(endpoints[0], endpoints[2], at=web.address, affinity_seconds=60)))
        after = [await ask(web.address, client) for client in clients]
        assert after[gone] in "ac"
        assert [name for name in after if name != after[gone] or first[after.index(name)] == name]
        assert after == [await ask(web.address, client) for client in clients]
        assert all(now == before for now, before in zip(after, first, strict=True) if before != "b")


async def test_affinity_ends_with_its_time(backend: Backend):
    async with three() as endpoints:
        web = frontend(*endpoints, affinity_seconds=1)
        await backend.apply(rules(web))
        first = await ask(web.address)
        assert await ask(web.address) == first
        await asyncio.sleep(1.1)
        assert await ask(web.address) != first


async def test_an_endpoint_sees_the_address_of_its_client(backend: Backend):
    async def who(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(writer.get_extra_info("peername")[0].encode())
        writer.close()

    async with server(who) as endpoint:
        web = frontend(endpoint)
        await backend.apply(rules(web))
        client = some_ip()
        assert await ask(web.address, client) == client


async def test_each_direction_ends_for_itself(backend: Backend):
    async def after_the_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        question = await reader.read()  # to the end of what the client says
        writer.write(question.upper())
        await writer.drain()
        writer.write(b"!")
        writer.close()

    async def before_the_question(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello")
        writer.write_eof()
        heard.set_result(await reader.read())
        writer.close()

    heard: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
    async with server(after_the_end) as a, server(before_the_question) as b:
        upper, greeter = frontend(a), frontend(b)
        await backend.apply(rules(upper, greeter))
        reader, writer = await asyncio.open_connection(*upper.address[:2])
        writer.write(b"x" * 300_000)
        writer.write_eof()
        assert await reader.read() == b"X" * 300_000 + b"!"
        writer.close()
        reader, writer = await asyncio.open_connection(*greeter.address[:2])
        assert await reader.read() == b"hello"
        writer.write(b"late")
        writer.close()
        assert await heard == b"late"


async def test_a_slow_reader_gets_every_byte_and_is_not_read_ahead_of(backend: Backend):
    size = 24 << 20

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(bytes(range(256)) * (size // 256))
        await writer.drain()
        writer.close()

    async with server(flood) as endpoint:
        web = frontend(endpoint)
        await backend.apply(rules(web))
        with socket.create_connection(web.address[:2]) as slow:
            slow.setblocking(False)
            await asyncio.sleep(0.05)
            received = bytearray()
            while data := await asyncio.get_running_loop().sock_recv(slow, 1 << 18):
                received += data
        assert len(received) == size
        assert received == bytes(range(256)) * (size // 256)


@pytest.mark.parametrize("ended", [False, True], ids=["open", "half-closed"])
async def test_clients_that_do_not_read_cost_nothing(backend: Backend, ended: bool):
    # So different that some servers are done while the back end still has bytes to pass on, and others are not.
    sizes = [size << 18 for size in (1, 4, 8, 12, 16, 20, 24, 40)]

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        size = int(await (reader.read() if ended else reader.readline()))
        writer.write(bytes(size))
        writer.close()

    async with server(flood) as endpoint:
        web = frontend(endpoint)
        await backend.apply(rules(web))
        with ExitStack() as stack:
            clients = [stack.enter_context(socket.create_connection(web.address[:2])) for _ in sizes]
            for client, size in zip(clients, sizes, strict=True):
                client.sendall(b"%d\n" % size)
                if ended:
                    client.shutdown(socket.SHUT_WR)
            await asyncio.sleep(0.3)  # until nothing moves any more
            before = process_time()
            await asyncio.sleep(0.3)
            assert process_time() - before < 0.1
            for client, size in zip(clients, sizes, strict=True):
                client.setblocking(False)
                while data := await asyncio.get_running_loop().sock_recv(client, 1 << 18):
                    size -= len(data)
                assert not size


async def test_an_endpoint_that_refuses_is_passed_over(backend: Backend):
    async with three() as endpoints, server(naming("dead")) as dead:
        pass
    async with server(naming("alive")) as alive:
        web = frontend(dead, endpoints[0], alive, endpoints[1])
        await backend.apply(rules(web))
        assert {await ask(web.address) for _ in range(8)} == {"alive"}


async def test_clients_are_refused_where_there_are_no_endpoints(backend: Backend):
    async with server(naming("a")) as a:
        web = frontend()
        assert not await backend.apply(rules(web))
        assert await is_refused(web.address)
        assert [state.listening for state in backend.states()] == [""]
        await backend.apply(rules(frontend(a, at=web.address)))
        assert await ask(web.address) == "a"
        await backend.apply(rules(frontend(at=web.address)))
        assert await is_refused(web.address)


async def test_a_client_is_told_when_no_endpoint_takes_it(backend: Backend):
    async with server(naming("dead")) as dead:
        pass
    web = frontend(dead)
    await backend.apply(rules(web))
    with pytest.raises(ConnectionError):
        await ask(web.address)


async def test_established_connections_outlive_every_change_of_the_rules(backend: Backend):
    async with server(echo) as old, server(naming("new")) as new:
        web = frontend(old)
        await backend.apply(rules(web))
        reader, writer = await asyncio.open_connection(*web.address[:2])

        async def alive() -> bool:
            writer.write(b"?")
            return await reader.readexactly(1) == b"?"

        assert await alive()
        other = frontend(new)
        await backend.apply(rules(frontend(new, at=web.address), other))
        assert await ask(web.address) == await ask(other.address) == "new"
        assert await alive()
        await backend.apply(rules(other))
        assert await is_refused(web.address)
        assert await alive()
        writer.close()


async def test_two_hundred_connections_at_once(backend: Backend):
    async with server(echo) as a, server(echo) as b:
        web = frontend(a, b)
        await backend.apply(rules(web))
        pairs = await asyncio.gather(*(asyncio.open_connection(*web.address[:2]) for _ in range(200)))
        for number, (_, writer) in enumerate(pairs):
            writer.write(b"%03d" % number)
        answers = await asyncio.gather(*(reader.readexactly(3) for reader, _ in pairs))
        assert answers == [b"%03d" % number for number in range(200)]
        (state,) = backend.states()
        assert (state.connections, state.accepted) == (200, 200)
        for _, writer in pairs:
            writer.close()
        async with asyncio.timeout(5):
            while backend.states()[0].connections:  # noqa: ASYNC110
                await asyncio.sleep(0.01)


async def test_clients_and_endpoints_that_break_off_disturb_nobody(backend: Backend):
    broken = asyncio.Event()

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(b"x" * 10_000_000)  # more than fits
            await reader.read()
            await writer.drain()
        except ConnectionError:
            broken.set()
        writer.close()

    async def drop(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reset(writer.get_extra_info("socket"))
        writer.transport.abort()

    async with server(hang) as a, server(drop) as b, server(naming("fine")) as c:
        hanging, dropping, fine = frontend(a), frontend(b), frontend(c)
        await backend.apply(rules(hanging, dropping, fine))
        for _ in range(3):
            client = socket.create_connection(hanging.address[:2])
            await asyncio.sleep(0.02)
            reset(client)
            client.close()
            with pytest.raises(ConnectionError):
                await ask(dropping.address)
            assert await ask(fine.address) == "fine"
        async with asyncio.timeout(5):
            await broken.wait()
            while any(state.connections for state in backend.states()):  # noqa: ASYNC110
                await asyncio.sleep(0.01)


async def test_a_client_that_has_said_all_and_then_breaks_off_is_noticed(backend: Backend):
    heard, broken = asyncio.Event(), asyncio.Event()

    async def think(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        heard.set()
        await broken.wait()
        writer.close()

    async with server(think) as endpoint:
        web = frontend(endpoint)
        await backend.apply(rules(web))
        client = socket.create_connection(web.address[:2])
        client.shutdown(socket.SHUT_WR)
        await heard.wait()
        reset(client)
        client.close()
        async with asyncio.timeout(5):
            while any(state.connections for state in backend.states()):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        broken.set()


def reset(connection: socket.socket) -> None:
    """Have the other end see a broken connection, not an ended one, when this one is closed."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


async def test_an_address_that_somebody_else_has_is_reported_and_had_as_soon_as_it_is_free(backend: Backend):
    async with server(naming("a")) as endpoint:
        web, other = frontend(endpoint), frontend(endpoint)
        with socket.create_server(web.address[:2]):
            (problem,) = await backend.apply(rules(web, other))
            assert problem.service == "default/web"
            assert problem.reason == "AddressUnavailable"
            assert problem.passing
            assert str(web.address) in problem.message
            assert await ask(other.address) == "a"
            assert len(await backend.apply(rules(web, other))) == 1
        assert not await backend.apply(rules(web, other))
        assert await ask(web.address) == "a"


async def test_only_clients_of_the_source_ranges_are_let_in(backend: Backend):
    async with server(naming("a")) as endpoint:
        friend, stranger = some_ip(), some_ip()
        web = frontend(endpoint, sources=(f"{friend}/32", "nonsense"))
        await backend.apply(rules(web))
        assert await ask(web.address, friend) == "a"
        with pytest.raises(ConnectionError):
            await ask(web.address, stranger)


async def test_nothing_listens_after_the_end():
    async with server(echo) as endpoint:
        web = frontend(endpoint)
        for make in BACKENDS.values():
            async with make(clock=SystemClock()) as backend:
                await backend.apply(rules(web))
                reader, writer = await asyncio.open_connection(*web.address[:2])
                writer.write(b"?")
                await reader.readexactly(1)
            assert await is_refused(web.address)
            with pytest.raises(ConnectionError):
                await reader.readexactly(1)
            writer.close()


class Upper(asyncio.DatagramProtocol):
    def __init__(self, name: str) -> None:
        self.name = name

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        self.transport.sendto(self.name.encode() + data.upper(), address)


@asynccontextmanager
async def datagram_server(name: str) -> AsyncIterator[Endpoint]:
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: Upper(name), local_addr=(some_ip(), 0)
    )
    try:
        yield Endpoint(*transport.get_extra_info("sockname"))
    finally:
        transport.close()


@asynccontextmanager
async def datagram_client(address: Address) -> AsyncIterator[Callable]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as client:
        client.connect(address[:2])

        async def ask(question: bytes) -> bytes:
            client.send(question)
            async with asyncio.timeout(2):
                return await asyncio.get_running_loop().sock_recv(client, 100)

        yield ask


async def test_datagrams_of_a_client_go_to_one_endpoint_and_answers_come_back(backend: Backend):
    async with datagram_server("a") as a, datagram_server("b") as b:
        dns = frontend(a, b, at=Address(some_ip(), PORT, "UDP"))
        assert not await backend.apply(rules(dns))
        async with datagram_client(dns.address) as first, datagram_client(dns.address) as second:
            names = []
            for ask in (first, second):
                answers = [await ask(b"x"), await ask(b"x")]
                assert answers[0] == answers[1]
                names.append(answers[0])
            assert sorted(names) == [b"aX", b"bX"]
            # An endpoint that is gone leaves its clients to the others.
            await backend.apply(rules(frontend(b, at=dns.address)))
            assert await first(b"x") == await second(b"x") == b"bX"


@pytest.fixture
def low_port() -> Iterator[Address]:
    return Address(some_ip(), 80)


async def test_a_port_that_needs_privileges_is_mapped_and_said(low_port: Address):
    async with server(naming("a")) as endpoint, Userspace(clock=SystemClock(), first_port=1024) as backend:
        web = frontend(endpoint, at=low_port)
        # The port that it would be mapped to is one of the Service's own.
        high = frontend(endpoint, at=low_port._replace(port=30080))
        (problem,) = await backend.apply(rules(web, high))
        there = Address(low_port.ip, 31080)
        assert (problem.reason, problem.passing) == ("PortMapped", False)
        assert f"listening on {there} instead of :80" in problem.message
        assert await ask(there) == "a"
        assert Counter(state.listening for state in backend.states()) == Counter([str(there), str(high.address)])
        assert [problem] == await backend.apply(rules(web, high))


@pytest.mark.parametrize("make", BACKENDS.values(), ids=BACKENDS)
@pytest.mark.parametrize(
    "check",
    [
        test_three_endpoints_take_turns,
        test_each_direction_ends_for_itself,
        test_a_slow_reader_gets_every_byte_and_is_not_read_ahead_of,
        test_two_hundred_connections_at_once,
        test_clients_and_endpoints_that_break_off_disturb_nobody,
        test_nothing_listens_after_the_end,
        test_datagrams_of_a_client_go_to_one_endpoint_and_answers_come_back,
    ],
)
def test_the_event_loop_of_the_launcher_makes_no_difference(make: Callable, check: Callable):
    async def run() -> None:
        async with make(clock=SystemClock()) as backend:
            await (check(backend) if check.__code__.co_argcount else check())

    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(run())


async def test_a_client_whose_node_is_known_gets_what_is_for_its_node(backend: Backend):
    async with server(naming("near")) as near, server(naming("far")) as far:
        clients = Clients([(IPv4Network("127.210.1.0/24"), "n-1"), (IPv4Network("127.210.2.0/24"), "n-2")])
        made = frontend(far, near=Near(clients, {"n-1": (near,)}, ()))
        await backend.apply(rules(made))
        assert [await ask(made.address, "127.210.1.5") for _ in range(3)] == ["near"] * 3
        assert await ask(made.address) == "far"
        with pytest.raises(ConnectionResetError):
            await ask(made.address, "127.210.2.5")
