"""What namespaces may hold and pods may do: quotas, limit ranges, pod security, classes."""

import asyncio
from typing import Any

import pytest

NAMESPACE = "/api/v1/namespaces/default"
PODS = f"{NAMESPACE}/pods"


@pytest.fixture
async def pods(api: Any) -> Any:
    """Return the function that creates a pod."""
    (await api.post(f"{NAMESPACE}/serviceaccounts", {"metadata": {"name": "default"}})).ok(201)

    async def create(name: str, *, resources: Any = None, container: Any = None, **spec: Any) -> Any:
        one = {"name": "c", "image": "i", "resources": resources or {}, **(container or {})}
        return await api.post(PODS, {"metadata": {"name": name}, "spec": {"containers": [one], **spec}})

    return create


async def quota(api: Any, hard: dict[str, str], **spec: Any) -> None:
    """Make a quota that counts: as the quota controller would."""
    path = f"{NAMESPACE}/resourcequotas"
    (await api.post(path, {"metadata": {"name": "q"}, "spec": {"hard": hard, **spec}})).ok(201)
    status = {"hard": hard, "used": dict.fromkeys(hard, "0")}
    (await api.patch(f"{path}/q/status", {"status": status})).ok()


async def used(api: Any) -> dict[str, str]:
    found: dict[str, str] = (await api.get(f"{NAMESPACE}/resourcequotas/q")).ok()["status"]["used"]
    return found


async def test_a_quota_is_never_exceeded_however_many_create_at_once(api: Any) -> None:
    await quota(api, {"count/configmaps": "10"})
    bodies = [{"metadata": {"name": f"c{number}"}} for number in range(60)]
    answers = await asyncio.gather(*(api.post(f"{NAMESPACE}/configmaps", body) for body in bodies))
    refused = [answer for answer in answers if answer.status != 201]
    assert len(answers) - len(refused) == 10
    count = "count/configmaps"
    words = f"is forbidden: exceeded quota: q, requested: {count}=1, used: {count}=10, limited: {count}=10"
    assert all(answer.failed(403, "Forbidden").endswith(words) for answer in refused)
    assert await used(api) == {"count/configmaps": "10"}
    assert len((await api.get(f"{NAMESPACE}/configmaps")).ok()["items"]) == 10


async def test_a_quota_counts_what_pods_need(api: Any, pods: Any) -> None:
    await quota(api, {"pods": "3", "requests.cpu": "1", "limits.memory": "1Gi"})
    words = (await pods("a")).failed(403, "Forbidden")
    assert words == 'pods "a" is forbidden: failed quota: q: must specify limits.memory for: c; requests.cpu for: c'
    needs = {"requests": {"cpu": "600m"}, "limits": {"memory": "512Mi"}}
    (await pods("a", resources=needs)).ok(201)
    assert await used(api) == {"pods": "1", "requests.cpu": "600m", "limits.memory": "512Mi"}
    words = (await pods("b", resources=needs)).failed(403, "Forbidden")
    why = "exceeded quota: q, requested: requests.cpu=600m, used: requests.cpu=600m, limited: requests.cpu=1"
    assert words == f'pods "b" is forbidden: {why}'


async def test_what_is_only_tried_is_not_counted(api: Any) -> None:
    await quota(api, {"count/configmaps": "1"})
    path = f"{NAMESPACE}/configmaps"
    for _ in range(3):
        (await api.post(path, {"metadata": {"name": "a"}}, query={"dryRun": "All"})).ok(201)
    assert await used(api) == {"count/configmaps": "0"}


async def test_only_pods_in_the_scope_of_a_quota_count(api: Any, pods: Any) -> None:
    await quota(api, {"pods": "0"}, scopes=["BestEffort"])
    (await pods("a", resources={"requests": {"cpu": "1m"}})).ok(201)
    assert (await pods("b")).status == 403


async def test_services_count_by_what_they_take(api: Any) -> None:
    await quota(api, {"services": "5", "services.nodeports": "1", "services.loadbalancers": "0"})
    path = f"{NAMESPACE}/services"
    ports = [{"port": 80}]
    (await api.post(path, {"metadata": {"name": "a"}, "spec": {"ports": ports, "type": "NodePort"}})).ok(201)
    assert await used(api) == {"services": "1", "services.nodeports": "1", "services.loadbalancers": "0"}
    (await api.post(path, {"metadata": {"name": "b"}, "spec": {"ports": ports}})).ok(201)
    words = (await api.patch(f"{path}/b", {"spec": {"type": "NodePort"}})).failed(403, "Forbidden")
    assert "requested: services.nodeports=1, used: services.nodeports=1, limited: services.nodeports=1" in words


async def limit(api: Any, *limits: dict[str, Any]) -> None:
    body = {"metadata": {"name": "l"}, "spec": {"limits": list(limits)}}
    (await api.post(f"{NAMESPACE}/limitranges", body)).ok(201)


async def test_containers_that_do_not_say_what_they_need_get_the_default(api: Any, pods: Any) -> None:
    await limit(api, {"type": "Container", "default": {"cpu": "2"}, "defaultRequest": {"cpu": "1", "memory": "1Mi"}})
    made = (await pods("a", resources={"limits": {"memory": "1Gi"}})).ok(201)
    resources = made["spec"]["containers"][0]["resources"]
    assert resources == {"limits": {"cpu": "2", "memory": "1Gi"}, "requests": {"cpu": "1", "memory": "1Gi"}}
    note = "LimitRanger plugin set: cpu request for container c; cpu limit for container c"
    assert made["metadata"]["annotations"] == {"kubernetes.io/limit-ranger": note}
    assert made["status"]["qosClass"] == "Burstable"


@pytest.mark.parametrize(
    ("bound", "resources", "words"),
    [
        (
            {"type": "Container", "min": {"cpu": "100m"}},
            {"requests": {"cpu": "50m"}},
            "minimum cpu usage per Container is 100m, but request is 50m",
        ),
        (
            {"type": "Pod", "max": {"memory": "1Gi"}},
            {},
            "maximum memory usage per Pod is 1Gi.  No limit is specified",
        ),
        (
            {"type": "Pod", "max": {"memory": "1Gi"}, "min": {"cpu": "1"}},
            {"limits": {"memory": "2Gi"}},
            (
                "[minimum cpu usage per Pod is 1.  No request is specified, "
                "maximum memory usage per Pod is 1Gi, but limit is 2Gi]"
            ),
        ),
        (
            {"type": "Pod", "maxLimitRequestRatio": {"cpu": "2"}},
            {"requests": {"cpu": "100m"}, "limits": {"cpu": "300m"}},
            "cpu max limit to request ratio per Pod is 2, but provided ratio is 3.000000",
        ),
    ],
)
async def test_a_pod_beyond_its_limits_is_refused(
    api: Any, pods: Any, bound: dict[str, Any], resources: dict[str, Any], words: str
) -> None:
    await limit(api, bound)
    assert (await pods("a", resources=resources)).failed(403, "Forbidden") == f'pods "a" is forbidden: {words}'


def unquoted(answer: Any) -> list[str]:
    """Return the warnings of an answer without what a header needs."""
    return [warning.replace('\\"', '"') for warning in answer.warnings]


async def level(api: Any, **labels: str) -> Any:
    prefixed = {f"pod-security.kubernetes.io/{name.replace('_', '-')}": value for name, value in labels.items()}
    return await api.patch(NAMESPACE, {"metadata": {"labels": prefixed}})


GOOD = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}
BAD = [
    ({"hostNetwork": True}, {}, "host namespaces (hostNetwork=true)"),
    (
        {},
        {"ports": [{"containerPort": 80, "hostPort": 80}]},
        'hostPort (container "c" uses hostPort 80)',
    ),
    (
        {},
        {"securityContext": {**GOOD, "allowPrivilegeEscalation": True, "privileged": True}},
        ('privileged (container "c" must not set securityContext.privileged=true), allowPrivilegeEscalation != false '
        '(container "c" must set securityContext.allowPrivilegeEscalation=false)'),
    ),
    (
        {"volumes": [{"name": "v", "hostPath": {"path": "/"}}]},
        {},
        'restricted volume types (volume "v" uses restricted volume type "hostPath")',
    ),
    (
        {"securityContext": {"runAsUser": 0}},
        {},
        "runAsUser=0 (pod must not set runAsUser=0)",
    ),
    (
        {},
        {"securityContext": {**GOOD, "capabilities": {"drop": ["ALL"], "add": ["NET_ADMIN", "NET_BIND_SERVICE"]}}},
        'unrestricted capabilities (container "c" must not include "NET_ADMIN" in securityContext.capabilities.add)',
    ),
    (
        {"securityContext": {"sysctls": [{"name": "kernel.msgmax", "value": "1"}]}},
        {},
        "forbidden sysctls (kernel.msgmax)",
    ),
    (
        {"securityContext": {"seccompProfile": {"type": "Unconfined"}}},
        {},
        'seccompProfile (pod must not set securityContext.seccompProfile.type to "Unconfined")',
    ),
]  # fmt: skip


@pytest.mark.parametrize(("spec", "container", "words"), BAD)
async def test_a_pod_that_takes_more_than_its_namespace_allows_is_refused(
    api: Any, pods: Any, spec: dict[str, Any], container: dict[str, Any], words: str
) -> None:
    (await level(api, enforce="restricted")).ok()
    (await pods("good", container={"securityContext": GOOD})).ok(201)
    refused = (await pods("a", container={"securityContext": GOOD, **container}, **spec)).failed(403, "Forbidden")
    assert refused == f'pods "a" is forbidden: violates PodSecurity "restricted:latest": {words}'


async def test_what_would_make_such_pods_is_warned_about(api: Any) -> None:
    (await level(api, warn="baseline", warn_version="v1.30")).ok()
    template = {
        "metadata": {"labels": {"a": "b"}},
        "spec": {"hostPID": True, "containers": [{"name": "c", "image": "i"}]},
    }
    body = {"metadata": {"name": "d"}, "spec": {"selector": {"matchLabels": {"a": "b"}}, "template": template}}
    made = await api.post("/apis/apps/v1/namespaces/default/deployments", body)
    made.ok(201)
    assert unquoted(made) == ['would violate PodSecurity "baseline:v1.30": host namespaces (hostPID=true)']


async def test_pods_that_are_there_are_named_when_their_namespace_gets_stricter(api: Any, pods: Any) -> None:
    for name in ("a", "b"):
        (await pods(name, hostNetwork=True)).ok(201)
    changed = await level(api, enforce="baseline")
    changed.ok()
    assert unquoted(changed) == [
        'existing pods in namespace "default" violate the new PodSecurity enforce level "baseline:latest"',
        "a (and 1 other pod): host namespaces",
    ]
    assert (await level(api, enforce="tight")).causes == [
        (
            "metadata.labels[pod-security.kubernetes.io/enforce]",
            'Invalid value: "tight": must be one of privileged, baseline, restricted',
        )
    ]


async def test_claims_get_the_newest_default_class_and_stay_while_used(api: Any) -> None:
    mark = {"annotations": {"storageclass.kubernetes.io/is-default-class": "true"}}
    body = {"metadata": {"name": "fast", **mark}, "provisioner": "x.example.com"}
    (await api.post("/apis/storage.k8s.io/v1/storageclasses", body)).ok(201)
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    path = f"{NAMESPACE}/persistentvolumeclaims"
    made = (await api.post(path, {"metadata": {"name": "a"}, "spec": spec})).ok(201)
    assert made["spec"]["storageClassName"] == "fast"
    assert made["metadata"]["finalizers"] == ["kubernetes.io/pvc-protection"]
    none = (await api.post(path, {"metadata": {"name": "b"}, "spec": {**spec, "storageClassName": ""}})).ok(201)
    assert none["spec"]["storageClassName"] == ""
