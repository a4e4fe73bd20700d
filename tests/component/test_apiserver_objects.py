"""Objects over HTTPS: create, read, change and delete them, and what the server adds on the way."""

import re
from typing import Any

import pytest

MAPS = "/api/v1/namespaces/default/configmaps"
PODS = "/api/v1/namespaces/default/pods"
ACCOUNTS = "/api/v1/namespaces/default/serviceaccounts"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"


def config_map(name: str = "a", **metadata: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **metadata}, "data": {"k": "v"}}


def pod(name: str = "p", **spec: Any) -> dict[str, Any]:
    containers = [{"name": "c", "image": "nginx"}]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": {"containers": containers, **spec},
    }


def deployment(name: str = "d", replicas: int = 1) -> dict[str, Any]:
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": "c", "image": "nginx"}]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": template},
    }


@pytest.fixture
async def account(api: Any) -> None:
    (await api.post(ACCOUNTS, {"metadata": {"name": "default"}})).ok(201)


async def test_a_new_object_gets_what_only_the_server_gives(api: Any) -> None:
    made = (await api.post(MAPS, config_map())).ok(201)
    meta = made["metadata"]
    assert (made["kind"], made["apiVersion"]) == ("ConfigMap", "v1")
    assert meta["namespace"] == "default"
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", meta["uid"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", meta["creationTimestamp"])
    assert int(meta["resourceVersion"]) > 0
    assert (await api.get(f"{MAPS}/a")).ok() == made


async def test_a_name_is_taken_once(api: Any) -> None:
    (await api.post(MAPS, config_map())).ok(201)
    again = await api.post(MAPS, config_map())
    assert again.failed(409, "AlreadyExists") == 'configmaps "a" already exists'
    assert again.tree["details"] == {"name": "a", "kind": "configmaps"}


async def test_generated_names_differ(api: Any) -> None:
    made = [(await api.post(MAPS, {"metadata": {"generateName": "job-"}})).ok(201) for _ in range(20)]
    names = {tree["metadata"]["name"] for tree in made}
    assert len(names) == 20
    assert all(re.fullmatch(r"job-[a-z0-9]{5}", name) for name in names)


async def test_a_stale_update_conflicts(api: Any) -> None:
    first = (await api.post(MAPS, config_map())).ok(201)
    second = (await api.put(f"{MAPS}/a", {**first, "data": {"k": "2"}})).ok()
    assert int(second["metadata"]["resourceVersion"]) > int(first["metadata"]["resourceVersion"])
    stale = await api.put(f"{MAPS}/a", {**first, "data": {"k": "3"}})
    assert "the object has been modified; please apply your changes" in stale.failed(409, "Conflict")
    unversioned = (await api.put(f"{MAPS}/a", config_map())).ok()
    assert unversioned["data"] == {"k": "v"}


async def test_an_update_that_changes_nothing_writes_nothing(api: Any) -> None:
    made = (await api.post(MAPS, config_map())).ok(201)
    assert (await api.put(f"{MAPS}/a", made)).ok() == made


async def test_a_put_needs_the_name_of_its_path(api: Any) -> None:
    (await api.post(MAPS, config_map())).ok(201)
    answer = await api.put(f"{MAPS}/a", config_map("b"))
    assert answer.failed(400, "BadRequest") == "the name of the object (b) does not match the name on the URL (a)"
    assert (await api.put(f"{MAPS}/none", config_map("none"))).failed(404, "NotFound") == 'configmaps "none" not found'


async def test_generation_counts_changes_of_the_spec_only(api: Any) -> None:
    made = (await api.post(DEPLOYMENTS, deployment())).ok(201)
    assert made["metadata"]["generation"] == 1
    made["spec"]["replicas"] = 2
    changed = (await api.put(f"{DEPLOYMENTS}/d", made)).ok()
    assert changed["metadata"]["generation"] == 2
    changed["metadata"]["labels"] = {"x": "y"}
    assert (await api.put(f"{DEPLOYMENTS}/d", changed)).ok()["metadata"]["generation"] == 2


async def test_status_and_spec_are_written_apart(api: Any) -> None:
    made = (await api.post(DEPLOYMENTS, {**deployment(), "status": {"replicas": 7}})).ok(201)
    assert "replicas" not in made["status"]
    made["spec"]["replicas"], made["status"] = 9, {"replicas": 3}
    status = (await api.put(f"{DEPLOYMENTS}/d/status", made)).ok()
    assert (status["spec"]["replicas"], status["status"]["replicas"]) == (1, 3)
    assert (await api.get(f"{DEPLOYMENTS}/d/status")).ok() == status
    status["spec"]["replicas"], status["status"] = 9, {"replicas": 0}
    spec = (await api.put(f"{DEPLOYMENTS}/d", status)).ok()
    assert (spec["spec"]["replicas"], spec["status"]["replicas"]) == (9, 3)


async def test_the_scale_of_a_deployment_is_read_and_written(api: Any) -> None:
    (await api.post(DEPLOYMENTS, deployment(replicas=3))).ok(201)
    scale = (await api.get(f"{DEPLOYMENTS}/d/scale")).ok()
    assert (scale["kind"], scale["apiVersion"]) == ("Scale", "autoscaling/v1")
    assert (scale["spec"], scale["status"]) == ({"replicas": 3}, {"replicas": 0, "selector": "app=d"})
    scale["spec"]["replicas"] = 5
    assert (await api.put(f"{DEPLOYMENTS}/d/scale", scale)).ok()["spec"] == {"replicas": 5}
    assert (await api.patch(f"{DEPLOYMENTS}/d/scale", {"spec": {"replicas": 6}})).ok()["spec"] == {"replicas": 6}
    assert (await api.get(f"{DEPLOYMENTS}/d")).ok()["spec"]["replicas"] == 6
    scale["metadata"]["resourceVersion"] = "1"
    (await api.put(f"{DEPLOYMENTS}/d/scale", scale)).failed(409, "Conflict")
    below = await api.patch(f"{DEPLOYMENTS}/d/scale", {"spec": {"replicas": -1}})
    assert "must be greater than or equal to 0" in below.failed(422, "Invalid")


async def test_a_finalizer_keeps_an_object_until_it_is_removed(api: Any) -> None:
    (await api.post(MAPS, config_map(finalizers=["example.com/f"]))).ok(201)
    dying = (await api.delete(f"{MAPS}/a")).ok()
    assert dying["metadata"]["deletionTimestamp"]
    assert (await api.get(f"{MAPS}/a")).ok()["metadata"]["finalizers"] == ["example.com/f"]
    added = await api.patch(f"{MAPS}/a", {"metadata": {"finalizers": ["example.com/f", "example.com/g"]}})
    assert "no new finalizers can be added if the object is being deleted" in added.failed(422, "Invalid")
    (await api.patch(f"{MAPS}/a", {"metadata": {"finalizers": None}})).ok()
    (await api.get(f"{MAPS}/a")).failed(404, "NotFound")


@pytest.mark.parametrize(("policy", "finalizer"), [("Foreground", "foregroundDeletion"), ("Orphan", "orphan")])
async def test_propagation_leaves_a_finalizer_for_the_collector(api: Any, policy: str, finalizer: str) -> None:
    (await api.post(DEPLOYMENTS, deployment())).ok(201)
    options = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": policy}
    dying = (await api.delete(f"{DEPLOYMENTS}/d", options)).ok()
    assert dying["metadata"]["finalizers"] == [finalizer]
    (await api.patch(f"{DEPLOYMENTS}/d", {"metadata": {"finalizers": []}})).ok()
    (await api.get(f"{DEPLOYMENTS}/d")).failed(404, "NotFound")


async def test_a_deletion_answers_with_a_status_and_checks_its_preconditions(api: Any) -> None:
    made = (await api.post(MAPS, config_map())).ok(201)
    wrong = await api.delete(f"{MAPS}/a", {"preconditions": {"uid": "other"}})
    assert "the UID in the precondition (other) does not match the UID in record" in wrong.failed(409, "Conflict")
    (await api.delete(f"{MAPS}/a", {"preconditions": {"resourceVersion": "1"}})).failed(409, "Conflict")
    (await api.delete(f"{MAPS}/a", {"propagationPolicy": "Sideways"})).failed(422, "Invalid")
    (await api.delete(f"{MAPS}/a", {"kind": "Pod", "apiVersion": "v1"})).failed(400, "BadRequest")
    gone = (await api.delete(f"{MAPS}/a", {"preconditions": {"uid": made["metadata"]["uid"]}})).ok()
    assert (gone["kind"], gone["status"]) == ("Status", "Success")
    assert gone["details"] == {"name": "a", "kind": "configmaps", "uid": made["metadata"]["uid"]}


async def test_what_goes_at_once_is_shown_as_it_was(api: Any) -> None:
    made = (await api.post(ACCOUNTS, {"metadata": {"name": "x"}})).ok(201)
    gone = (await api.delete(f"{ACCOUNTS}/x")).ok()
    assert int(gone["metadata"].pop("resourceVersion")) > int(made["metadata"].pop("resourceVersion"))
    assert gone == made


async def test_what_the_cluster_needs_is_not_deleted(api: Any) -> None:
    path = "/apis/scheduling.k8s.io/v1/priorityclasses/system-node-critical"
    words = (await api.delete(path)).failed(403, "Forbidden")
    assert words.endswith("this is a system priority class and cannot be deleted")
    (await api.get(path)).ok()


async def test_nobody_but_the_server_says_that_an_object_is_deleted(api: Any) -> None:
    made = (await api.post(MAPS, config_map(deletionTimestamp="2001-01-01T00:00:00Z"))).ok(201)
    assert "deletionTimestamp" not in made["metadata"]
    made["metadata"]["deletionTimestamp"] = "2001-01-01T00:00:00Z"
    refused = await api.put(f"{MAPS}/a", made)
    assert set(refused.causes) == {
        ("metadata.deletionTimestamp", 'Invalid value: "2001-01-01T00:00:00Z": field is immutable')
    }


async def test_dry_runs_change_nothing(api: Any, account: None) -> None:
    dry = {"dryRun": "All"}
    made = (await api.post(MAPS, config_map(), query=dry)).ok(201)
    assert made["metadata"]["uid"]
    (await api.get(f"{MAPS}/a")).failed(404, "NotFound")
    kept = (await api.post(MAPS, config_map())).ok(201)
    (await api.post(MAPS, config_map(), query=dry)).failed(409, "AlreadyExists")
    assert (await api.patch(f"{MAPS}/a", {"data": {"k": "2"}}, query=dry)).ok()["data"] == {"k": "2"}
    (await api.put(f"{MAPS}/a", config_map(labels={"x": "y"}), query=dry)).ok()
    (await api.delete(f"{MAPS}/a", query=dry)).ok()
    (await api.delete(MAPS, query=dry)).ok()
    assert (await api.get(f"{MAPS}/a")).ok() == kept
    running = (await api.post(PODS, pod())).ok(201)
    eviction = {"metadata": {"name": "p"}, "deleteOptions": {"dryRun": ["All"]}}
    (await api.post(f"{PODS}/p/eviction", eviction)).ok(201)
    (await api.post(f"{PODS}/p/eviction", {"metadata": {"name": "p"}}, query=dry)).ok(201)
    assert (await api.get(f"{PODS}/p")).ok() == running


async def test_a_bound_pod_is_deleted_gracefully(api: Any, account: None) -> None:
    (await api.post(PODS, pod(nodeName="n"))).ok(201)
    dying = (await api.delete(f"{PODS}/p")).ok()
    assert dying["metadata"]["deletionGracePeriodSeconds"] == 30
    assert dying["metadata"]["deletionTimestamp"] > dying["metadata"]["creationTimestamp"]
    shorter = (await api.delete(f"{PODS}/p", query={"gracePeriodSeconds": "5"})).ok()
    assert shorter["metadata"]["deletionGracePeriodSeconds"] == 5
    longer = (await api.delete(f"{PODS}/p", query={"gracePeriodSeconds": "60"})).ok()
    assert longer["metadata"]["deletionGracePeriodSeconds"] == 5
    (await api.delete(f"{PODS}/p", query={"gracePeriodSeconds": "0"})).ok()
    (await api.get(f"{PODS}/p")).failed(404, "NotFound")


async def test_an_unbound_pod_goes_at_once(api: Any, account: None) -> None:
    (await api.post(PODS, pod())).ok(201)
    assert (await api.delete(f"{PODS}/p")).ok()["kind"] == "Pod"
    (await api.get(f"{PODS}/p")).failed(404, "NotFound")


async def test_a_pod_is_bound_once(api: Any, account: None) -> None:
    (await api.post(PODS, pod())).ok(201)
    binding = {"metadata": {"name": "p"}, "target": {"kind": "Node", "name": "n"}}
    assert (await api.post(f"{PODS}/p/binding", binding)).ok(201)["status"] == "Success"
    bound = (await api.get(f"{PODS}/p")).ok()
    assert bound["spec"]["nodeName"] == "n"
    assert [(c["type"], c["status"]) for c in bound["status"]["conditions"]] == [("PodScheduled", "True")]
    again = await api.post(f"{PODS}/p/binding", binding)
    assert again.failed(409, "Conflict").endswith('pod p is already assigned to node "n"')
    moved = await api.patch(f"{PODS}/p", {"spec": {"nodeName": "other"}})
    assert "pod updates may not change fields other than" in moved.failed(422, "Invalid")


async def test_an_eviction_respects_the_disruption_budget(api: Any, account: None) -> None:
    (await api.post(PODS, pod(nodeName="n"))).ok(201)
    ready = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    (await api.patch(f"{PODS}/p/status", {"status": ready})).ok()
    budgets = "/apis/policy/v1/namespaces/default/poddisruptionbudgets"
    spec = {"minAvailable": 1, "selector": {"matchLabels": {"app": "p"}}}
    (await api.post(budgets, {"metadata": {"name": "b"}, "spec": spec})).ok(201)
    refused = await api.post(f"{PODS}/p/eviction", {"metadata": {"name": "p"}})
    words = "Cannot evict pod as it would violate the pod's disruption budget."
    assert refused.failed(429, "TooManyRequests") == words
    assert refused.causes == [("", "The disruption budget b is still being processed by the server.")]
    assert refused.headers["Retry-After"] == "10"
    status = {"status": {"disruptionsAllowed": 1, "observedGeneration": 1, "currentHealthy": 2, "desiredHealthy": 1}}
    (await api.patch(f"{budgets}/b/status", status)).ok()
    (await api.post(f"{PODS}/p/eviction", {"metadata": {"name": "p"}})).ok(201)
    gone = (await api.get(f"{PODS}/p")).ok()
    assert gone["metadata"]["deletionTimestamp"]
    assert [each["reason"] for each in gone["status"]["conditions"] if each["type"] == "DisruptionTarget"] == [
        "EvictionByEvictionAPI"
    ]
    spent = (await api.get(f"{budgets}/b")).ok()["status"]
    assert spent["disruptionsAllowed"] == 0
    assert list(spent["disruptedPods"]) == ["p"]


async def test_a_pod_that_serves_nobody_is_evicted_whatever_the_budget_says(api: Any, account: None) -> None:
    (await api.post(PODS, pod(nodeName="n"))).ok(201)
    (await api.patch(f"{PODS}/p/status", {"status": {"phase": "Running"}})).ok()
    budgets = "/apis/policy/v1/namespaces/default/poddisruptionbudgets"
    spec = {"minAvailable": 1, "selector": {"matchLabels": {"app": "p"}}}
    (await api.post(budgets, {"metadata": {"name": "b"}, "spec": spec})).ok(201)
    status = {"status": {"disruptionsAllowed": 0, "observedGeneration": 1, "currentHealthy": 0, "desiredHealthy": 1}}
    (await api.patch(f"{budgets}/b/status", status)).ok()
    refused = await api.post(f"{PODS}/p/eviction", {"metadata": {"name": "p"}})
    assert refused.causes == [("", "The disruption budget b needs 1 healthy pods and has 0 currently")]
    (await api.patch(f"{budgets}/b", {"spec": {"unhealthyPodEvictionPolicy": "AlwaysAllow"}})).ok()
    (await api.post(f"{PODS}/p/eviction", {"metadata": {"name": "p"}})).ok(201)


async def test_a_collection_is_deleted_by_selector(api: Any) -> None:
    for name, app in (("a", "x"), ("b", "y"), ("c", "x")):
        (await api.post(MAPS, config_map(name, labels={"app": app}))).ok(201)
    gone = (await api.delete(MAPS, query={"labelSelector": "app=x"})).ok()
    assert [item["metadata"]["name"] for item in gone["items"]] == ["a", "c"]
    left = (await api.get(MAPS, query={"labelSelector": "app"})).ok()
    assert [item["metadata"]["name"] for item in left["items"]] == ["b"]


async def test_a_namespace_that_goes_away_takes_nothing_new(api: Any) -> None:
    (await api.post("/api/v1/namespaces", {"metadata": {"name": "x"}})).ok(201)
    going = (await api.delete("/api/v1/namespaces/x")).ok()
    assert going["status"]["phase"] == "Terminating"
    refused = await api.post("/api/v1/namespaces/x/configmaps", config_map())
    assert "because it is being terminated" in refused.failed(403, "Forbidden")
    assert refused.tree["details"]["causes"][0]["reason"] == "NamespaceTerminating"
    going["spec"]["finalizers"] = []
    (await api.put("/api/v1/namespaces/x/finalize", going)).ok()
    (await api.get("/api/v1/namespaces/x")).failed(404, "NotFound")
    nowhere = await api.post("/api/v1/namespaces/x/configmaps", config_map())
    assert nowhere.failed(404, "NotFound") == 'namespaces "x" not found'
    (await api.delete("/api/v1/namespaces/kube-system")).failed(403, "Forbidden")


async def test_leases_are_created_by_a_put(api: Any) -> None:
    leases = "/apis/coordination.k8s.io/v1/namespaces/default/leases"
    (await api.put(f"{leases}/l", {"metadata": {"name": "l"}, "spec": {"holderIdentity": "me"}})).ok(201)
    (await api.put(f"{leases}/l", {"metadata": {"name": "l"}, "spec": {"holderIdentity": "you"}})).ok(200)


async def test_config_that_is_immutable_stays_as_it_is(api: Any) -> None:
    (await api.post(MAPS, {**config_map(), "immutable": True})).ok(201)
    refused = await api.patch(f"{MAPS}/a", {"data": {"k": "2"}})
    assert refused.causes == [("data", "Forbidden: field is immutable when `immutable` is set")]
    (await api.patch(f"{MAPS}/a", {"immutable": False})).failed(422, "Invalid")
    (await api.patch(f"{MAPS}/a", {"metadata": {"labels": {"x": "y"}}})).ok()


async def test_both_versions_of_a_kind_show_the_same_object(api: Any) -> None:
    path = "/apis/autoscaling/{}/namespaces/default/horizontalpodautoscalers"
    spec = {"maxReplicas": 4, "scaleTargetRef": {"kind": "Deployment", "name": "d", "apiVersion": "apps/v1"}}
    body = {"metadata": {"name": "h"}, "spec": {**spec, "targetCPUUtilizationPercentage": 70}}
    one = (await api.post(path.format("v1"), body)).ok(201)
    two = (await api.get(path.format("v2") + "/h")).ok()
    assert (one["apiVersion"], two["apiVersion"]) == ("autoscaling/v1", "autoscaling/v2")
    assert two["metadata"]["uid"] == one["metadata"]["uid"]
    assert two["spec"]["metrics"][0]["resource"]["target"] == {"type": "Utilization", "averageUtilization": 70}


async def test_containers_for_debugging_are_checked_and_found(api: Any, account: None) -> None:
    pods = "/api/v1/namespaces/default/pods"
    containers = [{"name": "c", "image": "i"}]
    (await api.post(pods, {"metadata": {"name": "p"}, "spec": {"containers": containers}})).ok(201)

    async def debug(**container: Any) -> Any:
        spec = {"ephemeralContainers": [container]}
        return await api.patch(f"{pods}/p/ephemeralcontainers", {"spec": spec}, "strategic")

    at = "spec.ephemeralContainers[0]"
    for container, cause in (
        ({"name": "c", "image": "x"}, (f"{at}.name", 'Duplicate value: "c"')),
        ({"name": "", "image": "x"}, (f"{at}.name", "Required value")),
        (
            {"name": "d", "image": "x", "ports": [{"containerPort": 80}]},
            (f"{at}.ports", "Forbidden: cannot be set for an Ephemeral Container"),
        ),
        ({"name": "d", "image": "x", "targetContainerName": "z"}, (f"{at}.targetContainerName", 'Not found: "z"')),
    ):
        refused = await debug(**container)
        assert refused.failed(422, "Invalid")
        assert refused.causes == [cause]
    (await debug(name="d", image="x", targetContainerName="c")).ok()
    assert (await api.get(f"{pods}/p/log?container=d")).status == 204  # it runs nowhere yet
    words = (await api.get(f"{pods}/p/log?container=z")).failed(400, "BadRequest")
    assert words == "container z is not valid for pod p"
    node = {"Impersonate-User": "system:node:n", "Impersonate-Group": "system:nodes"}
    (await api.get("/api/v1/namespaces/default/secrets/s", headers=node)).failed(403, "Forbidden")


async def test_less_than_no_grace_is_a_second(api: Any, account: None) -> None:
    pods = "/api/v1/namespaces/default/pods"
    spec = {"nodeName": "n", "containers": [{"name": "c", "image": "i"}]}
    (await api.post(pods, {"metadata": {"name": "p"}, "spec": spec})).ok(201)
    going = (await api.delete(f"{pods}/p", query={"gracePeriodSeconds": "-1"})).ok()
    assert going["metadata"]["deletionGracePeriodSeconds"] == 1


async def test_an_object_names_each_of_its_owners_once(api: Any) -> None:
    maps = "/api/v1/namespaces/default/configmaps"
    owner = {"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "u"}
    other = {**owner, "name": "q"}
    words = "; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; "
    words += "please fix your requests; duplicate UID(s) observed: u"
    begins = ".metadata.ownerReferences contains duplicate entries"
    made = await api.post(maps, {"metadata": {"name": "a", "ownerReferences": [owner, owner, other]}})
    assert made.ok(201)["metadata"]["ownerReferences"] == [owner, other]
    assert made.warnings == [begins + words]
    put = await api.put(f"{maps}/a", {"metadata": {"name": "a", "ownerReferences": [other, other, other]}})
    assert put.ok()["metadata"]["ownerReferences"] == [other]
    assert put.warnings == [f"{begins}{words}, u"]
    patched = await api.patch(f"{maps}/a", {"metadata": {"ownerReferences": [owner, owner]}})
    assert patched.ok()["metadata"]["ownerReferences"] == [owner]
    assert patched.warnings == [f"{begins} after mutating admission happens{words}"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (
            "/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers",
            {
                "spec": {
                    "maxReplicas": 3,
                    "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "d"},
                }
            },
        ),
        (
            "/apis/events.k8s.io/v1/namespaces/default/events",
            {
                "eventTime": "2026-01-01T00:00:00.000000Z",
                "reportingController": "example.com/x",
                "reportingInstance": "x",
                "action": "a",
                "reason": "r",
                "type": "Normal",
                "regarding": {"kind": "Pod", "name": "p", "namespace": "default"},
            },
        ),
    ],
)
async def test_a_version_that_is_not_stored_is_replaced_too(api: Any, path: str, body: dict[str, Any]) -> None:
    made = (await api.post(path, {"metadata": {"name": "a"}, **body})).ok(201)
    made["metadata"]["labels"] = {"x": "y"}
    put = (await api.put(f"{path}/a", made)).ok()
    assert (put["apiVersion"], put["metadata"]["labels"]) == (made["apiVersion"], {"x": "y"})
