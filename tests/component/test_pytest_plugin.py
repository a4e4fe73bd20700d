"""What a user of the pytest plugin writes."""

import json
import subprocess

import pytest

from kobune.api.core.v1 import ConfigMap, Namespace
from kobune.api.meta.v1 import ObjectMeta
from kobune.testing import Cluster, SyncCluster

pytestmark = pytest.mark.kobune(components=("apiserver",))


async def test_an_asynchronous_test_has_a_cluster_of_its_own(cluster: Cluster) -> None:
    await cluster.client.create(ConfigMap(metadata=ObjectMeta(name="x", namespace="default"), data={"a": "b"}))
    assert (await cluster.client.get(ConfigMap, "x", "default")).data["a"] == "b"


async def test_and_so_has_the_next_one(cluster: Cluster) -> None:
    assert (await cluster.client.list(ConfigMap, "default")).items == []


def test_any_client_reaches_a_cluster_from_a_test_that_is_not_asynchronous(
    cluster_sync: SyncCluster, kubectl: str
) -> None:
    command = [kubectl, "--kubeconfig", cluster_sync.kubeconfig, "get", "namespaces", "--output", "json"]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    names = {item["metadata"]["name"] for item in json.loads(answer.stdout)["items"]}
    assert {"default", "kube-system"} <= names
    assert names == {item.metadata.name for item in cluster_sync.run(cluster_sync.client.list(Namespace)).items}


@pytest.mark.kobune(components=("apiserver",), store="leveldb")
def test_the_mark_says_how_the_cluster_is_to_be(cluster_sync: SyncCluster) -> None:
    assert any((cluster_sync.kubeconfig.parent / "store").iterdir())
