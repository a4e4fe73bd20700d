"""Server-side apply and managed fields, over HTTPS."""

from typing import Any

MAPS = "/api/v1/namespaces/default/configmaps"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
APPLY = "application/apply-patch+yaml"


def config_map(**data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": data}


async def apply(api: Any, body: Any, manager: str = "one", path: str = f"{MAPS}/a", **query: str) -> Any:
    return await api("PATCH", path, body, query={"fieldManager": manager, **query}, type=APPLY)


def managers(tree: Any) -> dict[str, Any]:
    return {f"{each['manager']} {each['operation']}": each["fieldsV1"] for each in tree["metadata"]["managedFields"]}


async def test_applying_creates_then_changes_then_rests(api: Any) -> None:
    made = (await apply(api, config_map(a="1", b="1"))).ok(201)
    again = (await apply(api, config_map(a="1", b="1"))).ok(200)
    assert again == made
    less = (await apply(api, config_map(a="2"))).ok()
    assert less["data"] == {"a": "2"}
    assert managers(less) == {"one Apply": {"f:data": {"f:a": {}}}}


async def test_what_others_own_is_a_conflict_unless_forced(api: Any) -> None:
    (await api.post(MAPS, config_map(a="1"), query={"fieldManager": "maker"})).ok(201)
    refused = await apply(api, config_map(a="2"))
    message = 'Apply failed with 1 conflict: conflict with "maker" using v1: .data.a'
    assert refused.failed(409, "Conflict") == message
    assert refused.causes == [(".data.a", 'conflict with "maker" using v1')]
    taken = (await apply(api, config_map(a="2"), force="true")).ok()
    assert managers(taken) == {"one Apply": {"f:data": {"f:a": {}}}, "maker Update": {"f:data": {}}}


async def test_every_way_of_writing_is_somebodys(api: Any) -> None:
    agent = {"User-Agent": "tool/v1 (linux)"}
    (await api.post(MAPS, config_map(a="1"), headers=agent)).ok(201)
    (await api.patch(f"{MAPS}/a", {"data": {"b": "2"}}, query={"fieldManager": "patcher"})).ok()
    tree = (await api.get(f"{MAPS}/a")).ok()
    assert managers(tree) == {
        "tool Update": {"f:data": {".": {}, "f:a": {}}},
        "patcher Update": {"f:data": {"f:b": {}}},
    }
    (await api.patch(f"{MAPS}/a", {"metadata": {"managedFields": [{}]}})).ok()
    assert "managedFields" not in (await api.get(f"{MAPS}/a")).ok()["metadata"]


async def test_two_appliers_share_a_list(api: Any) -> None:
    def deployment(*containers: Any) -> dict[str, Any]:
        labels = {"app": "a"}
        template = {"metadata": {"labels": labels}, "spec": {"containers": containers}}
        spec = {"selector": {"matchLabels": labels}, "template": template}
        return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"}, "spec": spec}

    path = f"{DEPLOYMENTS}/d"
    (await apply(api, deployment({"name": "web", "image": "web:1"}), "one", path)).ok(201)
    both = (await apply(api, deployment({"name": "log", "image": "log:1"}), "two", path)).ok()
    assert [each["name"] for each in both["spec"]["template"]["spec"]["containers"]] == ["web", "log"]
    left = (await apply(api, deployment({"name": "web", "image": "web:2"}), "one", path)).ok()
    containers = left["spec"]["template"]["spec"]["containers"]
    assert [each["image"] for each in containers] == ["web:2", "log:1"]


async def test_status_is_owned_apart(api: Any) -> None:
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}}
    spec = {"containers": [{"name": "c", "image": "i"}]}
    path = "/api/v1/namespaces/default/pods"
    (await api.post("/api/v1/namespaces/default/serviceaccounts", {"metadata": {"name": "default"}})).ok(201)
    (await api.post(path, {**pod, "spec": spec})).ok(201)
    status = {**pod, "status": {"message": "hello"}}
    shown = (await apply(api, status, "reporter", f"{path}/p/status")).ok()
    assert shown["status"]["message"] == "hello"
    [entry] = [each for each in shown["metadata"]["managedFields"] if each["manager"] == "reporter"]
    assert (entry["subresource"], entry["fieldsV1"]) == ("status", {"f:status": {"f:message": {}}})
    assert (await apply(api, status, "other", f"{path}/p")).ok()["status"]["message"] == "hello"


async def test_a_dry_run_says_what_would_be(api: Any) -> None:
    shown = (await apply(api, config_map(a="1"), dryRun="All")).ok(201)
    assert "resourceVersion" not in shown["metadata"]
    (await api.get(f"{MAPS}/a")).failed(404, "NotFound")
    assert (
        (await api("PATCH", f"{MAPS}/a", config_map(), type=APPLY))
        .failed(422, "Invalid")
        .endswith("fieldManager: Required value: is required for apply patch")
    )


async def test_a_write_that_changes_nothing_stays_nothing(api: Any) -> None:
    made = (await api.post(MAPS, config_map(a="1"), query={"fieldManager": "maker"})).ok(201)
    same = (await api.put(f"{MAPS}/a", config_map(a="1"), query={"fieldManager": "other"})).ok()
    assert same == made
