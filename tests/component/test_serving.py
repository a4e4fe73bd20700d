import logging
from collections.abc import AsyncIterator
from contextvars import Context
from pathlib import Path

import grpc
import grpc.aio
import pytest
import yaml
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2
from prometheus_client import Counter

from kobune.apimachinery.clock import SystemClock
from kobune.component.v1 import GetMetricsRequest, GetStatusRequest
from kobune.component.v1.component_pb2_grpc import ComponentStub
from kobune.component_base import certificates, logs
from kobune.component_base.failure import CannotStart
from kobune.component_base.kubeconfig import Kubeconfig
from kobune.component_base.serving import Credentials, Server, ServingConfig, channel_credentials

CLOCK = SystemClock()


@pytest.fixture
def pki(tmp_path: Path) -> Path:
    identities = [certificates.Identity(name, f"system:{name}", ("system:testers",)) for name in ("server", "client")]
    certificates.ensure(tmp_path / "pki", identities, clock=CLOCK)
    return tmp_path / "pki"


@pytest.fixture
async def server(pki: Path) -> AsyncIterator[Server]:
    config = ServingConfig(credentials=certificates.credentials(pki, "server"))
    async with Server("kube-thing", config, clock=CLOCK) as server:
        yield server


def connect(server: Server, credentials: Credentials) -> grpc.aio.Channel:
    return grpc.aio.secure_channel(server.address, channel_credentials(credentials))


async def test_health_follows_what_the_component_says(server: Server, pki: Path) -> None:
    async with connect(server, certificates.credentials(pki, "client")) as channel:
        health = health_pb2_grpc.HealthStub(channel)
        request = health_pb2.HealthCheckRequest(service="kobune.component.v1.Component")
        assert (await health.Check(request)).status == health_pb2.HealthCheckResponse.NOT_SERVING
        watch = health.Watch(request)
        assert (await watch.read()).status == health_pb2.HealthCheckResponse.NOT_SERVING
        server.set_serving(True)
        assert (await watch.read()).status == health_pb2.HealthCheckResponse.SERVING
        assert (await health.Check(health_pb2.HealthCheckRequest())).status == health_pb2.HealthCheckResponse.SERVING


async def test_the_status_says_who_and_how(server: Server, pki: Path) -> None:
    async with connect(server, certificates.credentials(pki, "client")) as channel:
        status = await ComponentStub(channel).GetStatus(GetStatusRequest())
    assert (status.name, status.serving, status.HasField("last_error")) == ("kube-thing", False, False)
    assert status.memory_bytes > 1_000_000


def complain_elsewhere() -> None:
    with logs.component_log("another"):
        logging.getLogger("kobune.another").error("not ours")


async def test_errors_logged_while_serving_are_in_the_status(pki: Path) -> None:
    config = ServingConfig(credentials=certificates.credentials(pki, "server"))
    async with Server("kube-thing", config, clock=CLOCK) as server:
        logging.getLogger("kobune.kube_thing.part").error("lost %s", "everything")
        Context().run(complain_elsewhere)
        async with connect(server, certificates.credentials(pki, "client")) as channel:
            status = await ComponentStub(channel).GetStatus(GetStatusRequest())
    assert status.last_error == "lost everything"
    assert abs(status.last_error_at.ToNanoseconds() / 1e9 - CLOCK.now()) < 60


async def test_metrics_are_the_components_own(server: Server, pki: Path) -> None:
    Counter("kobune_things", "Things done.", registry=server.registry).inc(3)
    async with connect(server, certificates.credentials(pki, "client")) as channel:
        text = (await ComponentStub(channel).GetMetrics(GetMetricsRequest())).text
    assert "kobune_things_total 3.0" in text


@pytest.mark.parametrize("version", ["v1", "v1alpha"])
async def test_reflection_lists_the_services(server: Server, pki: Path, version: str) -> None:
    async with connect(server, certificates.credentials(pki, "client")) as channel:
        call = channel.stream_stream(
            f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
            request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
            response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
        )
        stream = call(iter([reflection_pb2.ServerReflectionRequest(list_services="")]))
        names = {service.name for service in (await stream.read()).list_services_response.service}
    assert {"kobune.component.v1.Component", "grpc.health.v1.Health"} <= names


async def test_a_stranger_is_not_let_in(server: Server, pki: Path, tmp_path: Path) -> None:
    certificates.ensure(tmp_path / "other", [certificates.Identity("client", "system:client")], clock=CLOCK)
    stranger = certificates.credentials(tmp_path / "other", "client")
    trusting = Credentials(ca=pki / "ca.crt", certificate=stranger.certificate, key=stranger.key)
    async with connect(server, trusting) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await ComponentStub(channel).GetStatus(GetStatusRequest())
    assert caught.value.code() == grpc.StatusCode.UNAVAILABLE


async def test_a_port_in_use_is_one_clear_line(server: Server) -> None:
    port = int(server.address.rpartition(":")[2])
    with pytest.raises(CannotStart, match=rf"^second: cannot listen on 127.0.0.1:{port}: .*in use"):
        async with Server("second", ServingConfig(port=port), clock=CLOCK):
            pass


async def test_a_missing_certificate_is_one_clear_line(tmp_path: Path) -> None:
    config = ServingConfig(credentials=certificates.credentials(tmp_path, "server"))
    with pytest.raises(CannotStart, match=r"cannot read the CA certificate .*ca.crt: No such file"):
        async with Server("kube-thing", config, clock=CLOCK):
            pass


def test_certificates_are_kept_private_and_added_to(pki: Path) -> None:
    before = {path.name: path.read_bytes() for path in pki.iterdir()}
    assert {path.stat().st_mode & 0o777 for path in pki.iterdir()} == {0o600}
    certificates.ensure(pki, [certificates.Identity("third", "system:third")], clock=CLOCK)
    after = {path.name: path.read_bytes() for path in pki.iterdir()}
    assert before.items() <= after.items()
    assert after.keys() - before.keys() == {"third.crt", "third.key"}


def test_a_damaged_ca_is_one_clear_line(pki: Path) -> None:
    (pki / "ca.key").write_text("nonsense")
    with pytest.raises(CannotStart, match="is damaged"):
        certificates.ensure(pki, [certificates.Identity("third", "system:third")], clock=CLOCK)


def test_a_kubeconfig_is_whole_and_private(pki: Path, tmp_path: Path) -> None:
    credentials = certificates.credentials(pki, "client")
    Kubeconfig("kobune", "https://127.0.0.1:6443", "kubernetes-admin", credentials).write(tmp_path / "kubeconfig")
    config = yaml.safe_load((tmp_path / "kubeconfig").read_text())
    assert config["clusters"][0]["cluster"]["server"] == "https://127.0.0.1:6443"
    assert (tmp_path / "kubeconfig").stat().st_mode & 0o777 == 0o600
