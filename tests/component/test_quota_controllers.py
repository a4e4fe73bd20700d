"""Quotas are counted again when something goes, and claims go when nobody uses them."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from waiting import until

from kobune.api.core.v1 import Node, PersistentVolumeClaim, Pod, ResourceQuota, Secret
from kobune.api.meta.v1 import ObjectMeta
from kobune.apimachinery.errors import Forbidden, NotFound
from kobune.client import Client
from kobune.testing import Cluster


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with Cluster(nodes=0, components=("apiserver", "controller-manager")) as cluster:
        yield cluster.client


def named(kind: Any, name: str) -> Any:
    item = kind()
    item.metadata.name, item.metadata.namespace = name, "default"
    return item


async def remove(client: Client, kind: Any, name: str) -> None:
    await client.delete(kind, name, "default")


async def test_a_quota_allows_again_what_was_deleted(client: Client) -> None:
    quota = named(ResourceQuota, "q")
    for name in ("pods", "count/secrets", "requests.cpu"):
        quota.spec.hard[name].string = "2"
    await client.create(quota)

    async def used(name: str, amount: str) -> bool:
        status = (await client.get(ResourceQuota, "q", "default")).status
        return name in status.used and status.used[name].string == amount

    async def counted() -> bool:
        return await used("requests.cpu", "0")

    await until(counted)
    for number in range(2):
        await client.create(named(Secret, f"c{number}"))
    with pytest.raises(Forbidden, match="exceeded quota: q, requested: count/secrets=1"):
        await client.create(named(Secret, "one-more"))
    await remove(client, Secret, "c1")

    async def room() -> bool:
        return await used("count/secrets", "1")

    await until(room)
    await client.create(named(Secret, "one-more"))

    pod = named(Pod, "p")
    container = pod.spec.containers.add(name="c", image="i")
    container.resources.requests["cpu"].string = "1500m"
    await client.create(pod)
    assert await used("requests.cpu", "1500m")
    await remove(client, Pod, "p")
    await until(counted)


async def test_a_deleted_claim_goes_after_the_last_pod_that_uses_it(client: Client) -> None:
    claim = named(PersistentVolumeClaim, "data")
    claim.spec.accessModes.append("ReadWriteOnce")
    claim.spec.resources.requests["storage"].string = "1Gi"
    await client.create(claim)
    await client.create(Node(metadata=ObjectMeta(name="n")))
    pod = named(Pod, "p")
    pod.spec.nodeName = "n"  # one that no node has could still not start
    pod.spec.containers.add(name="c", image="i")
    volume = pod.spec.volumes.add(name="v")
    volume.volumeSource.persistentVolumeClaim.claimName = "data"
    await client.create(pod)
    await remove(client, PersistentVolumeClaim, "data")
    assert (await client.get(PersistentVolumeClaim, "data", "default")).metadata.HasField("deletionTimestamp")
    await client.delete(Pod, "p", "default", grace_seconds=0)

    async def gone() -> bool:
        try:
            await client.get(PersistentVolumeClaim, "data", "default")
        except NotFound:
            return True
        return False

    await until(gone)
