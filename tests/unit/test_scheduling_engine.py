"""The columnar engine decides what the readable evaluation decides, whatever happens in between."""

from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kobune.api.core.v1 import Node, Pod
from kobune.scheduler.defaults import default_profile
from kobune.scheduler.engine.columnar import Columnar
from kobune.scheduler.framework import Placed, Unschedulable, decide
from kobune.scheduler.podinfo import PodInfo
from kobune.scheduler.snapshot import Snapshot

ZONES = st.sampled_from(["", "a", "b", "c"])
EFFECTS = st.sampled_from(["NoSchedule", "PreferNoSchedule", "NoExecute"])
IMAGES = ("small:1", "large:1")

nodes = st.fixed_dictionaries(
    {
        "cpu": st.integers(0, 4),
        "memory": st.integers(0, 4),
        "pods": st.integers(1, 4),
        "gpu": st.integers(0, 2),
        "zone": ZONES,
        "taints": st.lists(st.tuples(st.sampled_from(["k", "l"]), st.sampled_from(["v", ""]), EFFECTS), max_size=2),
        "cordoned": st.booleans(),
        "images": st.lists(st.sampled_from(IMAGES), max_size=2, unique=True),
    }
)
terms = st.fixed_dictionaries(
    {
        "operator": st.sampled_from(["In", "NotIn", "Exists", "DoesNotExist"]),
        "key": st.sampled_from(["zone", "none"]),
        "values": st.lists(st.sampled_from(["a", "b"]), min_size=1, max_size=2, unique=True),
        "weight": st.integers(1, 100),
    }
)
pods = st.fixed_dictionaries(
    {
        "cpu": st.sampled_from(["", "500m", "1", "2"]),
        "memory": st.sampled_from(["", "1", "2"]),
        "gpu": st.sampled_from(["", "1"]),
        "selector": ZONES,
        "required": st.lists(terms, max_size=1),
        "preferred": st.lists(terms, max_size=2),
        "tolerates": st.lists(st.sampled_from(["k", "l"]), max_size=1),
        "port": st.sampled_from([0, 0, 80]),
        "image": st.sampled_from(IMAGES),
        "priority": st.sampled_from([0, 0, 10]),
        "node_field": st.sampled_from(["", "", "", "n0"]),
    }
)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("pod"), st.integers(0, 2)),
        st.tuples(st.just("gone"), st.integers(0, 20)),
        st.tuples(st.just("node"), nodes, st.integers(0, 5)),
        st.tuples(st.just("lost"), st.integers(0, 5)),
    ),
    min_size=1,
    max_size=25,
)


def node_of(name: str, facts: dict[str, Any]) -> Node:
    node = Node(metadata={"name": name, "labels": {"zone": facts["zone"]} if facts["zone"] else {}})
    for resource in ("cpu", "memory", "pods"):
        node.status.allocatable[resource].string = str(facts[resource])
    if facts["gpu"]:
        node.status.allocatable["example.com/gpu"].string = str(facts["gpu"])
    for key, value, effect in facts["taints"]:
        node.spec.taints.add(key=key, value=value, effect=effect)
    node.spec.unschedulable = facts["cordoned"]
    for image in facts["images"]:
        node.status.images.add(names=[image], sizeBytes=(800 if "large" in image else 10) * 2**20)
    return node


def pod_of(name: str, facts: dict[str, Any]) -> PodInfo:
    pod = Pod(metadata={"name": name, "namespace": "default", "uid": name})
    container = pod.spec.containers.add(name="main", image=facts["image"])
    for resource, amount in (("cpu", facts["cpu"]), ("memory", facts["memory"]), ("example.com/gpu", facts["gpu"])):
        if amount:
            container.resources.requests[resource].string = amount
    pod.spec.priority = facts["priority"]
    if facts["selector"]:
        pod.spec.nodeSelector["zone"] = facts["selector"]
    affinity = pod.spec.affinity.nodeAffinity
    for term in facts["required"]:
        one = affinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms.add()
        one.matchExpressions.add(key=term["key"], operator=term["operator"], values=values(term))
    if facts["node_field"]:
        one = affinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms.add()
        one.matchFields.add(key="metadata.name", operator="In", values=[facts["node_field"]])
    for term in facts["preferred"]:
        one = affinity.preferredDuringSchedulingIgnoredDuringExecution.add(weight=term["weight"])
        one.preference.matchExpressions.add(key=term["key"], operator=term["operator"], values=values(term))
    for key in facts["tolerates"]:
        pod.spec.tolerations.add(key=key, operator="Exists")
    if facts["port"]:
        container.ports.add(containerPort=80, hostPort=facts["port"])
    return PodInfo(pod)


def values(term: dict[str, Any]) -> list[str]:
    return term["values"] if "In" in term["operator"] else []


@settings(max_examples=400, deadline=None)
@given(
    first=st.lists(nodes, min_size=1, max_size=12),
    templates=st.lists(pods, min_size=3, max_size=3),
    what=steps,
    seed=st.integers(0, 9),
)
def test_it_decides_as_the_reference_does(first: Any, templates: Any, what: Any, seed: int) -> None:
    profile, cluster = default_profile(), Snapshot()
    engine = Columnar(cluster)
    for number, facts in enumerate(first):
        cluster.set_node(node_of(f"n{number}", facts))
    placed: list[str] = []
    waiting: list[PodInfo] = []
    for number, (kind, *more) in enumerate(what):
        plain = engine.plain
        if kind == "node":
            cluster.set_node(node_of(f"n{more[1]}", more[0]))
        elif kind == "lost":
            cluster.remove_node(f"n{more[0]}")
        elif kind == "gone":
            if placed:
                cluster.remove(placed.pop(more[0] % len(placed)))
        else:
            pod = waiting.pop() if waiting and number % 2 else pod_of(f"p{number}", templates[more[0]])
            expected = decide(profile, pod, cluster.fork(), Random(seed))
            found = engine.decide(profile, pod, Random(seed))
            assert found == expected
            assert engine.plain == plain or templates[more[0]]["node_field"]
            match found:
                case Placed(node):
                    cluster.withdraw(pod.metadata.uid)
                    cluster.place(pod, node)
                    placed.append(pod.metadata.uid)
                    info = cluster.node(node)
                    assert info is not None
                    assert all(amount <= info.allocatable.get(name, 0) for name, amount in info.requested.items())
                case Unschedulable(nominated=made):
                    assert found.message == expected.message  # type: ignore[union-attr]
                    if made is not None:
                        assert all(victim.spec.priority < pod.spec.priority for victim in made.victims)
                        for victim in made.victims[more[0] :]:  # some take their time
                            cluster.remove(victim.metadata.uid)
                            placed.remove(victim.metadata.uid)
                        cluster.nominate(pod, made.node)
                        pod.pod.status.nominatedNodeName = made.node
                        waiting.append(pod)
