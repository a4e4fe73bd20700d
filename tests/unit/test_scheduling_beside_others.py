"""Affinity between pods, and how they spread: the cases that the documentation tells of."""

from random import Random
from typing import Any

import pytest

from kobune.api.apps.v1 import ReplicaSet
from kobune.api.core.v1 import Namespace, Node, Pod, Service, TopologySpreadConstraint
from kobune.apiserver.registry.label_keys import take_label_keys
from kobune.apiserver.registry.validation.pods.scheduling import affinity
from kobune.apiserver.registry.validation.pods.scheduling import spread as constraints_of
from kobune.scheduler.defaults import default_profile
from kobune.scheduler.framework import Evaluation, Placed, Profile, Unschedulable, decide
from kobune.scheduler.plugins.inter_pod_affinity import InterPodAffinity
from kobune.scheduler.plugins.pod_topology_spread import PodTopologySpread
from kobune.scheduler.podinfo import PodInfo
from kobune.scheduler.snapshot import Snapshot

HOST, ZONE = "kubernetes.io/hostname", "topology.kubernetes.io/zone"


def cluster_of(**zones: str) -> Snapshot:
    """Nodes by name, with their zones; none for a node without that label."""
    cluster = Snapshot()
    for name, zone in zones.items():
        labels = {HOST: name, **({ZONE: zone} if zone else {})}
        node = Node(metadata={"name": name, "labels": labels})
        for resource, amount in (("cpu", "8"), ("memory", "8Gi"), ("pods", "110")):
            node.status.allocatable[resource].string = amount
        cluster.set_node(node)
    return cluster


def pod(name: str, app: str, /, namespace: str = "default", **spec: Any) -> PodInfo:
    made = Pod(metadata={"name": name, "namespace": namespace, "uid": f"uid-{namespace}-{name}"}, spec=spec)
    made.metadata.labels["app"] = app
    made.spec.containers.add(name="main")
    return PodInfo(made)


def term(app: str, key: str = ZONE, /, **more: Any) -> dict[str, Any]:
    return {"topologyKey": key, "labelSelector": {"matchLabels": {"app": app}}, **more}


def near(*terms: dict[str, Any]) -> dict[str, Any]:
    return {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": list(terms)}}


def apart(*terms: dict[str, Any]) -> dict[str, Any]:
    return {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": list(terms)}}


def rather(how: str, weight: int, wish: dict[str, Any]) -> dict[str, Any]:
    return {how: {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": weight, "podAffinityTerm": wish}]}}


def spread(
    app: str, key: str = ZONE, when: str = "DoNotSchedule", skew: int = 1, /, **more: Any
) -> TopologySpreadConstraint:
    selector = {"matchLabels": {"app": app}}
    return TopologySpreadConstraint(
        topologyKey=key, maxSkew=skew, whenUnsatisfiable=when, labelSelector=selector, **more
    )


def fitting(cluster: Snapshot, wanted: PodInfo) -> set[str]:
    found = Evaluation(default_profile(), wanted, cluster)
    return {node.name for node in cluster.nodes if found.why_not(node) is None}


def reasons(cluster: Snapshot, wanted: PodInfo) -> str:
    decision = decide(default_profile(), wanted, cluster, Random(1))
    assert isinstance(decision, Unschedulable)
    return decision.message


def scores(cluster: Snapshot, wanted: PodInfo, plugin: Any) -> dict[str, float]:
    found = Evaluation(Profile("one", (plugin,)), wanted, cluster).rate(cluster.nodes)
    return dict(found.scores.get(type(plugin).__name__, {}))


# Affinity between pods.


def test_a_pod_goes_where_the_pods_are_that_it_wants_to_be_near() -> None:
    cluster = cluster_of(a="east", b="east", c="west", d="")
    cluster.place(pod("cache", "cache"), "a")
    wanted = pod("web", "web", affinity=near(term("cache")))
    assert fitting(cluster, wanted) == {"a", "b"}
    cluster.remove("uid-default-cache")
    assert "4 node(s) didn't match pod affinity rules. " in reasons(cluster, wanted)
    assert "4 Preemption is not helpful for scheduling" in reasons(cluster, wanted)


def test_all_terms_have_to_hold_for_the_same_pod() -> None:
    cluster = cluster_of(a="east", b="west")
    cluster.place(pod("cache", "cache"), "a")
    other = pod("store", "store")
    other.pod.metadata.labels["tier"] = "data"
    cluster.place(other, "a")
    data = {"topologyKey": ZONE, "labelSelector": {"matchLabels": {"tier": "data"}}}
    assert fitting(cluster, pod("web", "web", affinity=near(term("cache"), data))) == set()
    assert fitting(cluster, pod("web", "web", affinity=near(term("store"), data))) == {"a"}


def test_the_first_pod_that_wants_to_be_near_its_like_may_start_anywhere_with_the_label() -> None:
    cluster = cluster_of(a="east", b="west", c="")
    first, second = (pod(name, "web", affinity=near(term("web"))) for name in ("first", "second"))
    assert fitting(cluster, first) == {"a", "b"}
    cluster.place(first, "b")
    assert fitting(cluster, second) == {"b"}


def test_a_pod_keeps_apart_from_others_and_they_from_it() -> None:
    cluster = cluster_of(a="east", b="east", c="west")
    loner = pod("loner", "loner", affinity=apart(term("web"), term("loner")))
    cluster.place(pod("web", "web"), "a")
    assert fitting(cluster, loner) == {"c"}
    cluster.place(loner, "c")
    assert fitting(cluster, pod("web2", "web")) == {"a", "b"}
    assert fitting(cluster, pod("other", "other")) == {"a", "b", "c"}
    cluster.place(pod("web3", "web"), "c")
    message = reasons(cluster, pod("loner2", "loner", affinity=apart(term("web"), term("loner"))))
    assert message.startswith("0/3 nodes are available: 3 node(s) didn't match pod anti-affinity rules.")
    cluster.remove_node("a")
    cluster.remove_node("b")
    message = reasons(cluster, pod("web4", "web"))
    assert message.startswith("0/1 nodes are available: 1 node(s) didn't satisfy existing pods anti-affinity rules.")


def test_a_host_takes_one_pod_that_keeps_apart_from_its_like_until_it_leaves() -> None:
    cluster = cluster_of(a="east", b="east")
    alone = {"affinity": apart(term("web", HOST))}
    cluster.place(pod("p0", "web", **alone), "a")
    assert fitting(cluster, pod("next", "web", **alone)) == {"b"}
    cluster.place(pod("p1", "web", **alone), "b")
    assert fitting(cluster, pod("next", "web", **alone)) == set()
    cluster.remove("uid-default-p0")
    assert fitting(cluster, pod("next", "web", **alone)) == {"a"}


def test_terms_are_about_the_own_namespace_or_named_or_selected_ones() -> None:
    cluster = cluster_of(a="east", b="west")
    for name, team in (("one", "red"), ("two", "blue")):
        cluster.objects.set("namespaces", Namespace(metadata={"name": name, "labels": {"team": team}}))
    cluster.place(pod("cache", "cache", namespace="one"), "a")
    for more, found in (
        ({}, set()),
        ({"namespaces": ["one"]}, {"a"}),
        ({"namespaceSelector": {}}, {"a"}),
        ({"namespaceSelector": {"matchLabels": {"team": "red"}}}, {"a"}),
        ({"namespaceSelector": {"matchLabels": {"team": "blue"}}}, set()),
        ({"namespaceSelector": {"matchLabels": {"team": "blue"}}, "namespaces": ["one"]}, {"a"}),
    ):
        wanted = pod("web", "web", namespace="two", affinity=near(term("cache", **more)))
        assert fitting(cluster, wanted) == found, more
    shy = apart(term("web", namespaceSelector={"matchLabels": {"team": "blue"}}))
    cluster.place(pod("shy", "shy", namespace="one", affinity=shy), "a")
    assert fitting(cluster, pod("web", "web", namespace="two")) == {"b"}
    assert fitting(cluster, pod("web", "web", namespace="one")) == {"a", "b"}


def test_a_term_without_a_selector_is_about_no_pod() -> None:
    cluster = cluster_of(a="east")
    cluster.place(pod("web", "web"), "a")
    assert fitting(cluster, pod("shy", "shy", affinity=apart({"topologyKey": ZONE}))) == {"a"}
    assert fitting(cluster, pod("shy", "shy", affinity=apart({"topologyKey": ZONE, "labelSelector": {}}))) == set()


def test_preferences_add_up_by_weight_and_fill_the_range() -> None:
    cluster = cluster_of(a="east", b="west", c="north")
    cluster.place(pod("cache", "cache"), "a")
    cluster.place(pod("noise", "noise"), "b")
    wishes = {**rather("podAffinity", 30, term("cache")), **rather("podAntiAffinity", 10, term("noise"))}
    assert scores(cluster, pod("web", "web", affinity=wishes), InterPodAffinity()) == {"a": 100, "b": 0, "c": 25}
    assert scores(cluster, pod("web", "web"), InterPodAffinity()) == {}


def test_pods_that_are_there_have_wishes_too() -> None:
    cluster = cluster_of(a="east", b="west", c="north")
    cluster.place(pod("friend", "f", affinity=rather("podAffinity", 2, term("web"))), "a")
    cluster.place(pod("foe", "g", affinity=rather("podAntiAffinity", 2, term("web"))), "b")
    assert scores(cluster, pod("web", "web"), InterPodAffinity()) == {"a": 100, "b": 0, "c": 50}
    deaf = InterPodAffinity(ignore_preferred_terms_of_existing_pods=True)
    assert scores(cluster, pod("web", "web"), deaf) == {}
    caring = pod("web", "web", affinity=rather("podAffinity", 1, term("nobody")))
    assert scores(cluster, caring, deaf) == {"a": 100, "b": 0, "c": 50}


def test_whoever_requires_to_be_near_attracts() -> None:
    cluster = cluster_of(a="east", b="west")
    cluster.place(pod("web", "web", affinity=near(term("web"))), "b")
    assert scores(cluster, pod("web2", "web"), InterPodAffinity()) == {"a": 0, "b": 100}
    assert scores(cluster, pod("web2", "web"), InterPodAffinity(hard_pod_affinity_weight=0)) == {}


# Spreading.


def test_a_domain_may_have_max_skew_pods_more_than_the_emptiest() -> None:
    # Three pods in two zones, as 2/1: the next one can only go to the second.
    cluster = cluster_of(n1="a", n2="a", n3="b", n4="b")
    for name, node in (("p1", "n1"), ("p2", "n2"), ("p3", "n3")):
        cluster.place(pod(name, "foo"), node)
    assert fitting(cluster, pod("p4", "foo", topologySpreadConstraints=[spread("foo")])) == {"n3", "n4"}
    both = [spread("foo"), spread("foo", HOST)]
    assert fitting(cluster, pod("p4", "foo", topologySpreadConstraints=both)) == {"n4"}
    loose = [spread("foo", ZONE, "DoNotSchedule", 2)]
    assert fitting(cluster, pod("p4", "foo", topologySpreadConstraints=loose)) == {"n1", "n2", "n3", "n4"}


def test_constraints_can_contradict_each_other() -> None:
    # 2/1/0/2 on the hosts of two zones: by zone only the second will do, by host only one of the first.
    cluster = cluster_of(n1="a", n2="a", n3="b")
    for number, node in enumerate(("n1", "n1", "n2", "n3", "n3")):
        cluster.place(pod(f"p{number}", "foo"), node)
    both = [spread("foo"), spread("foo", HOST)]
    message = reasons(cluster, pod("next", "foo", topologySpreadConstraints=both))
    assert message.startswith("0/3 nodes are available: 3 node(s) didn't match pod topology spread constraints.")


def test_nodes_without_the_label_are_no_domain() -> None:
    cluster = cluster_of(n1="a", n2="")
    wanted = pod("p", "foo", topologySpreadConstraints=[spread("foo")])
    assert fitting(cluster, wanted) == {"n1"}
    cluster.remove_node("n1")
    assert reasons(cluster, wanted) == (
        "0/1 nodes are available: 1 node(s) didn't match pod topology spread constraints (missing required label). "
        "no new claims to deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling."
    )


def test_while_there_are_too_few_domains_the_emptiest_counts_as_empty() -> None:
    cluster = cluster_of(n1="a", n2="b")
    for name, node in (("p1", "n1"), ("p2", "n2")):
        cluster.place(pod(name, "foo"), node)
    three = [spread("foo", minDomains=3)]
    assert fitting(cluster, pod("p3", "foo", topologySpreadConstraints=three)) == set()
    for node in cluster_of(n3="c").nodes:
        cluster.set_node(node.node)
    assert fitting(cluster, pod("p3", "foo", topologySpreadConstraints=three)) == {"n3"}


def test_nodes_that_the_pod_cannot_use_count_as_its_policies_say() -> None:
    cluster = cluster_of(n1="a", n2="b", n3="c")
    cluster.place(pod("p1", "foo"), "n1")
    cluster.place(pod("p2", "foo"), "n2")
    elsewhere = {"nodeSelector": {HOST: "n1"}}
    # The empty zone is out of reach: by default it does not count.
    assert fitting(cluster, pod("p", "foo", topologySpreadConstraints=[spread("foo")], **elsewhere)) == {"n1"}
    strict = [spread("foo", nodeAffinityPolicy="Ignore")]
    assert fitting(cluster, pod("p", "foo", topologySpreadConstraints=strict, **elsewhere)) == set()
    tainted = cluster_of(n3="c").nodes[0].node
    tainted.spec.taints.add(key="gone", effect="NoSchedule")
    cluster.set_node(tainted)
    assert fitting(cluster, pod("p", "foo", topologySpreadConstraints=[spread("foo")])) == set()
    honest = [spread("foo", nodeTaintsPolicy="Honor")]
    assert fitting(cluster, pod("p", "foo", topologySpreadConstraints=honest)) == {"n1", "n2"}


def test_pods_that_are_leaving_or_of_another_namespace_do_not_count() -> None:
    cluster = cluster_of(n1="a", n2="b")
    there = pod("p1", "foo")
    cluster.place(there, "n1")
    cluster.place(pod("p2", "foo", namespace="other"), "n2")
    wanted = pod("p3", "foo", topologySpreadConstraints=[spread("foo")])
    assert fitting(cluster, wanted) == {"n2"}
    leaving = pod("p1", "foo")
    leaving.pod.metadata.deletionTimestamp.seconds = 1
    cluster.place(leaving, "n1")
    assert fitting(cluster, wanted) == {"n1", "n2"}


def test_a_constraint_on_all_pods_counts_none() -> None:
    cluster = cluster_of(n1="a", n2="b")
    for number in range(3):
        cluster.place(pod(f"p{number}", "foo"), "n1")
    all_pods = TopologySpreadConstraint(topologyKey=ZONE, maxSkew=1, whenUnsatisfiable="DoNotSchedule")
    all_pods.labelSelector.SetInParent()
    assert fitting(cluster, pod("next", "foo", topologySpreadConstraints=[all_pods])) == {"n1", "n2"}


def test_revisions_are_spread_for_themselves_by_match_label_keys() -> None:
    cluster = cluster_of(n1="a", n2="b")
    old = pod("old", "foo")
    old.pod.metadata.labels["rev"] = "1"
    cluster.place(old, "n1")
    new = pod("new", "foo", topologySpreadConstraints=[spread("foo", matchLabelKeys=["rev"])])
    assert fitting(cluster, new) == {"n2"}
    new.pod.metadata.labels["rev"] = "2"
    assert fitting(cluster, new) == {"n1", "n2"}


def test_soft_constraints_rate_domains_by_how_few_pods_they_have() -> None:
    cluster = cluster_of(n1="a", n2="b", n3="c", n4="")
    for number, node in enumerate(("n1", "n1", "n2")):
        cluster.place(pod(f"p{number}", "foo"), node)
    soft = [spread("foo", ZONE, "ScheduleAnyway")]
    # ln 5 for each: 2 pods make 3, 1 makes 2, none 0; a node that has no zone is not compared.
    found = scores(cluster, pod("p", "foo", topologySpreadConstraints=soft), PodTopologySpread())
    assert found == {"n1": 0, "n2": 33, "n3": 100, "n4": 0}


@pytest.mark.parametrize("owned", [True, False])
def test_pods_of_a_service_or_a_replica_set_are_spread_by_default(owned: bool) -> None:
    cluster = cluster_of(n1="a", n2="b", n3="")
    web = pod("new", "web")
    if owned:
        selector = {"matchLabels": {"app": "web"}}
        made = ReplicaSet(metadata={"name": "web", "namespace": "default"}, spec={"selector": selector})
        cluster.objects.set("replicasets", made)
        web.pod.metadata.ownerReferences.add(apiVersion="apps/v1", kind="ReplicaSet", name="web", controller=True)
    else:
        service = Service(metadata={"name": "web", "namespace": "default"}, spec={"selector": {"app": "web"}})
        cluster.objects.set("services", service)
    cluster.place(pod("p1", "web"), "n1")
    found = scores(cluster, web, PodTopologySpread())
    assert found["n1"] < found["n2"] < found["n3"]
    assert scores(cluster, pod("lone", "lone"), PodTopologySpread()) == {}


def test_the_default_constraints_can_be_listed() -> None:
    cluster = cluster_of(n1="a", n2="b")
    service = Service(metadata={"name": "web", "namespace": "default"}, spec={"selector": {"app": "web"}})
    cluster.objects.set("services", service)
    cluster.place(pod("p1", "web"), "n1")
    hard = TopologySpreadConstraint(topologyKey=ZONE, maxSkew=1, whenUnsatisfiable="DoNotSchedule")
    listed = Profile("listed", (PodTopologySpread(defaulting_type="List", default_constraints=[hard]),))
    assert decide(listed, pod("p2", "web"), cluster, Random(1)) == Placed("n2")
    cluster.place(pod("p2", "web"), "n2")
    cluster.place(pod("p3", "web"), "n2")
    assert decide(listed, pod("p4", "web"), cluster, Random(1)) == Placed("n1")


def test_room_is_made_by_evicting_whom_the_pod_must_be_apart_from() -> None:
    cluster = cluster_of(n1="a", n2="b")
    for name, priority, node in (("low", 0, "n1"), ("high", 100, "n2")):
        cluster.place(pod(name, "web", priority=priority), node)
    made = decide(default_profile(), pod("new", "new", priority=10, affinity=apart(term("web"))), cluster, Random(1))
    assert isinstance(made, Unschedulable)
    assert made.nominated is not None
    assert made.nominated.node == "n1"
    assert [victim.metadata.name for victim in made.nominated.victims] == ["low"]


def test_room_is_made_by_evicting_one_of_too_many() -> None:
    cluster = cluster_of(n1="a", n2="b")
    for name, priority, node in (("low", 0, "n1"), ("lower", -1, "n1"), ("high", 100, "n2")):
        cluster.place(pod(name, "web", priority=priority), node)
    even = [spread("web", HOST, nodeAffinityPolicy="Ignore")]
    new = pod("new", "web", priority=10, nodeSelector={HOST: "n1"}, topologySpreadConstraints=even)
    made = decide(default_profile(), new, cluster, Random(1))
    assert isinstance(made, Unschedulable)
    assert made.nominated is not None
    assert [victim.metadata.name for victim in made.nominated.victims] == ["lower"]


def test_label_keys_become_part_of_the_selectors_when_a_pod_is_created() -> None:
    keys = {"matchLabelKeys": ["rev", "none"], "mismatchLabelKeys": ["tenant"]}
    made = pod("p", "web", affinity=apart(term("web", **keys)), topologySpreadConstraints=[spread("web")]).pod
    made.metadata.labels.update({"rev": "2", "tenant": "t"})
    made.spec.topologySpreadConstraints[0].matchLabelKeys.append("rev")
    take_label_keys(made)
    (wish,) = made.spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution
    added = [(each.key, each.operator, list(each.values)) for each in wish.labelSelector.matchExpressions]
    assert added == [("rev", "In", ["2"]), ("tenant", "NotIn", ["t"])]
    (even,) = made.spec.topologySpreadConstraints
    assert [each.key for each in even.labelSelector.matchExpressions] == ["rev"]
    assert not list(affinity("spec.affinity", made.spec.affinity))
    even.labelSelector.matchExpressions.add(key="rev", operator="Exists")
    assert [cause.message for cause in constraints_of("", made.spec.topologySpreadConstraints)] == [
        'Invalid value: "rev": exists in both matchLabelKeys and labelSelector'
    ]
