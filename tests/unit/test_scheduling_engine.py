"""The columnar engine decides what the readable evaluation decides, whatever happens in between."""

from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kobune.api.core.v1 import Namespace, Node, Pod, Service
from kobune.scheduler.defaults import default_profile
from kobune.scheduler.engine.columnar import Columnar
from kobune.scheduler.engine.population import Population
from kobune.scheduler.framework import Decision, Nominated, Placed, Profile, Unschedulable, decide
from kobune.scheduler.podinfo import PodInfo, Traits
from kobune.scheduler.snapshot import Snapshot

HOST = "kubernetes.io/hostname"
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
wishes = st.fixed_dictionaries(
    {
        "how": st.sampled_from(["near", "apart", "rather near", "rather apart"]),
        "app": st.sampled_from(["a", "b", None]),
        "key": st.sampled_from(["zone", "rack", HOST]),
        "namespaces": st.sampled_from([None, None, "listed", "all", "selected"]),
        "weight": st.integers(1, 100),
    }
)
spreads = st.fixed_dictionaries(
    {
        "key": st.sampled_from(["zone", "rack", HOST]),
        "when": st.sampled_from(["DoNotSchedule", "ScheduleAnyway"]),
        "skew": st.integers(1, 2),
        "app": st.sampled_from(["a", "b", "a", None]),
        "domains": st.sampled_from([0, 0, 3]),
        "affinity": st.sampled_from(["", "Ignore"]),
        "taints": st.sampled_from(["", "Honor"]),
        "revision": st.booleans(),
    }
)
sociable_nodes = st.fixed_dictionaries(
    {
        "pods": st.integers(1, 6),
        "zone": st.sampled_from(["a", "b", "c", "a", "b", "c", ""]),
        "rack": st.sampled_from(["1", "2", "1", "2", "", "empty"]),
        "host": st.sampled_from(["own", "own", "own", "own", "shared", ""]),
        "taints": st.sampled_from([[], [], [], [("k", "v", "NoSchedule")], [("k", "v", "PreferNoSchedule")]]),
    }
)
sociable_pods = st.fixed_dictionaries(
    {
        "app": st.sampled_from(["a", "b"]),
        "revision": st.sampled_from(["", "1", "2"]),
        "namespace": st.sampled_from(["one", "two"]),
        "selector": st.sampled_from(["", "", "", "a"]),
        "tolerates": st.lists(st.just("k"), max_size=1),
        "wishes": st.lists(wishes, max_size=3),
        "spreads": st.lists(spreads, max_size=2, unique_by=lambda spread: (spread["key"], spread["when"])),
        "priority": st.sampled_from([0, 0, 10]),
    }
)


def node_of(name: str, facts: dict[str, Any]) -> Node:
    node = Node(metadata={"name": name, "labels": {"zone": facts["zone"]} if facts["zone"] else {}})
    for resource in ("cpu", "memory", "pods"):
        node.status.allocatable[resource].string = str(facts.get(resource, 4))
    if rack := facts.get("rack"):
        node.metadata.labels["rack"] = "" if rack == "empty" else rack
    if host := facts.get("host"):
        node.metadata.labels[HOST] = name if host == "own" else host
    if facts.get("gpu"):
        node.status.allocatable["example.com/gpu"].string = str(facts["gpu"])
    for key, value, effect in facts["taints"]:
        node.spec.taints.add(key=key, value=value, effect=effect)
    node.spec.unschedulable = facts.get("cordoned", False)
    for image in facts.get("images", ()):
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


def sociable_pod_of(name: str, facts: dict[str, Any]) -> PodInfo:
    pod = Pod(metadata={"name": name, "namespace": facts["namespace"], "uid": name, "labels": {"app": facts["app"]}})
    if facts["revision"]:
        pod.metadata.labels["revision"] = facts["revision"]
    pod.spec.containers.add(name="main")
    pod.spec.priority = facts["priority"]
    if facts["selector"]:
        pod.spec.nodeSelector["zone"] = facts["selector"]
    for key in facts["tolerates"]:
        pod.spec.tolerations.add(key=key, operator="Exists")
    for wish in facts["wishes"]:
        affinity = pod.spec.affinity
        wanted = affinity.podAffinity if "near" in wish["how"] else affinity.podAntiAffinity
        if "rather" in wish["how"]:
            weighted = wanted.preferredDuringSchedulingIgnoredDuringExecution.add(weight=wish["weight"])
            term = weighted.podAffinityTerm
        else:
            term = wanted.requiredDuringSchedulingIgnoredDuringExecution.add()
        term.topologyKey = wish["key"]
        select(term, wish["app"])
        if wish["namespaces"] == "listed":
            term.namespaces.append("one")
        elif wish["namespaces"] is not None:
            term.namespaceSelector.SetInParent()
            if wish["namespaces"] == "selected":
                term.namespaceSelector.matchLabels["team"] = "red"
    for spread in facts["spreads"]:
        asked = pod.spec.topologySpreadConstraints.add(
            topologyKey=spread["key"],
            whenUnsatisfiable=spread["when"],
            maxSkew=spread["skew"],
            nodeAffinityPolicy=spread["affinity"],
            nodeTaintsPolicy=spread["taints"],
        )
        select(asked, spread["app"])
        if spread["domains"] and spread["when"] == "DoNotSchedule":
            asked.minDomains = spread["domains"]
        if spread["revision"]:
            asked.matchLabelKeys.append("revision")
    return PodInfo(pod)


def select(term: Any, app: str | None) -> None:
    term.labelSelector.SetInParent()
    if app is not None:
        term.labelSelector.matchLabels["app"] = app


def values(term: dict[str, Any]) -> list[str]:
    return term["values"] if "In" in term["operator"] else []


def test_ten_thousand_decisions_are_those_of_the_reference() -> None:
    decided = 0

    @settings(max_examples=300, deadline=None)
    @given(
        facts=st.lists(nodes, min_size=1, max_size=12),
        templates=st.lists(pods, min_size=4, max_size=4),
        length=st.integers(1, 40),
        seed=st.integers(0, 2**32),
    )
    def alone(facts: Any, templates: Any, length: int, seed: int) -> None:
        nonlocal decided
        decided += play(facts, templates, steps(facts, length, Random(seed)), seed, pod_of)

    @settings(max_examples=600, deadline=None)
    @given(
        facts=st.lists(sociable_nodes, min_size=3, max_size=9),
        templates=st.lists(sociable_pods, min_size=4, max_size=4),
        length=st.integers(1, 60),
        seed=st.integers(0, 2**32),
    )
    def beside_others(facts: Any, templates: Any, length: int, seed: int) -> None:
        nonlocal decided
        decided += play(facts, templates, steps(facts, length, Random(seed)), seed, sociable_pod_of)

    alone()
    beside_others()
    assert decided >= 10_000


def steps(facts: list[dict[str, Any]], length: int, random: Random) -> Iterator[tuple[Any, ...]]:
    """Yield what happens: mostly pods, of which many are to be decided before things go wrong."""
    for _ in range(length):
        yield random.choices(
            [
                ("pod", random.randrange(4)),
                ("gone", random.randrange(20)),
                ("leaving", random.randrange(20)),
                ("node", random.choice(facts), random.randrange(len(facts))),
                ("lost", random.randrange(len(facts))),
                ("team", random.choice(["one", "two"]), random.choice(["red", "blue"])),
                ("service", random.choice(["one", "two"]), random.choice(["a", "b", ""])),
            ],
            [40, 4, 2, 2, 1, 2, 2],
        )[0]


def play(first: Any, templates: Any, what: Any, seed: int, make: Callable[[str, dict[str, Any]], PodInfo]) -> int:
    """Let things happen to a cluster, and compare what is decided in between. Return how many decisions there were."""
    decided = 0
    profile, cluster = default_profile(), Snapshot()
    engine = Columnar(cluster)
    for number, facts in enumerate(first):
        cluster.set_node(node_of(f"n{number}", facts))
    placed: list[PodInfo] = []
    waiting: list[PodInfo] = []
    for number, (kind, *more) in enumerate(what):
        if kind == "node":
            cluster.set_node(node_of(f"n{more[1]}", more[0]))
        elif kind == "lost":
            cluster.remove_node(f"n{more[0]}")
        elif kind == "gone":
            if placed:
                cluster.remove(placed.pop(more[0] % len(placed)).metadata.uid)
        elif kind == "leaving":
            if placed:
                leave(cluster, placed[more[0] % len(placed)])
        elif kind == "team":
            cluster.objects.set("namespaces", Namespace(metadata={"name": more[0], "labels": {"team": more[1]}}))
        elif kind == "service":
            service = Service(metadata={"name": "s", "namespace": more[0]})
            if more[1]:
                service.spec.selector["app"] = more[1]
            cluster.objects.set("services", service)
        else:
            facts = templates[more[0]]
            pod = waiting.pop() if waiting and number % 2 else make(f"p{number}", facts)
            decided += 1
            plain = engine.plain
            decision = decide_twice(profile, pod, cluster, engine, seed)
            assert engine.plain == plain or facts.get("node_field")
            match decision:
                case Placed(node):
                    cluster.withdraw(pod.metadata.uid)
                    cluster.place(pod, node)
                    told = PodInfo.parse(pod.pod.SerializeToString())
                    cluster.place(told, node)  # as it comes back from the apiserver
                    told.pack()
                    placed.append(told)
                case Unschedulable(nominated=Nominated(node, victims)):
                    for victim in victims[more[0] :]:  # some take their time
                        cluster.remove(victim.metadata.uid)
                        placed[:] = [other for other in placed if other.metadata.uid != victim.metadata.uid]
                    cluster.nominate(pod, node)
                    pod.pod.status.nominatedNodeName = node
                    waiting.append(pod)

    anew = Population()
    for row, node in enumerate(engine.table.nodes):
        for pod in node.pods if node is not None else ():
            anew.count(row, pod, 1)
    assert counts(engine.table.population) == counts(anew)
    return decided


def counts(population: Population) -> dict[Traits, dict[int, int]]:
    return {kin.pod.traits: kin.rows for kin in population.kins}


def decide_twice(profile: Profile, pod: PodInfo, cluster: Snapshot, engine: Columnar, seed: int) -> Decision:
    """Return what is decided, which has to make sense and to be the same both ways."""
    expected = decide(profile, pod, cluster.fork(), Random(seed))
    found = engine.decide(profile, pod, Random(seed))
    assert found == expected
    match found:
        case Placed(node):
            info = cluster.node(node)
            assert info is not None
            for name, amount in pod.requests.items():
                assert info.requested.get(name, 0) + amount <= info.allocatable.get(name, 0)
        case Unschedulable(nominated=made):
            assert isinstance(expected, Unschedulable)
            assert found.message == expected.message
            if made is not None:
                assert all(victim.spec.priority < pod.spec.priority for victim in made.victims)
    return found


def leave(cluster: Snapshot, pod: PodInfo) -> None:
    """Tell that a pod is being deleted, which may happen on a node that is gone."""
    leaving = Pod()
    leaving.CopyFrom(pod.pod)
    leaving.metadata.deletionTimestamp.seconds = 1
    node = cluster.place_of(pod.metadata.uid)
    assert node is not None
    cluster.place(PodInfo(leaving), node)
