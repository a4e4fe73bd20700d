"""No request is too odd for a proper answer: 20,000 of them, over HTTPS and gRPC.

Hypothesis chooses seeds; a seed makes a handful of requests, sent at once. Half of the bodies are good objects with a
few things changed, since what is almost right gets furthest.
"""

import asyncio
import copy
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from random import Random
from typing import Any, Final
from urllib.parse import quote

import grpc
import grpc.aio
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kobune.api.dynamic.v1 import objects_pb2 as pb
from kobune.api.dynamic.v1.objects_pb2_grpc import ObjectsStub
from kobune.component_base import certificates
from kobune.testing import SyncCluster

SHARDS: Final = 4
EXAMPLES: Final = 260
"""Of each shard; each is twenty requests."""
AT_ONCE: Final = 20

NAMES: Final = ["a", "p", "x", "default", "web", "A b", "..", "x" * 300, "é", "a.b", "kubernetes", ""]
LABELS: Final = {"app": "a"}
CONTAINER: Final = {"name": "c", "image": "i:1", "env": [{"name": "A", "value": "1"}], "ports": [{"containerPort": 80}]}
TEMPLATE: Final = {"metadata": {"labels": LABELS}, "spec": {"containers": [CONTAINER]}}
WORKLOAD: Final = {"selector": {"matchLabels": LABELS}, "template": TEMPLATE}
JOB: Final = {"template": {"spec": {"restartPolicy": "Never", "containers": [CONTAINER]}}}
RULE: Final = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["nothings"]}
SCHEMA: Final = {
    "type": "object",
    "properties": {
        "spec": {
            "type": "object",
            "required": ["size"],
            "x-kubernetes-validations": [{"rule": "self.size > 0", "message": "must be positive"}],
            "properties": {
                "size": {"type": "integer", "minimum": 0, "default": 1},
                "names": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
                "any": {"x-kubernetes-preserve-unknown-fields": True},
                "port": {"x-kubernetes-int-or-string": True},
            },
        }
    },
}
CRD: Final = {
    "group": "example.com",
    "scope": "Namespaced",
    "names": {"plural": "things", "singular": "thing", "kind": "Thing", "listKind": "ThingList"},
    "versions": [
        {
            "name": "v1",
            "served": True,
            "storage": True,
            "schema": {"openAPIV3Schema": SCHEMA},
            "subresources": {
                "status": {},
                "scale": {"specReplicasPath": ".spec.size", "statusReplicasPath": ".status.n"},
            },
            "additionalPrinterColumns": [{"name": "Size", "type": "integer", "jsonPath": ".spec.size"}],
        }
    ],
}
POLICY: Final = {
    "matchConstraints": {"resourceRules": [RULE]},
    "validations": [{"expression": "object.metadata.name != 'x'", "message": "no"}],
}


def core(kind: str, **fields: Any) -> tuple[str, dict[str, Any]]:
    path = f"/api/v1/namespaces/default/{kind.lower()}s"
    return path, {"apiVersion": "v1", "kind": kind, "metadata": {"name": "a", "labels": LABELS}, **fields}


def of(group: str, plural: str, kind: str, namespaced: bool = True, name: str = "a", **fields: Any) -> tuple[str, Any]:
    inside = f"namespaces/default/{plural}" if namespaced else plural
    return f"/apis/{group}/{inside}", {"apiVersion": group, "kind": kind, "metadata": {"name": name}, **fields}


GOOD: Final = [
    core("ConfigMap", data={"k": "v"}),
    core("Secret", stringData={"k": "v"}, type="Opaque"),
    core("Pod", spec={"containers": [CONTAINER], "volumes": [{"name": "v", "emptyDir": {}}], "nodeSelector": LABELS}),
    core("Service", spec={"selector": LABELS, "ports": [{"port": 80, "targetPort": "http"}], "type": "NodePort"}),
    core("ServiceAccount"),
    core("LimitRange", spec={"limits": [{"type": "Container", "default": {"cpu": "1"}, "max": {"cpu": "2"}}]}),
    core("ResourceQuota", spec={"hard": {"pods": "100", "requests.cpu": "50"}}),
    core(
        "PersistentVolumeClaim", spec={"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    ),
    core("Event", involvedObject={"kind": "Pod", "name": "p", "namespace": "default"}, reason="R", message="m"),
    of("apps/v1", "deployments", "Deployment", spec=WORKLOAD),
    of("apps/v1", "statefulsets", "StatefulSet", spec={**WORKLOAD, "serviceName": "s"}),
    of("apps/v1", "daemonsets", "DaemonSet", spec=WORKLOAD),
    of("batch/v1", "jobs", "Job", spec=JOB),
    of("batch/v1", "cronjobs", "CronJob", spec={"schedule": "* * * * *", "jobTemplate": {"spec": JOB}}),
    of("policy/v1", "poddisruptionbudgets", "PodDisruptionBudget", spec={"minAvailable": "50%", "selector": {}}),
    of("networking.k8s.io/v1", "networkpolicies", "NetworkPolicy", spec={"podSelector": {}, "ingress": [{}]}),
    of(
        "networking.k8s.io/v1",
        "ingresses",
        "Ingress",
        spec={"defaultBackend": {"service": {"name": "s", "port": {"number": 80}}}},
    ),
    of(
        "autoscaling/v1",
        "horizontalpodautoscalers",
        "HorizontalPodAutoscaler",
        spec={"maxReplicas": 3, "scaleTargetRef": {"kind": "D", "name": "d"}},
    ),
    of(
        "autoscaling/v2",
        "horizontalpodautoscalers",
        "HorizontalPodAutoscaler",
        spec={"maxReplicas": 3, "scaleTargetRef": {"kind": "D", "name": "d"}, "metrics": []},
    ),
    of(
        "rbac.authorization.k8s.io/v1",
        "roles",
        "Role",
        rules=[{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}],
    ),
    of("scheduling.k8s.io/v1", "priorityclasses", "PriorityClass", False, value=5),
    of("storage.k8s.io/v1", "storageclasses", "StorageClass", False, provisioner="x"),
    of(
        "coordination.k8s.io/v1",
        "leases",
        "Lease",
        spec={"holderIdentity": "me", "renewTime": "2026-01-01T00:00:00.000000Z"},
    ),
    of(
        "discovery.k8s.io/v1",
        "endpointslices",
        "EndpointSlice",
        addressType="IPv4",
        endpoints=[{"addresses": ["10.0.0.1"]}],
    ),
    of(
        "certificates.k8s.io/v1",
        "certificatesigningrequests",
        "CertificateSigningRequest",
        False,
        spec={"request": "eA==", "signerName": "a.b/c", "usages": ["digital signature"]},
    ),
    of(
        "resource.k8s.io/v1",
        "resourceclaims",
        "ResourceClaim",
        spec={"devices": {"requests": [{"name": "r", "exactly": {"deviceClassName": "d"}}]}},
    ),
    of(
        "admissionregistration.k8s.io/v1",
        "validatingadmissionpolicies",
        "ValidatingAdmissionPolicy",
        False,
        spec=POLICY,
    ),
    of(
        "admissionregistration.k8s.io/v1",
        "validatingwebhookconfigurations",
        "ValidatingWebhookConfiguration",
        False,
        webhooks=[
            {
                "name": "a.b.c",
                "clientConfig": {"url": "https://127.0.0.1:1/x"},
                "rules": [RULE],
                "sideEffects": "None",
                "admissionReviewVersions": ["v1"],
            }
        ],
    ),
    of(
        "apiextensions.k8s.io/v1",
        "customresourcedefinitions",
        "CustomResourceDefinition",
        False,
        "things.example.com",
        spec=CRD,
    ),
    of("example.com/v1", "things", "Thing", spec={"size": 3, "names": ["a"], "any": {"x": 1}, "port": "http"}),
    of(
        "authorization.k8s.io/v1",
        "selfsubjectaccessreviews",
        "SelfSubjectAccessReview",
        False,
        spec={"resourceAttributes": {"verb": "get", "resource": "pods"}},
    ),
]
SUBRESOURCES: Final = [
    "",
    "",
    "",
    "/status",
    "/scale",
    "/eviction",
    "/binding",
    "/token",
    "/approval",
    "/log",
    "/exec",
    "/resize",
    "/proxy",
    "/nothing",
]
PAGES: Final = [
    "/",
    "/api",
    "/apis",
    "/apis/apps",
    "/version",
    "/healthz",
    "/livez/ping",
    "/readyz",
    "/metrics",
    "/openapi/v2",
    "/openapi/v3",
    "/openapi/v3/api/v1",
    "/nothing",
    "/apis//v1",
    "/api/v1/../v1",
    "/%2e%2e/x",
]
QUERIES: Final = {
    "limit": ["1", "-1", "0", "x", "9" * 30],
    "continue": ["", "e30", "x", "eyJydiI6InkifQ"],
    "labelSelector": ["a=b", "a in (b", "!", "a notin (b,c),d", ",", "a" * 300, "a==b,a!=b", "x in ()"],
    "fieldSelector": ["metadata.name=a", "spec.x=y", "=", "a,b", "metadata.name!=a,metadata.namespace=default"],
    "resourceVersion": ["0", "1", "-1", "x", "9" * 25],
    "resourceVersionMatch": ["Exact", "NotOlderThan", "x"],
    "dryRun": ["All", "x", ""],
    "fieldManager": ["m", "", "m" * 200, "é"],
    "fieldValidation": ["Strict", "Warn", "Ignore", "x"],
    "force": ["true", "false", "x"],
    "propagationPolicy": ["Foreground", "Orphan", "Background", "x"],
    "gracePeriodSeconds": ["0", "-1", "x", "30"],
    "sendInitialEvents": ["true", "false", ""],
    "timeoutSeconds": ["x", "-1"],
    "pretty": ["true", "x"],
    "includeObject": ["None", "Object", "x"],
    "kind": ["x"],
}
ACCEPT: Final = [
    "*/*",
    "application/json",
    "application/yaml",
    "application/vnd.kubernetes.protobuf",
    "text/html",
    "application/json;as=Table;v=v1;g=meta.k8s.io",
    "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io",
    ";;,",
    "application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json",
]
PATCHES: Final = [
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
    "application/apply-patch+yaml",
]
TYPES: Final = ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf", "x/y", ";", *PATCHES]
LEAVES: Final = [
    None,
    True,
    0,
    -1,
    1,
    2**31,
    2**70,
    1.5,
    "",
    "a",
    "A b",
    "1Gi",
    "-5",
    "80",
    "x" * 300,
    "2026-01-01T00:00:00Z",
    "50%",
    "\ud83d\ude00",
    "Always",
    [],
    {},
    [[]],
    [{}],
    {"a": None},
    ["a", "a"],
    {"$patch": "delete"},
]
KEYS: Final = [
    "name",
    "namespace",
    "labels",
    "finalizers",
    "ownerReferences",
    "uid",
    "resourceVersion",
    "generateName",
    "deletionTimestamp",
    "spec",
    "status",
    "containers",
    "selector",
    "$patch",
    "$retainKeys",
    "$setElementOrder/containers",
    "managedFields",
    "annotations",
    "kind",
    "apiVersion",
    "rules",
    "expression",
    "x-kubernetes-validations",
]


def changed(random: Random, tree: Any) -> Any:
    """Return a tree with a few things changed, removed, added or twice."""
    tree = copy.deepcopy(tree)
    for _ in range(random.choice([0, 1, 1, 2, 4])):
        node, path = tree, 0
        while path < 6 and random.random() < 0.75:
            children = [
                value
                for value in (node.values() if isinstance(node, dict) else node)
                if isinstance(value, dict | list) and value
            ]
            if not children:
                break
            node, path = random.choice(children), path + 1
        change(random, node)
    return tree


def change(random: Random, node: Any) -> None:
    if isinstance(node, dict):
        key = random.choice([*node, random.choice(KEYS)])
        if random.random() < 0.3:
            node.pop(key, None)
        else:
            node[key] = copy.deepcopy(random.choice(LEAVES))
    elif node:
        at = random.randrange(len(node))
        match random.randrange(3):
            case 0:
                del node[at]
            case 1:
                node.append(copy.deepcopy(node[at]))
            case _:
                node[at] = copy.deepcopy(random.choice(LEAVES))


def json_patch(random: Random) -> Any:
    places = [
        "/metadata/labels/a",
        "/spec",
        "/spec/x",
        "/metadata/finalizers/-",
        "/data/k",
        "",
        "x",
        "/metadata/name",
        "/~2",
    ]
    operations = ["add", "remove", "replace", "move", "copy", "test", "x"]
    return [
        {
            "op": random.choice(operations),
            "path": random.choice(places),
            "from": random.choice(places),
            "value": random.choice(LEAVES),
        }
        for _ in range(random.randrange(4))
    ]


def body_of(random: Random, tree: Any, type: str) -> bytes | None:
    kind = random.random()
    if kind < 0.05:
        return random.randbytes(random.randrange(60))
    if kind < 0.08:
        return b"k8s\0" + random.randbytes(random.randrange(60))
    if kind < 0.1:
        return None
    wanted = json_patch(random) if type.startswith("application/json-patch") and kind < 0.9 else changed(random, tree)
    if type.endswith("yaml") and kind < 0.6:
        return yaml.safe_dump(wanted).encode(errors="replace")
    text = json.dumps(wanted).encode()
    return text[: random.randrange(len(text))] if kind > 0.97 else text


def request(random: Random) -> tuple[str, str, bytes | None, dict[str, str], dict[str, str]]:
    """Return method, path, body, query and headers."""
    path, tree = random.choice(GOOD)
    method = random.choice(
        [
            "GET",
            "POST",
            "POST",
            "POST",
            "PUT",
            "PUT",
            "PATCH",
            "PATCH",
            "PATCH",
            "PATCH",
            "PUT",
            "DELETE",
            "HEAD",
            "OPTIONS",
        ]
    )
    if random.random() < 0.1:
        path = random.choice(PAGES)
    elif method == "POST" and random.random() < 0.9:
        if random.random() < 0.7:
            tree = {**tree, "metadata": {**tree["metadata"], "name": f"n{random.randrange(10**6)}"}}
    else:
        name = tree["metadata"]["name"] if random.random() < 0.8 else random.choice(NAMES)
        path += f"/{quote(name, safe='')}{random.choice(SUBRESOURCES)}" if random.random() < 0.85 else ""
    query = {name: random.choice(QUERIES[name]) for name in random.sample(list(QUERIES), random.choice([0, 0, 1, 2]))}
    type = random.choice(PATCHES) if method == "PATCH" else random.choice(["application/json"] * 20 + TYPES)
    headers = {"Accept": random.choice(["application/json"] * 12 + ACCEPT), "Content-Type": type}
    body = None if method in ("GET", "HEAD") else body_of(random, tree, type)
    return method, path, body, query, headers


@pytest.fixture(scope="module")
def fuzzed() -> Iterator[Any]:
    with SyncCluster(components=("apiserver",)) as cluster:
        yield cluster


async def begin(api: Any) -> None:
    """Make what the requests are about."""
    await asyncio.gather(*(api.post(path, tree) for path, tree in GOOD))


def proper(seed: int, sent: Any, answer: Any) -> None:
    """Fail unless an answer is one that Kubernetes might give, too."""
    context = (seed, sent, answer)
    # Two failures are Kubernetes' own 500s: they have a message and no reason.
    unexplained = answer.status == 500 and b"nternal" not in answer.raw
    future = answer.status == 504 and b"Too large resource version" in answer.raw
    # What requests are passed on to may not be there, and that is said.
    said = sent[0] == "HEAD" or b"ServiceUnavailable" in answer.raw
    elsewhere = answer.status == 503 and "/proxy" in sent[1] and said
    assert answer.status < 500 or unexplained or future or elsewhere, context
    if answer.status >= 400 and sent[0] != "HEAD" and answer.headers["Content-Type"] == "application/json":
        tree = answer.tree
        assert (tree["kind"], tree["status"], tree["code"]) == ("Status", "Failure", answer.status), context
        assert 0 < len(tree["message"]) < 100_000, context


@pytest.mark.parametrize("shard", range(SHARDS))
def test_no_request_is_too_odd_for_a_proper_answer(fuzzed: SyncCluster, connect: Any, shard: int) -> None:
    seen: Counter[int] = Counter()

    async def attack(seed: int) -> None:
        random = Random(f"{shard}/{seed}")
        async with connect(fuzzed) as api:
            if random.random() < 0.3:
                await begin(api)

            async def one(sent: Any) -> None:
                method, path, body, query, headers = sent
                async with asyncio.timeout(20):
                    answer = await api(method, path, body, query=query, headers=headers, type=headers["Content-Type"])
                seen[answer.status] += 1
                proper(seed, sent, answer)

            await asyncio.gather(*(one(request(random)) for _ in range(AT_ONCE)))

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(st.integers(0, 2**32))
    def run(seed: int) -> None:
        fuzzed.run(attack(seed))

    async def alive() -> bytes:
        async with connect(fuzzed) as api:
            return bytes((await api.get("/readyz")).raw)

    run()
    assert sum(seen.values()) >= EXAMPLES * AT_ONCE
    assert min(seen[200], seen[201], seen[404], seen[422]) > 50, seen
    assert fuzzed.run(alive()) == b"ok"


@asynccontextmanager
async def objects_of(cluster: SyncCluster) -> AsyncIterator[Any]:
    files = certificates.credentials(cluster.kubeconfig.parent / "pki", "admin").read()
    credentials = grpc.ssl_channel_credentials(files.ca, files.key, files.certificate)
    async with grpc.aio.secure_channel(cluster.address, credentials) as channel:
        yield ObjectsStub(channel)


def call(random: Random, objects: Any) -> Any:
    """Return a call under way."""
    _, path, body, _, headers = request(random)
    place = path.strip("/").split("/")
    resource = pb.Resource(
        group=random.choice(["", "apps", "example.com", place[1] if len(place) > 1 else "x"]),
        version=random.choice(["v1", "v2", ""]),
        resource=random.choice(["configmaps", "pods", "deployments", "things", place[-1]]),
        subresource=random.choice(["", "", "status", "scale", "x"]),
    )
    where = {
        "resource": resource,
        "namespace": random.choice(["default", "", "x"]),
        "name": random.choice(["a", "", "x"]),
    }
    content = pb.Object(content_type=headers["Content-Type"], body=body or b"")
    match random.randrange(6):
        case 0:
            return objects.Create(pb.WriteRequest(object=content, **where))
        case 1:
            return objects.Update(pb.WriteRequest(object=content, **where))
        case 2:
            return objects.Patch(pb.PatchRequest(patch=content, **where))
        case 3:
            return objects.Delete(pb.DeleteRequest(**where))
        case 4:
            write = pb.Write(create=pb.WriteRequest(object=content, **where))
            return objects.Batch(pb.BatchRequest(writes=[write, pb.Write()]))
    return objects.Get(pb.ObjectRequest(content_type=headers["Accept"][:30], **where))


def test_no_grpc_call_is_too_odd_for_a_proper_answer(fuzzed: SyncCluster) -> None:
    async def attack(seed: int) -> None:
        random = Random(seed)
        async with objects_of(fuzzed) as objects:
            for _ in range(AT_ONCE):
                try:
                    await call(random, objects)
                except grpc.aio.AioRpcError as error:
                    # What Kubernetes leaves unexplained is INTERNAL, too, but never this.
                    assert error.code() not in (grpc.StatusCode.UNKNOWN, grpc.StatusCode.UNAVAILABLE), (seed, error)
                    assert "Internal error" not in (error.details() or ""), (seed, error)

    @settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(st.integers(0, 2**32))
    def run(seed: int) -> None:
        fuzzed.run(attack(seed))

    run()
