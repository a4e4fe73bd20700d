"""Logs, commands and forwarded ports over gRPC."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest

from kobune.api.core.v1 import Pod, PodExecOptions, PodLogOptions
from kobune.api.core.v1.services_pb2 import (
    PodExecInput,
    PodExecStart,
    PodLogsRequest,
    PodPortForwardInput,
    PodPortForwardStart,
)
from kobune.api.core.v1.services_pb2_grpc import PodsStub
from kobune.component_base import certificates
from kobune.component_base.serving import channel_credentials
from kobune.testing import Cluster

LIMIT = 10.0
PLACE = {"namespace": "default", "name": "web"}


@pytest.fixture
async def pods() -> AsyncIterator[Any]:
    async with Cluster(nodes=1) as cluster, asyncio.timeout(3 * LIMIT):
        while not await is_made(cluster):  # noqa: ASYNC110 - the world tells nobody
            await asyncio.sleep(0.02)
        while (await cluster.client.get(Pod, "web", "default")).status.phase != "Running":  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        files = certificates.credentials(cluster.data_dir / "pki", "admin")
        async with grpc.aio.secure_channel(cluster.address, channel_credentials(files)) as channel:
            yield PodsStub(channel)


async def is_made(cluster: Cluster) -> bool:
    containers = [{"name": "main", "image": "nginx", "ports": [{"containerPort": 8080}]}]
    try:
        await cluster.client.create(Pod(metadata=PLACE, spec={"containers": containers}))
    except Exception:
        return False  # there is no service account yet
    return True


async def test_a_log_comes_in_pieces(pods: Any) -> None:
    log = b"".join([one.data async for one in pods.Logs(PodLogsRequest(**PLACE))])
    assert log == b"simulated container main of nginx started\n"
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        async for _ in pods.Logs(PodLogsRequest(**PLACE, options=PodLogOptions(container="x"))):
            pass
    assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert raised.value.details() == "container x is not valid for pod web"


async def test_a_command_is_told_and_tells(pods: Any) -> None:
    options = PodExecOptions(stdin=True, stdout=True, stderr=True, command=["sh"])

    async def told() -> AsyncIterator[PodExecInput]:
        yield PodExecInput(start=PodExecStart(**PLACE, options=options))
        yield PodExecInput(stdin=b"echo out; echo err >&2\n")
        yield PodExecInput(stdin=b"exit 7\n", stdin_closed=True)

    async with asyncio.timeout(LIMIT):
        answers = [one async for one in pods.Exec(told())]
    assert b"".join(one.stdout for one in answers) == b"out\n"
    assert b"".join(one.stderr for one in answers) == b"err\n"
    assert answers[-1].status.details.causes[0].message == "7"


async def test_a_port_is_connected(pods: Any) -> None:
    async def sent(port: int) -> AsyncIterator[PodPortForwardInput]:
        yield PodPortForwardInput(start=PodPortForwardStart(**PLACE, port=port))
        yield PodPortForwardInput(data=b"GET /x HTTP/1.1\r\n\r\n")

    async with asyncio.timeout(LIMIT):
        page = b"".join([one.data async for one in pods.PortForward(sent(8080))])
        assert page.endswith(b"request: GET /x HTTP/1.1\n")
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            async for _ in pods.PortForward(sent(81)):
                pass
    assert "connection refused" in (raised.value.details() or "")
