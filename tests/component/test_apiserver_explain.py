"""What clients are told about the API: `kubectl explain`, and warnings about what has no effect."""

import asyncio
import subprocess
from collections.abc import AsyncIterator
from typing import Any

import pytest

from kobune.testing import Cluster, SyncCluster

EXPLAINED = ("pod.spec.containers", "deployments.spec.strategy", "ingress", "hpa.spec", "crd.spec.versions", "events")


@pytest.fixture(scope="module")
def quiet() -> Any:
    with SyncCluster(components=("apiserver",)) as cluster:
        yield cluster


@pytest.fixture
async def whole() -> AsyncIterator[Cluster]:
    async with Cluster(components=("apiserver", "controller-manager")) as cluster:
        yield cluster


@pytest.mark.parametrize("what", EXPLAINED)
def test_kubectl_explains(quiet: SyncCluster, kubectl: str, what: str) -> None:
    command = [kubectl, "--kubeconfig", quiet.kubeconfig, "explain", what]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout
    assert "<empty>" not in said
    assert "FIELDS:" in said
    subprocess.run([*command, "--recursive"], capture_output=True, check=True, timeout=30)


def pod(name: str, **spec: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": name},
        "spec": {"containers": [{"name": "web", "image": "web"}], **spec},
    }


async def test_whoever_asks_for_what_has_no_effect_is_told_once(whole: Cluster, connect: Any) -> None:
    async with connect(whole) as api:
        pods = "/api/v1/namespaces/default/pods"
        async with asyncio.timeout(10):
            account = "/api/v1/namespaces/default/serviceaccounts/default"
            while (await api.get(account)).status != 200:  # noqa: ASYNC110 - a state of the world, not an event
                await asyncio.sleep(0.01)
        plain = await api.post(pods, pod("plain"))
        assert (plain.status, plain.warnings) == (201, [])
        words = "spec.hostIPC: kept, without effect here (kobune fidelity pod)"
        created = await api.post(pods, pod("asks", hostIPC=True))
        assert (created.status, created.warnings) == (201, [words])
        labelled = await api.patch(f"{pods}/asks", {"metadata": {"labels": {"a": "b"}}})
        assert (labelled.status, labelled.warnings) == (200, [])

        body = {"apiVersion": "apps/v1", "kind": "Deployment", **deployment()}
        path = "/apis/apps/v1/namespaces/default/deployments/web"
        query = {"fieldManager": "me"}
        applied = await api("PATCH", path, body, query=query, type="application/apply-patch+yaml")
        assert (applied.status, applied.warnings) == (201, [])
        body["spec"]["template"]["spec"]["hostIPC"] = True
        applied = await api("PATCH", path, body, query=query, type="application/apply-patch+yaml")
        assert applied.warnings == [f"spec.template.{words.replace('fidelity pod', 'fidelity deployment')}"]
        again = await api("PATCH", path, body, query=query, type="application/apply-patch+yaml")
        assert (again.status, again.warnings) == (200, [])


async def test_an_apiserver_alone_does_not_warn(apiserver: Cluster, connect: Any) -> None:
    async with connect(apiserver) as api:
        body = deployment()
        body["spec"]["template"]["spec"]["hostIPC"] = True
        created = await api.post("/apis/apps/v1/namespaces/default/deployments", body)
        assert (created.status, created.warnings) == (201, [])


def deployment() -> dict[str, Any]:
    labels = {"app": "web"}
    template = pod("web")
    return {
        "metadata": {"name": "web"},
        "spec": {"selector": {"matchLabels": labels}, "template": {**template, "metadata": {"labels": labels}}},
    }
