"""Too many requests at once: some are told to come again, and the others do not notice."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

MAPS = "/api/v1/namespaces/default/configmaps"
FLOWS = "/apis/flowcontrol.apiserver.k8s.io/v1"
JANE = {"Impersonate-User": "jane"}


async def narrow(api: Any) -> None:
    """Give jane a level of her own, as small as can be, without a queue."""
    limited = {"nominalConcurrencyShares": 1, "limitResponse": {"type": "Reject"}}
    level = {"metadata": {"name": "narrow"}, "spec": {"type": "Limited", "limited": limited}}
    (await api.post(f"{FLOWS}/prioritylevelconfigurations", level)).ok(201)
    about = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"], "namespaces": ["*"]}
    subject = {"kind": "User", "user": {"name": "jane"}}
    rule = {"subjects": [subject], "resourceRules": [about]}
    spec = {"priorityLevelConfiguration": {"name": "narrow"}, "matchingPrecedence": 50, "rules": [rule]}
    (await api.post(f"{FLOWS}/flowschemas", {"metadata": {"name": "jane"}, "spec": spec})).ok(201)
    role = {"kind": "ClusterRole", "name": "cluster-admin", "apiGroup": "rbac.authorization.k8s.io"}
    subjects = [{"kind": "User", "name": "jane", "apiGroup": "rbac.authorization.k8s.io"}]
    body = {"metadata": {"name": "jane"}, "subjects": subjects, "roleRef": role}
    (await api.post("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", body)).ok(201)


@asynccontextmanager
async def lingering(api: Any) -> AsyncIterator[None]:
    """Begin a write of jane's and let its end be waited for."""
    end = asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield b'{"metadata":'
        await end.wait()
        yield b'{"name":"slow"}}'

    headers = {**JANE, "Content-Type": "application/json"}
    async with asyncio.TaskGroup() as group:
        sending = group.create_task(api.session.post(api.cluster.server + MAPS, data=slowly(), headers=headers))
        try:
            yield
        finally:
            end.set()
        (await sending).close()


async def executing(api: Any) -> int:
    lines = (await api.get("/metrics")).raw.decode().splitlines()
    start = 'apiserver_flowcontrol_current_executing_requests{priority_level="narrow"} '
    return int(float(next(line for line in lines if line.startswith(start)).removeprefix(start)))


async def test_who_is_too_many_is_told_to_come_again(api: Any) -> None:
    await narrow(api)
    assert (await api.get(MAPS, headers=JANE)).status == 200
    async with AsyncExitStack() as stack:
        for _ in range(3):
            await stack.enter_async_context(lingering(api))
        async with asyncio.timeout(10):
            while await executing(api) < 3:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        refused = await api.get(MAPS, headers=JANE)
        assert (refused.status, refused.headers["Retry-After"]) == (429, "1")
        assert refused.raw == b"Too many requests, please try again later.\n"
        assert (await api.get(MAPS)).status == 200
    assert (await api.get(MAPS, headers=JANE)).status == 200
    metrics = (await api.get("/metrics")).raw.decode()
    counted = 'rejected_requests_total{priority_level="narrow",reason="concurrency-limit"} 1.0'
    assert f"apiserver_flowcontrol_{counted}" in metrics


async def test_watches_take_no_seats(api: Any) -> None:
    await narrow(api)
    async with AsyncExitStack() as stack:
        for _ in range(10):
            query = {"watch": "1", "timeoutSeconds": "1"}
            url = api.cluster.server + MAPS
            await stack.enter_async_context(api.session.get(url, params=query, headers=JANE))
        assert (await api.get(MAPS, headers=JANE)).status == 200


async def test_answers_say_what_flow_they_belong_to(api: Any) -> None:
    answer = await api.get(MAPS)
    schema = (await api.get(f"{FLOWS}/flowschemas/exempt")).ok()
    level = (await api.get(f"{FLOWS}/prioritylevelconfigurations/exempt")).ok()
    assert answer.headers["X-Kubernetes-PF-FlowSchema-UID"] == schema["metadata"]["uid"]
    assert answer.headers["X-Kubernetes-PF-PriorityLevel-UID"] == level["metadata"]["uid"]
    names = {item["metadata"]["name"] for item in (await api.get(f"{FLOWS}/flowschemas")).ok()["items"]}
    assert names >= {"exempt", "catch-all", "global-default", "service-accounts", "system-nodes", "probes"}


async def test_a_schema_says_whether_its_level_is_there(api: Any) -> None:
    async def dangling(name: str) -> str:
        conditions = (await api.get(f"{FLOWS}/flowschemas/{name}")).ok()["status"].get("conditions", [])
        return str(next((each["status"] for each in conditions if each["type"] == "Dangling"), ""))

    assert await dangling("global-default") == "False"
    spec = {"priorityLevelConfiguration": {"name": "narrow"}, "matchingPrecedence": 50, "rules": []}
    (await api.post(f"{FLOWS}/flowschemas", {"metadata": {"name": "lost"}, "spec": spec})).ok(201)
    limited = {"nominalConcurrencyShares": 1, "limitResponse": {"type": "Reject"}}
    level = {"metadata": {"name": "narrow"}, "spec": {"type": "Limited", "limited": limited}}
    for wanted in ("True", "False"):
        async with asyncio.timeout(10):
            while await dangling("lost") != wanted:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        if wanted == "True":
            (await api.post(f"{FLOWS}/prioritylevelconfigurations", level)).ok(201)
