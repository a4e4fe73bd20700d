"""Pods out of manifests: of pods themselves, and of workloads that would make them; and the claims that they name."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeVar

import orjson
import yaml
from google.protobuf.message import Message

from kobune.api.core.v1 import Node, PersistentVolumeClaim, Pod
from kobune.api.resource.v1 import DeviceClass, ResourceClaim, ResourceClaimTemplate, ResourceSlice
from kobune.api.scheduling.v1alpha2 import PodGroup
from kobune.apimachinery import codec
from kobune.apimachinery.kinds import kind_of

M = TypeVar("M", bound=Message)

CLAIM: Final = "PersistentVolumeClaim"

ELSEWHERE: Final = {
    "DaemonSet": "how many pods a DaemonSet makes depends on the nodes: give a pod of it",
    "PodTemplate": "a PodTemplate makes no pods by itself",
}
"""What has a template, and yet cannot be tried."""


BESIDE: Final[Mapping[str, tuple[str, Any]]] = {
    "DeviceClass": ("deviceclasses", DeviceClass),
    "ResourceSlice": ("resourceslices", ResourceSlice),
    "ResourceClaim": ("resourceclaims", ResourceClaim),
    "ResourceClaimTemplate": ("resourceclaimtemplates", ResourceClaimTemplate),
    "PodGroup": ("podgroups", PodGroup),
}
"""What pods look at besides: the plural name of each kind, and its message."""


class BadManifest(ValueError):
    """A document is of no use here; says which, and why."""


def pods_of(text: str) -> list[Pod]:
    """Return the pods of YAML documents; of a workload, as many as it wants."""
    pods: list[Pod] = []
    for number, tree in _documents(text):
        kind = tree.get("kind")
        meta = tree.get("metadata") or {}
        spec = tree.get("spec") or {}
        if kind == "Pod":
            pods.append(_pod(tree, meta.get("name") or f"pod-{number}", meta.get("namespace"), number))
        elif kind == CLAIM or kind in BESIDE:
            continue
        elif kind in ELSEWHERE:
            raise BadManifest(f"document {number}: {ELSEWHERE[kind]}")
        elif isinstance(template := spec.get("template"), dict):
            count = spec.get("replicas", spec.get("parallelism", 1))
            labelled = {"metadata": template.get("metadata") or {}, "spec": template.get("spec") or {}}
            for at in range(count):
                pod = _pod(labelled, f"{meta.get('name', kind)}-{at}", meta.get("namespace"), number)
                for claimed in _templates(spec):
                    source = pod.spec.volumes.add(name=claimed).volumeSource.persistentVolumeClaim
                    source.claimName = f"{claimed}-{pod.metadata.name}"
                pods.append(pod)
        else:
            raise BadManifest(f"document {number}: a {kind} makes no pods")
    return pods


def claims_of(text: str) -> list[PersistentVolumeClaim]:
    """Return the claims of YAML documents; of a StatefulSet, one of each template for each pod."""
    claims: list[PersistentVolumeClaim] = []
    for number, tree in _documents(text):
        meta, spec = tree.get("metadata") or {}, tree.get("spec") or {}
        if tree.get("kind") == CLAIM:
            claims.append(_claim(tree, meta.get("name") or f"claim-{number}", meta.get("namespace"), number))
            continue
        for name, template in _templates(spec).items():
            for at in range(spec.get("replicas", 1)):
                named = f"{name}-{meta.get('name', tree.get('kind'))}-{at}"
                claims.append(_claim(template, named, meta.get("namespace"), number))
    return claims


def _templates(spec: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the templates of claims, by name."""
    return {(one.get("metadata") or {}).get("name", ""): one for one in spec.get("volumeClaimTemplates") or ()}


def _claim(tree: dict[str, Any], name: str, namespace: str | None, number: int) -> PersistentVolumeClaim:
    parts: dict[str, Any] = {key: tree[key] for key in ("metadata", "spec") if key in tree}
    claim = _decoded(PersistentVolumeClaim, parts, number)
    claim.metadata.name = name
    claim.metadata.namespace = claim.metadata.namespace or namespace or "default"
    return claim


def beside(text: str) -> list[tuple[str, Any]]:
    """Return what YAML documents have beside pods that these look at: each with the plural name of its kind."""
    found: list[tuple[str, Any]] = []
    for number, tree in _documents(text):
        if (known := BESIDE.get(str(tree.get("kind")))) is None:
            continue
        plural, kind = known
        item = _decoded(kind, {key: tree[key] for key in ("metadata", "spec") if key in tree}, number)
        if kind_of(kind).namespaced and not item.metadata.namespace:
            item.metadata.namespace = "default"
        found.append((plural, item))
    return found


def node_of(text: str) -> Node:
    """Return the node of a YAML document; what it can take is its allocatable, or else its capacity."""
    (_, tree), *_ = list(_documents(text)) or [(0, {})]
    if tree.get("kind", "Node") != "Node":
        raise BadManifest(f"it is a {tree['kind']}, and no Node")
    node = _decoded(Node, tree, 1)
    if not node.status.allocatable:
        for name, amount in node.status.capacity.items():
            node.status.allocatable[name].CopyFrom(amount)
    if not node.status.allocatable:
        raise BadManifest("the node has neither status.allocatable nor status.capacity")
    return node


def _pod(tree: dict[str, Any], name: str, namespace: str | None, number: int) -> Pod:
    pod = _decoded(Pod, {key: tree[key] for key in ("metadata", "spec") if key in tree}, number)
    pod.metadata.name = name
    pod.metadata.namespace = pod.metadata.namespace or namespace or "default"
    pod.metadata.uid = f"what-if-{number}-{name}"
    pod.spec.ClearField("nodeName")
    return pod


def _decoded(kind: type[M], tree: dict[str, Any], number: int) -> M:
    try:
        message, unknown = codec.decode(kind, orjson.dumps(tree))
    except codec.Undecodable as error:
        raise BadManifest(f"document {number}: {error}") from None
    if unknown:
        raise BadManifest(f"document {number}: unknown field {unknown[0]}")
    return message


def _documents(text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        found = list(yaml.safe_load_all(text))
    except yaml.YAMLError as error:
        raise BadManifest(str(error)) from None
    for number, tree in enumerate(found, start=1):
        if tree is None:
            continue
        if not isinstance(tree, dict):
            raise BadManifest(f"document {number} is no object")
        yield number, tree
