"""The workloads in `examples/`, as people use them: with kubectl."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from waiting import until

from kobune.testing import Cluster

EXAMPLES = Path(__file__).parents[2] / "examples"
Kubectl = Callable[..., Awaitable[str]]


@pytest.fixture
async def cluster() -> AsyncIterator[Cluster]:
    async with Cluster(nodes=4) as cluster:
        yield cluster


@pytest.fixture
def run(cluster: Cluster, kubectl: str) -> Kubectl:
    async def run(*arguments: str) -> str:
        """Run kubectl; return what it prints, and fail as it does."""
        environment = os.environ | {"KUBECONFIG": str(cluster.kubeconfig)}
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(kubectl, *arguments, env=environment, stdout=pipe, stderr=pipe)
        out, err = await process.communicate()
        assert process.returncode == 0, f"kubectl {' '.join(arguments)}: {err.decode()}"
        return out.decode()

    return run


async def apply(run: Kubectl, name: str) -> None:
    await run("apply", "-f", str(EXAMPLES / name))


async def items(run: Kubectl, *arguments: str) -> list[Any]:
    found: list[Any] = json.loads(await run("get", *arguments, "-o", "json"))["items"]
    return found


async def page(url: str) -> str:
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return await answer.text()


async def test_the_guestbook_is_served_by_each_of_its_frontends(run: Kubectl) -> None:
    await apply(run, "guestbook.yaml")
    for name in ("redis-leader", "redis-follower", "frontend"):
        await run("rollout", "status", f"deployment/{name}", "--timeout=60s")

    async def has_address() -> bool:
        return bool(await run("get", "service", "frontend", "-o", "jsonpath={.status.loadBalancer.ingress[0].ip}"))

    await until(has_address, 90)
    address = await run("get", "service", "frontend", "-o", "jsonpath={.spec.clusterIP}")
    seen: set[str] = set()

    async def all_seen() -> bool:
        seen.add((await page(f"http://{address}/")).partition("\n")[0])
        return len(seen) == 3

    await until(all_seen, 90)


async def test_the_stateful_set_has_names_and_volumes_and_rolls_out_and_back(run: Kubectl) -> None:
    await apply(run, "statefulset.yaml")
    await run("rollout", "status", "statefulset/site", "--timeout=60s")
    pods = {pod["metadata"]["name"]: pod for pod in await items(run, "pods", "-l", "app=site")}
    assert sorted(pods) == ["site-0", "site-1"]
    claims = await items(run, "persistentvolumeclaims")
    assert {claim["metadata"]["name"]: claim["status"]["phase"] for claim in claims} == {
        "pages-site-0": "Bound",
        "pages-site-1": "Bound",
    }
    slices = await items(run, "endpointslices", "-l", "kubernetes.io/service-name=site")
    assert {end["hostname"] for each in slices for end in each["endpoints"]} == {"site-0", "site-1"}

    async def images() -> set[str]:
        return {pod["spec"]["containers"][0]["image"] for pod in await items(run, "pods", "-l", "app=site")}

    await run("set", "image", "statefulset/site", "site=nginx:2")
    await run("rollout", "status", "statefulset/site", "--timeout=60s")
    assert await images() == {"nginx:2"}
    assert (await run("rollout", "history", "statefulset/site")).count("<none>") == 2
    await run("rollout", "undo", "statefulset/site")
    await run("rollout", "status", "statefulset/site", "--timeout=60s")
    assert await images() == {"nginx:1"}
    await run("scale", "statefulset/site", "--replicas=0")
    await run("wait", "--for=delete", "pod/site-0", "--timeout=30s")
    assert len(await items(run, "persistentvolumeclaims")) == 2


async def test_a_drain_takes_one_server_of_the_quorum_at_a_time(run: Kubectl) -> None:
    await apply(run, "zookeeper.yaml")
    await run("rollout", "status", "statefulset/zk", "--timeout=60s")
    before = {pod["metadata"]["name"]: pod["spec"]["nodeName"] for pod in await items(run, "pods", "-l", "app=zk")}
    assert len(set(before.values())) == 3

    async def allows_one() -> bool:
        budget = json.loads(await run("get", "poddisruptionbudget", "zk", "-o", "json"))
        return bool(budget["status"].get("disruptionsAllowed") == 1)

    await until(allows_one, 90)
    least, moved = 3, False

    async def look() -> None:
        nonlocal least
        while not moved:
            pods = await items(run, "pods", "-l", "app=zk")
            ready = sum(
                any(
                    each["type"] == "Ready" and each["status"] == "True" for each in pod["status"].get("conditions", ())
                )
                for pod in pods
            )
            least = min(least, ready)

    async with asyncio.TaskGroup() as group:
        group.create_task(look())
        for name in ("zk-0", "zk-1"):
            await run("drain", before[name], "--delete-emptydir-data", "--timeout=60s")
            await run("uncordon", before[name])
        await until(allows_one, 90)
        moved = True
    assert least >= 2


async def test_the_jobs_end_and_the_cron_job_makes_more(run: Kubectl) -> None:
    await apply(run, "jobs.yaml")
    await run("wait", "--for=condition=Complete", "job/parts", "--timeout=60s")
    job = json.loads(await run("get", "job", "parts", "-o", "json"))
    assert job["status"]["completedIndexes"] == "0-4"
    await run("create", "job", "--from=cronjob/report", "report-now")
    await run("wait", "--for=condition=Complete", "job/report-now", "--timeout=60s")


async def test_the_autoscaler_follows_the_requests(run: Kubectl) -> None:
    await apply(run, "autoscaling.yaml")
    await run("rollout", "status", "deployment/busy", "--timeout=60s")
    address = await run("get", "service", "busy", "-o", "jsonpath={.spec.clusterIP}")

    grown = False

    async def load() -> None:
        while not grown:
            await page(f"http://{address}/")
            await asyncio.sleep(0.03)

    async def has_grown() -> bool:
        return int(await run("get", "deployment", "busy", "-o", "jsonpath={.spec.replicas}")) > 2

    async with asyncio.TaskGroup() as group:
        group.create_task(load())
        await until(has_grown, 90)
        grown = True
    assert "busy" in await run("top", "pods")
    scaler = json.loads(await run("get", "hpa", "busy", "-o", "json"))
    reasons = {each["type"]: each["reason"] for each in scaler["status"]["conditions"]}
    assert reasons["ScalingActive"] == "ValidMetricFound"
