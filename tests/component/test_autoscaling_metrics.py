"""Autoscalers and the metrics of others: pods', objects' and external ones, from a server that an APIService names."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from kobune.api.apiregistration.v1 import APIService
from kobune.api.apps.v1 import Deployment
from kobune.api.autoscaling.v2 import HorizontalPodAutoscaler, MetricSpec
from kobune.api.core.v1 import Pod, Service
from kobune.api.discovery.v1 import EndpointSlice
from kobune.apimachinery.clock import SystemClock
from kobune.client import Client
from kobune.component_base import certificates
from kobune.component_base.certificates import Identity
from kobune.testing import Cluster

HOST = "127.77.0.2"
CUSTOM, EXTERNAL = "custom.metrics.k8s.io/v1beta2", "external.metrics.k8s.io/v1beta1"


@pytest.fixture
async def cluster() -> AsyncIterator[Cluster]:
    async with Cluster(nodes=1) as cluster:
        yield cluster


@pytest.fixture
async def asked(cluster: Cluster, tmp_path: Path) -> AsyncIterator[list[str]]:
    """What the metrics server was asked for; it runs as long as the test."""
    paths: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        parts = request.path.strip("/").split("/")
        paths.append(request.path_qs)
        if len(parts) == 3:
            return web.json_response({"kind": "APIResourceList", "groupVersion": "/".join(parts[1:]), "resources": []})
        if parts[1].startswith("external"):
            return web.json_response({"items": [{"metricName": parts[-1], "value": "20"}, {"value": "10"}]})
        names = await pod_names(cluster.client) if parts[-2] == "*" else [parts[-2]]
        items = [
            {"describedObject": {"name": name}, "value": "900m", "timestamp": "2026-01-01T00:00:00Z"} for name in names
        ]
        return web.json_response({"items": items})

    certificates.ensure(tmp_path, [Identity("metrics", "metrics", hosts=(HOST,))], clock=SystemClock())
    files = certificates.credentials(tmp_path, "metrics")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(files.certificate, files.key)
    application = web.Application()
    application.router.add_route("*", "/{rest:.*}", answer)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, HOST, 0, ssl_context=context)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
    await register(cluster.client, port)
    yield paths
    await runner.cleanup()


async def register(client: Client, port: int) -> None:
    service = Service(metadata={"name": "metrics", "namespace": "default"})
    service.spec.ports.add(port=443)
    await client.create(service)
    made = EndpointSlice(metadata={"name": "metrics", "namespace": "default"}, addressType="IPv4")
    made.metadata.labels["kubernetes.io/service-name"] = "metrics"
    made.ports.add(port=port, protocol="TCP", name="")
    made.endpoints.add(addresses=[HOST]).conditions.ready = True
    await client.create(made)
    for served in (CUSTOM, EXTERNAL):
        group, _, version = served.partition("/")
        item = APIService(metadata={"name": f"{version}.{group}"})
        item.spec.group, item.spec.version = group, version
        item.spec.groupPriorityMinimum, item.spec.versionPriority = 100, 100
        item.spec.insecureSkipTLSVerify = True
        item.spec.service.namespace, item.spec.service.name = "default", "metrics"
        await client.create(item)


async def pod_names(client: Client) -> list[str]:
    return [pod.metadata.name for pod in (await client.list(Pod, "default")).items]


async def until(client: Client, state: Callable[[Deployment], bool]) -> None:
    """Return when the deployment is in a state."""
    async with asyncio.timeout(60):
        while not state(await client.get(Deployment, "web", "default")):  # noqa: ASYNC110 - a state of the world
            await asyncio.sleep(0.05)


def pods_metric() -> MetricSpec:
    spec = MetricSpec(type="Pods")
    spec.pods.metric.name = "requests"
    spec.pods.target.type, spec.pods.target.averageValue.string = "AverageValue", "300m"
    return spec


def object_metric() -> MetricSpec:
    spec = MetricSpec(type="Object")
    about = spec.object.describedObject
    about.apiVersion, about.kind, about.name = "apps/v1", "Deployment", "web"
    spec.object.metric.name = "hits"
    spec.object.target.type, spec.object.target.averageValue.string = "AverageValue", "200m"
    return spec


def external_metric() -> MetricSpec:
    spec = MetricSpec(type="External")
    spec.external.metric.name = "queue"
    spec.external.metric.selector.matchLabels["queue"] = "work"
    spec.external.target.type, spec.external.target.averageValue.string = "AverageValue", "6"
    return spec


@pytest.mark.parametrize(
    ("metric", "replicas", "path"),
    [
        (pods_metric(), 3, f"/apis/{CUSTOM}/namespaces/default/pods/*/requests?labelSelector=app%3Dweb"),
        (object_metric(), 5, f"/apis/{CUSTOM}/namespaces/default/deployments.apps/web/hits"),
        (external_metric(), 5, f"/apis/{EXTERNAL}/namespaces/default/queue?labelSelector=queue+in+(work)"),
    ],
    ids=["pods", "object", "external"],
)
async def test_a_metric_of_another_server_sets_the_replicas(
    cluster: Cluster, asked: list[str], metric: Any, replicas: int, path: str
) -> None:
    client = cluster.client
    made = Deployment(metadata={"name": "web", "namespace": "default"})
    made.spec.selector.matchLabels["app"] = "web"
    made.spec.template.metadata.labels["app"] = "web"
    made.spec.template.spec.containers.add(name="web", image="nginx")
    await client.create(made)
    await until(client, lambda deployment: deployment.status.availableReplicas == 1)
    scaler = HorizontalPodAutoscaler(metadata={"name": "web", "namespace": "default"})
    scaler.spec.maxReplicas = 8
    target = scaler.spec.scaleTargetRef
    target.apiVersion, target.kind, target.name = "apps/v1", "Deployment", "web"
    scaler.spec.metrics.append(metric)
    scaler.spec.behavior.scaleUp.policies.add(type="Pods", value=8, periodSeconds=15)
    await client.create(scaler)
    await until(client, lambda deployment: deployment.spec.replicas == replicas)
    assert path in asked
