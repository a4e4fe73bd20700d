"""Which apiservers there are can be seen by their leases."""

import asyncio
from typing import Any

from kobune.apimachinery.clock import SystemClock
from kobune.testing import Cluster

LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases"
OURS = {"labelSelector": "apiserver.kubernetes.io/identity=kube-apiserver"}


class Hasty(SystemClock):
    """A clock on which whoever sleeps for ten seconds or more sleeps a hundredth of that."""

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds / 100 if seconds >= 10 else seconds)


async def test_an_apiserver_renews_its_lease_and_removes_those_that_nobody_renews(connect: Any) -> None:
    async with Cluster(components=("apiserver",), clock=Hasty()) as cluster, connect(cluster) as api:
        [lease] = (await api.get(LEASES, query=OURS)).ok()["items"]
        assert lease["metadata"]["name"].startswith("apiserver-")
        assert "kubernetes.io/hostname" in lease["metadata"]["labels"]
        assert lease["spec"]["leaseDurationSeconds"] == 3600
        assert lease["spec"]["holderIdentity"].startswith(lease["metadata"]["name"] + "_")
        async with asyncio.timeout(10):
            while True:
                [later] = (await api.get(LEASES, query=OURS)).ok()["items"]
                if later["spec"]["renewTime"] > lease["spec"]["renewTime"]:
                    break
                await asyncio.sleep(0.01)
        gone = {"name": "apiserver-gone", "labels": lease["metadata"]["labels"]}
        spec = {"holderIdentity": "x", "leaseDurationSeconds": 3600, "renewTime": "2001-01-01T00:00:00.000000Z"}
        (await api.post(LEASES, {"metadata": gone, "spec": spec})).ok(201)
        async with asyncio.timeout(10):
            while (await api.get(f"{LEASES}/apiserver-gone")).status != 404:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert later["spec"]["holderIdentity"] == lease["spec"]["holderIdentity"]
