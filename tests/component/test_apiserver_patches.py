"""Patches over HTTPS, in all three languages."""

import asyncio
import json
from typing import Any

import pytest

MAPS = "/api/v1/namespaces/default/configmaps"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"


@pytest.fixture
async def deployment(api: Any) -> str:
    containers = [
        {"name": "c", "image": "a:1", "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]},
        {"name": "d", "image": "d:1", "ports": [{"containerPort": 80}, {"containerPort": 53, "protocol": "UDP"}]},
    ]
    spec = {"containers": containers, "volumes": [{"name": "v", "emptyDir": {}}], "nodeSelector": {"a": "b"}}
    template = {"metadata": {"labels": {"app": "x"}}, "spec": spec}
    body = {"metadata": {"name": "d"}, "spec": {"selector": {"matchLabels": {"app": "x"}}, "template": template}}
    (await api.post(DEPLOYMENTS, body)).ok(201)
    return f"{DEPLOYMENTS}/d"


def pod_spec(patch: dict[str, Any]) -> dict[str, Any]:
    return {"spec": {"template": {"spec": patch}}}


def of(tree: Any) -> Any:
    return tree["spec"]["template"]["spec"]


async def test_a_merge_patch_removes_with_null(api: Any) -> None:
    (await api.post(MAPS, {"metadata": {"name": "a"}, "data": {"k": "v", "l": "w"}})).ok(201)
    patched = (await api.patch(f"{MAPS}/a", {"data": {"k": None, "m": "x"}})).ok()
    assert patched["data"] == {"l": "w", "m": "x"}


async def test_a_json_patch_adds_tests_moves_and_removes(api: Any) -> None:
    (await api.post(MAPS, {"metadata": {"name": "a", "finalizers": ["a/x", "a/z"]}, "data": {"k": "v"}})).ok(201)
    steps = [
        {"op": "test", "path": "/data/k", "value": "v"},
        {"op": "add", "path": "/data/a~1b".replace("~1", "."), "value": "1"},
        {"op": "move", "from": "/data/k", "path": "/data/l"},
        {"op": "copy", "from": "/data/l", "path": "/data/m"},
        {"op": "add", "path": "/metadata/finalizers/1", "value": "a/y"},
        {"op": "remove", "path": "/metadata/finalizers/0"},
        {"op": "replace", "path": "/data/m", "value": "2"},
    ]
    patched = (await api.patch(f"{MAPS}/a", steps, "json")).ok()
    assert patched["data"] == {"a.b": "1", "l": "v", "m": "2"}
    assert patched["metadata"]["finalizers"] == ["a/y", "a/z"]


@pytest.mark.parametrize(
    "steps",
    [
        [{"op": "test", "path": "/data/k", "value": "other"}],
        [{"op": "remove", "path": "/data/none"}],
        [{"op": "replace", "path": "/data/none/x", "value": 1}],
        [{"op": "add", "path": "/metadata/finalizers/7", "value": "x"}],
        [{"op": "jump", "path": "/data"}],
        [{"op": "add", "path": "data/k", "value": "x"}],
        [{"op": "replace", "path": "", "value": 1}],
        [{"op": "add", "path": "", "value": {}}],
        [{"op": "copy", "from": "", "path": f"/x{n}"} for n in range(40)],
    ],
)
async def test_a_json_patch_that_does_not_fit_is_refused(api: Any, steps: Any) -> None:
    (await api.post(MAPS, {"metadata": {"name": "a"}, "data": {"k": "v"}})).ok(201)
    refused = await api.patch(f"{MAPS}/a", steps, "json")
    assert refused.failed(422, "Invalid").startswith("the server rejected our request due to an error in our request")


async def test_a_json_patch_has_so_many_operations_and_no_more(api: Any) -> None:
    (await api.post(MAPS, {"metadata": {"name": "a"}, "data": {"k": "v"}})).ok(201)
    steps = [{"op": "test", "path": "/data/k", "value": "v"}]
    (await api.patch(f"{MAPS}/a", steps * 10_000, "json")).ok()
    (await api.patch(f"{MAPS}/a", steps * 10_001, "json")).failed(413, "RequestEntityTooLarge")


async def test_a_strategic_patch_merges_containers_by_name(api: Any, deployment: str) -> None:
    change = {"containers": [{"name": "c", "image": "a:2", "env": [{"name": "B", "value": "3"}]}]}
    containers = of((await api.patch(deployment, pod_spec(change), "strategic")).ok())["containers"]
    assert [c["image"] for c in containers] == ["a:2", "d:1"]
    assert containers[0]["env"] == [{"name": "A", "value": "1"}, {"name": "B", "value": "3"}]
    more = {"containers": [{"name": "e", "image": "e:1"}]}
    containers = of((await api.patch(deployment, pod_spec(more), "strategic")).ok())["containers"]
    assert [c["name"] for c in containers] == ["e", "c", "d"]


async def test_a_strategic_patch_deletes_replaces_and_orders(api: Any, deployment: str) -> None:
    gone = {"containers": [{"name": "d", "$patch": "delete"}]}
    assert [c["name"] for c in of((await api.patch(deployment, pod_spec(gone), "strategic")).ok())["containers"]] == [
        "c"
    ]
    fresh = {"containers": [{"$patch": "replace"}, {"name": "x", "image": "x:1"}, {"name": "y", "image": "y:1"}]}
    names = [c["name"] for c in of((await api.patch(deployment, pod_spec(fresh), "strategic")).ok())["containers"]]
    assert names == ["x", "y"]
    order = {
        "$setElementOrder/containers": [{"name": "y"}, {"name": "x"}],
        "containers": [{"name": "x", "image": "x:2"}],
    }
    containers = of((await api.patch(deployment, pod_spec(order), "strategic")).ok())["containers"]
    assert [c["image"] for c in containers] == ["y:1", "x:2"]
    selector = {"nodeSelector": {"$patch": "replace", "c": "d"}}
    assert of((await api.patch(deployment, pod_spec(selector), "strategic")).ok())["nodeSelector"] == {"c": "d"}


async def test_retain_keys_leaves_only_what_it_names(api: Any, deployment: str) -> None:
    volume = {"name": "v", "$retainKeys": ["name", "configMap"], "configMap": {"name": "m"}}
    volumes = of((await api.patch(deployment, pod_spec({"volumes": [volume]}), "strategic")).ok())["volumes"]
    assert [sorted(v) for v in volumes] == [["configMap", "name"]]
    strategy = {"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}}
    patched = (await api.patch(deployment, strategy, "strategic")).ok()
    assert patched["spec"]["strategy"] == {"type": "Recreate"}


async def test_values_of_a_set_are_added_and_deleted(api: Any) -> None:
    (await api.post(MAPS, {"metadata": {"name": "a", "finalizers": ["a/x", "a/y"]}})).ok(201)
    added = (await api.patch(f"{MAPS}/a", {"metadata": {"finalizers": ["a/z", "a/x"]}}, "strategic")).ok()
    assert sorted(added["metadata"]["finalizers"]) == ["a/x", "a/y", "a/z"]
    drop = {"metadata": {"$deleteFromPrimitiveList/finalizers": ["a/x", "a/z"]}}
    assert (await api.patch(f"{MAPS}/a", drop, "strategic")).ok()["metadata"]["finalizers"] == ["a/y"]


@pytest.mark.parametrize(
    ("patch", "words"),
    [
        ({"$retainKeys": "name"}, "retainKeys"),
        ({"containers": "x"}, "cannot restore slice from string"),
    ],
)
async def test_a_strategic_patch_that_makes_no_sense_is_refused(
    api: Any, deployment: str, patch: Any, words: str
) -> None:
    refused = await api.patch(deployment, pod_spec(patch), "strategic")
    assert refused.status in (400, 422)
    assert words in refused.message


async def test_many_patches_at_once_all_count(api: Any) -> None:
    (await api.post(MAPS, {"metadata": {"name": "a"}, "data": {"k": "v"}})).ok(201)
    answers = await asyncio.gather(*(api.patch(f"{MAPS}/a", {"data": {f"k{n}": "x"}}) for n in range(50)))
    assert {answer.status for answer in answers} == {200}
    assert len((await api.get(f"{MAPS}/a")).ok()["data"]) == 51


async def test_a_patch_may_insist_on_a_version(api: Any) -> None:
    made = (await api.post(MAPS, {"metadata": {"name": "a"}})).ok(201)
    version = {"metadata": {"resourceVersion": made["metadata"]["resourceVersion"]}}
    (await api.patch(f"{MAPS}/a", {**version, "data": {"k": "1"}})).ok()
    (await api.patch(f"{MAPS}/a", {**version, "data": {"k": "2"}})).failed(409, "Conflict")


async def test_a_patch_of_the_status_leaves_the_spec(api: Any, deployment: str) -> None:
    patched = (await api.patch(f"{deployment}/status", {"spec": {"replicas": 9}, "status": {"replicas": 3}})).ok()
    assert (patched["spec"]["replicas"], patched["status"]["replicas"]) == (1, 3)


async def test_an_item_without_its_merge_key_fails_as_in_kubernetes(api: Any, deployment: str) -> None:
    refused = await api.patch(deployment, pod_spec({"containers": [{"image": "x"}]}), "strategic")
    assert (refused.status, refused.message) == (
        500,
        "map: map[image:x] does not contain declared merge key: name",
    )
    assert "reason" not in refused.tree


async def test_a_patch_of_nothing_is_not_found(api: Any) -> None:
    (await api.patch(f"{MAPS}/none", {"data": {}})).failed(404, "NotFound")


PLACED = "the name of the object (a based on URL) was undeterminable: name must be provided"
ELSEWHERE = "the namespace of the provided object does not match the namespace sent on the request"


@pytest.mark.parametrize(
    ("kind", "patch", "words"),
    [
        (
            "json",
            b'{"op": "add"}',
            "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.",
        ),
        ("json", [1], "error decoding patch: json: cannot unmarshal number into Go value of type handlers.jsonPatchOp"),
        ("json", [{"op": 1}], "json: cannot unmarshal number into Go struct field jsonPatchOp.op of type string"),
        ("json", [{"op": "remove", "path": "/metadata/name"}], PLACED),
        ("json", [{"op": "replace", "path": "/metadata/namespace", "value": "b"}], ELSEWHERE),
        (
            "merge",
            [],
            "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}",
        ),
        ("merge", None, "Invalid JSON Patch"),
        (
            "merge",
            b"{'a': 1}",
            "error decoding patch: invalid character '\\'' looking for beginning of object key string",
        ),
        ("merge", b'{"a"', "error decoding patch: unexpected end of JSON input"),
        ("merge", {"metadata": None}, PLACED),
        ("merge", {"metadata": {"namespace": "b"}}, ELSEWHERE),
        ("strategic", b'{"a": tru}', "invalid character '}' in literal true (expecting 'e')"),
        ("strategic", [], "json: cannot unmarshal array into Go value of type map[string]interface {}"),
        ("strategic", {"$patch": "delete"}, PLACED),
    ],
)
async def test_a_patch_that_makes_no_sense_is_told_why(api: Any, kind: str, patch: Any, words: str) -> None:
    (await api.post(MAPS, {"metadata": {"name": "a"}})).ok(201)
    body = patch if isinstance(patch, bytes) else json.dumps(patch).encode()
    answer = await api.patch(f"{MAPS}/a", body, kind)
    assert words in answer.failed(400, "BadRequest")
    (await api.patch(f"{MAPS}/none", body, kind)).failed(404, "NotFound")


async def test_a_patch_makes_nothing_else_of_an_object(api: Any) -> None:
    (await api.post(MAPS, {"metadata": {"name": "a"}})).ok(201)
    for change, words in (
        ({"kind": "Secret"}, "converting (v1.Secret) to (core.ConfigMap): unknown conversion"),
        ({"apiVersion": "v2"}, 'no kind "ConfigMap" is registered for version "v2" in scheme'),
    ):
        answer = await api.patch(f"{MAPS}/a", change)
        assert words in answer.failed(422, "Invalid")
        (await api.patch(f"{MAPS}/a", change, "strategic")).ok()


async def test_what_is_odd_about_the_text_of_a_patch_is_told(api: Any) -> None:
    (await api.post(MAPS, {"metadata": {"name": "a"}})).ok(201)
    twice = b'{"data": {"x": "1", "x": "2"}}'
    assert (await api.patch(f"{MAPS}/a", twice)).warnings == ['duplicate field \\"data.x\\"']
    assert (await api.patch(f"{MAPS}/a", twice, "strategic")).warnings == ['duplicate field \\"data.x\\"']
    odd = [{"op": "add", "path": "/data/y", "value": "1", "why": 1}]
    assert (await api.patch(f"{MAPS}/a", odd, "json")).warnings == ['json patch unknown field \\"[0].why\\"']
    strict = await api.patch(f"{MAPS}/a", odd, "json", query={"fieldValidation": "Strict"})
    assert 'strict decoding error: json patch unknown field "[0].why"' in strict.failed(422, "Invalid")


async def test_an_unknown_field_is_dropped_with_a_warning_or_refused(api: Any) -> None:
    (await api.post(MAPS, {"metadata": {"name": "a"}})).ok(201)
    warned = await api.patch(f"{MAPS}/a", {"bogus": 1})
    assert warned.warnings == ['unknown field \\"bogus\\"']
    assert "bogus" not in warned.ok()
    strict = await api.patch(f"{MAPS}/a", {"bogus": 1}, query={"fieldValidation": "Strict"})
    assert 'strict decoding error: unknown field "bogus"' in strict.failed(422, "Invalid")
    assert [field for field, _ in strict.causes] == ["patch"]
    assert not (await api.patch(f"{MAPS}/a", {"bogus": 1}, query={"fieldValidation": "Ignore"})).warnings


async def test_a_strategic_patch_that_contradicts_itself_is_refused(api: Any) -> None:
    containers = [{"name": "c", "image": "i"}]
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": containers}}
    deployments = "/apis/apps/v1/namespaces/default/deployments"
    spec = {"selector": {"matchLabels": {"a": "b"}}, "template": template}
    (await api.post(deployments, {"metadata": {"name": "d"}, "spec": spec})).ok(201)
    for change, status, words in (
        (
            {"$setElementOrder/containers": [{"name": "c"}], "containers": [{"name": "y", "image": "q"}]},
            400,
            "The order in patch list:\n[map[image:q name:y]]\n doesn't match $setElementOrder list:\n[map[name:c]]\n",
        ),
        ({"containers": [{"name": "c", "$patch": "x"}]}, 400, "unknown patch type: x in map: map[$patch:x name:c]"),
        ({"$setElementOrder/containers": "c"}, 400, "invalid patch format of setElementOrder list"),
        ({"securityContext": {"$retainKeys": "x"}}, 400, "invalid patch format of retainKeys"),
        ({"securityContext": {"$retainKeys": ["runAsUser"], "runAsGroup": 5}}, 422, "the server rejected our request"),
    ):
        answer = await api.patch(f"{deployments}/d", {"spec": {"template": {"spec": change}}}, "strategic")
        assert answer.status == status, answer
        assert words in answer.message


async def test_how_many_replicas_there_are_can_be_applied(api: Any) -> None:
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    deployments = "/apis/apps/v1/namespaces/default/deployments"
    spec = {"selector": {"matchLabels": {"a": "b"}}, "template": template}
    (await api.post(deployments, {"metadata": {"name": "d"}, "spec": spec})).ok(201)
    scale = {"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {"name": "d"}, "spec": {"replicas": 4}}

    async def apply(**query: str) -> Any:
        path = f"{deployments}/d/scale"
        return await api.patch(path, scale, "apply", query={"fieldManager": "m", **query})

    assert "conflict with" in (await apply()).failed(409, "Conflict")
    assert (await apply(force="true")).ok()["spec"] == {"replicas": 4}
    owned = (await api.get(f"{deployments}/d")).ok()
    assert owned["spec"]["replicas"] == 4
    mine = [entry for entry in owned["metadata"]["managedFields"] if entry["manager"] == "m"]
    assert [(entry["subresource"], entry["fieldsV1"]) for entry in mine] == [
        ("scale", {"f:spec": {"f:replicas": {}}}),
    ]
    scale["kind"] = "Deployment"
    assert "invalid object type" in (await apply()).failed(400, "BadRequest")
    odd = await api.patch(f"{deployments}/d/scale", {"spec": {"replica": 1}})
    assert odd.warnings == ['unknown field \\"spec.replica\\"']


async def test_patches_of_a_scale_do_not_get_in_each_others_way(api: Any) -> None:
    template = {"metadata": {"labels": {"app": "d"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    spec = {"selector": {"matchLabels": {"app": "d"}}, "template": template}
    path = "/apis/apps/v1/namespaces/default/deployments"
    made = (await api.post(path, {"metadata": {"name": "d"}, "spec": spec})).ok(201)
    patches = [api.patch(f"{path}/d/scale", {"spec": {"replicas": number}}) for number in range(2, 6)]
    labels = [api.patch(f"{path}/d", {"metadata": {"labels": {f"l{number}": "v"}}}) for number in range(20)]
    for answer in await asyncio.gather(
        *(call for pair in zip(patches, labels[:4], strict=True) for call in pair), *labels[4:]
    ):
        answer.ok()
    old = {"metadata": {"resourceVersion": made["metadata"]["resourceVersion"]}, "spec": {"replicas": 9}}
    (await api.patch(f"{path}/d/scale", old)).failed(409, "Conflict")
