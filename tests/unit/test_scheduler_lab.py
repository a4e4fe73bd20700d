"""The laboratory: traces on simulated time, what would be if, and why."""

import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kobune.api.core.v1 import Node, PersistentVolume, Pod
from kobune.api.storage.v1 import StorageClass
from kobune.apimachinery.clock import ManualClock
from kobune.component_base.failure import CannotStart
from kobune.scheduler.defaults import default_profile
from kobune.scheduler.framework import Placed, Profile
from kobune.scheduler.lab import manifests, report, results, traces, whatif
from kobune.scheduler.lab.explain import explain
from kobune.scheduler.lab.journal import Journal
from kobune.scheduler.lab.overcommit import Overcommitted
from kobune.scheduler.lab.profiles import profile_of
from kobune.scheduler.lab.simulation import Arrival, simulate
from kobune.scheduler.podinfo import PodInfo
from kobune.scheduler.snapshot import Snapshot

PODS = """name,arrival,duration,cpu,memory,gpu,priority,labels,selector,count
long,0,100,3,1Gi,,0,app=a,zone=a,1
short,1,10,500m,1Gi,0.5,0,app=b;tier=x,,2
urgent,2,5,4,1Gi,,10,,zone=b,1
never,3,,99,,,0,,,1
"""
NODES = """name,cpu,memory,gpu,pods,labels,taints,count
small,4,8Gi,1,10,zone=a,,1
large,4,8Gi,,10,zone=b,special=yes:PreferNoSchedule,1
"""
OPENB_PODS = """name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,deletion_time
p0,4000,1024,1,500,V100|T4,LS,Running,10,70
"""
OPENB_NODES = """sn,cpu_milli,memory_mib,gpu,model
n0,64000,262144,2,T4
n1,64000,262144,2,G2
"""


def arrivals(text: str = PODS) -> list[Arrival]:
    return traces.read_pods(io.StringIO(text))


def nodes(text: str = NODES) -> list[Node]:
    return traces.read_nodes(io.StringIO(text))


def pod(name: str, cpu: str = "1", **spec: object) -> PodInfo:
    made = Pod(metadata={"name": name, "namespace": "default", "uid": name}, spec=spec)
    made.spec.containers.add(name="main").resources.requests["cpu"].string = cpu
    return PodInfo(made)


def cluster() -> Snapshot:
    made = Snapshot()
    for node in nodes():
        made.set_node(node)
    return made


def test_a_trace_runs_as_its_times_say() -> None:
    outcome = simulate(default_profile(), nodes(), arrivals(), seed=1)
    stays = {stay.name: stay for stay in outcome.stays}
    assert (stays["long"].placed, stays["long"].left) == (0, 100)
    assert {stays[f"short-{number}"].left for number in range(2)} == {11}
    assert stays["urgent"].node == "large"
    assert stays["urgent"].placed is not None
    assert stays["never"].placed is None
    assert [sample.pending for sample in outcome.samples][-1] == 1
    assert outcome.samples[-1].running == 0


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    def bytes_of(seed: int, folder: Path) -> dict[str, bytes]:
        runs = [results.Run("default", seed, simulate(default_profile(), nodes(), arrivals(), seed=seed))]
        results.write({"pods": results.pods(runs), "samples": results.samples(runs)}, folder)
        report.write(runs, folder / "index.html", "a trace")
        return {path.name: path.read_bytes() for path in folder.iterdir()}

    first = bytes_of(1, tmp_path / "one")
    assert first == bytes_of(1, tmp_path / "two")
    assert b"Schedulers compared" in first["index.html"]
    assert first["pods.csv"].splitlines()[1].startswith(b"default,1,long,0.0,0.0,0.0,")


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 20), st.integers(1, 30), st.integers(0, 4), st.sampled_from([0, 0, 5])), max_size=25
    ),
    st.integers(0, 3),
)
def test_nothing_is_overcommitted_and_nobody_is_lost(came: list[tuple[int, int, int, int]], seed: int) -> None:
    rows = [f"p{at},{time},{lasts},{cpu},,,{priority},,,1" for at, (time, lasts, cpu, priority) in enumerate(came)]
    outcome = simulate(default_profile(), nodes(), arrivals("\n".join([PODS.splitlines()[0], *rows])), seed=seed)
    assert len(outcome.stays) == len(came)
    for stay in outcome.stays:  # every one of them fits an empty node
        assert stay.left is not None
        assert stay.placed is not None
        assert stay.arrived <= stay.placed < stay.left


def careless() -> Profile:
    return Profile("careless", [plugin for plugin in default_profile().plugins if "Fit" not in type(plugin).__name__])


def test_a_scheduler_that_gives_too_much_away_is_caught() -> None:
    with pytest.raises(Overcommitted, match="of cpu, and has"):
        simulate(careless(), nodes(), arrivals(), seed=1)
    crowd = "name,arrival,count\np,0,4\n"
    one = nodes("name,cpu,memory,pods\nn0,4,1Gi,3\n")
    with pytest.raises(Overcommitted, match="n0 has been given 4 of pods, and has 3"):
        simulate(careless(), one, arrivals(crowd), seed=1)
    cluster = Snapshot()
    cluster.set_node(one[0])
    pods = [PodInfo(arrival.pod) for arrival in arrivals(crowd)]
    with pytest.raises(Overcommitted, match="of pods"):
        whatif.place(careless(), cluster, pods, seed=1)
    with pytest.raises(Overcommitted, match="of pods"):
        whatif.capacity(careless(), cluster, pods[0], seed=1)
    assert not list(cluster.pods)


def test_the_layout_of_openb_is_understood() -> None:
    [arrival] = arrivals(OPENB_PODS)
    assert (arrival.time, arrival.duration) == (10, 60)
    outcome = simulate(default_profile(), nodes(OPENB_NODES), [arrival], seed=1)
    assert outcome.stays[0].node == "n0"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("name,cpu\nx,1\n", "row 2: there is no column 'arrival'"),
        ("arrival,labels\n0,app\n", "row 2: 'app' is not of the form key=value"),
        ("arrival,cpu\n0\n", "row 2: it has not as many columns"),
        ("arrival,prio\n0,10\n", "row 1: nothing is known about the column prio"),
        ("arrival\nsoon\n", "row 2: could not convert"),
        ("arrival\nnan\n", "row 2: arrival: nan is not a number from 0 on"),
        ("arrival,duration\n0,-1\n", "row 2: duration: -1 is not a number from 0 on"),
        ("arrival,cpu\n0,-1\n", "row 2: cpu: '-1' is no amount, as 500m or 2Gi"),
        ("arrival,memory\n0,lots\n", "row 2: memory: 'lots' is no amount"),
        ("arrival,count\n0,0\n", "row 2: count: 0 is not in the range"),
    ],
)
def test_a_trace_that_makes_no_sense_is_refused_by_row(text: str, why: str) -> None:
    with pytest.raises(traces.BadTrace, match=why):
        arrivals(text)


def test_what_if_changes_nothing_and_says_who_would_have_to_leave() -> None:
    there = cluster()
    there.place(pod("old", "4"), "small")
    there.place(pod("other", "4"), "large")
    fates, after = whatif.place(default_profile(), there, [pod("new", "3", priority=5), pod("late")], seed=1)
    assert [(fate.pod, bool(fate.node), len(fate.victims)) for fate in fates] == [
        ("default/new", True, 1),
        ("default/late", True, 0),
    ]
    assert whatif.use_of(there).taken["cpu"] == 8000
    assert whatif.use_of(after).taken["cpu"] == 8000
    assert whatif.capacity(default_profile(), there, pod("more", "1"), seed=1) == 0
    whatif.add_nodes(there, nodes()[0], 3)
    assert whatif.capacity(default_profile(), there, pod("more", "1"), seed=1) == 12


def test_an_explanation_names_refusals_scores_and_what_would_help() -> None:
    there = cluster()
    there.place(pod("old", "3"), "small")
    found = explain(default_profile(), pod("new", "1"), there)
    assert [(verdict.node, verdict.rank) for verdict in found.verdicts] == [
        ("large", 1),
        ("small", 2),
    ] or found.verdicts
    assert all(verdict.scores for verdict in found.verdicts)
    there.place(pod("other", "3700m"), "large")
    refused = explain(default_profile(), pod("new", "1300m"), there)
    assert {no.reasons for verdict in refused.verdicts if (no := verdict.no)} == {("Insufficient cpu",)}
    assert refused.counterfactuals == ("fits small if it asked 300m less cpu",)
    lost = explain(default_profile(), pod("lost", "1", nodeSelector={"zone": "c"}), cluster())
    assert lost.counterfactuals == ("fits small if it did not ask for labels of nodes",)


def test_workloads_become_as_many_pods_as_they_want() -> None:
    text = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: nginx}]}
---
kind: Pod
metadata: {name: one, namespace: other}
spec: {containers: [{name: web, image: nginx}]}
"""
    found = manifests.pods_of(text)
    assert [(pod.metadata.namespace, pod.metadata.name) for pod in found][2:] == [
        ("default", "web-2"),
        ("other", "one"),
    ]
    with pytest.raises(manifests.BadManifest, match="a Service makes no pods"):
        manifests.pods_of("kind: Service")
    with pytest.raises(manifests.BadManifest, match="unknown field"):
        manifests.pods_of("kind: Pod\nspec: {containerz: []}")


def test_what_if_gives_each_pod_of_a_stateful_set_its_own_volume() -> None:
    text = """
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  replicas: 3
  template:
    spec: {containers: [{name: db, image: db}]}
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {storageClassName: local, accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
kind: PersistentVolumeClaim
metadata: {name: other, namespace: else}
"""
    claims = manifests.claims_of(text)
    assert [claim.metadata.name for claim in claims] == ["data-db-0", "data-db-1", "data-db-2", "other"]
    live = cluster()
    live.objects.set(
        "storageclasses", StorageClass(metadata={"name": "local"}, volumeBindingMode="WaitForFirstConsumer")
    )
    for claim in claims:
        claim.metadata.uid = claim.metadata.name
        live.objects.set("persistentvolumeclaims", claim)
    names = [node.name for node in live.nodes]
    for name in names:
        disk = PersistentVolume(metadata={"name": name}, status={"phase": "Available"})
        disk.spec.storageClassName = "local"
        disk.spec.accessModes.append("ReadWriteOnce")
        disk.spec.capacity["storage"].string = "1Gi"
        term = disk.spec.nodeAffinity.required.nodeSelectorTerms.add()
        term.matchFields.add(key="metadata.name", operator="In", values=[name])
        live.objects.set("persistentvolumes", disk)
    pods = [PodInfo(pod) for pod in manifests.pods_of(text)]
    fates, _ = whatif.place(default_profile(), live, pods, seed=1)
    assert sorted(fate.node for fate in fates) == ["", *sorted(names)]
    assert "didn't find available persistent volumes to bind" in next(fate.message for fate in fates if not fate.node)
    assert not any(disk.spec.HasField("claimRef") for disk in live.objects.list("persistentvolumes"))


async def test_the_past_is_as_it_was_whatever_happened_since() -> None:
    clock = ManualClock()
    there = cluster()
    journal = Journal(there, clock)
    there.followers.append(journal)
    old = pod("old", "3")
    there.place(old, "small")
    new = pod("new", "1")
    journal.decided(new, Placed("large"))
    was = explain(default_profile(), new, there)
    there.place(new, "large")
    there.remove("old")
    there.remove_node("large")
    there.set_node(traces.read_nodes(io.StringIO(NODES.replace("small,4", "small,1")))[0])
    there.set_node(node_named("late"))
    decided = journal.find("default", "new")
    assert decided is not None
    past = journal.as_of(decided.position)
    assert past is not None
    assert sorted(node.name for node in past.nodes) == ["large", "small"]
    assert {v.node: v.total for v in explain(default_profile(), new, past).verdicts} == {
        v.node: v.total for v in was.verdicts
    }
    assert [node.name for node in there.nodes] == ["small", "late"]
    assert journal.find("default", "other") is None
    await clock.advance(3601)
    assert journal.find("default", "new") is None


def node_named(name: str) -> Node:
    [made, _] = nodes()
    made.metadata.name = name
    return made


def test_schedulers_are_known_by_configuration_and_by_plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "lab.yaml"
    file.write_text("""
apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
profiles:
- {}
- schedulerName: packing
  pluginConfig: [{name: NodeResourcesFit, args: {scoringStrategy: {type: MostAllocated}}}]
""")
    (tmp_path / "named_nodes.py").write_text(
        "class Late:\n    def score(self, pod, node):\n        return ord(node.name[0])"
    )
    monkeypatch.syspath_prepend(tmp_path)
    there = cluster()
    there.place(pod("old"), "small")
    found = {
        name: whatif.place(profile_of(name), there, [pod("new")], seed=1)[0][0].node
        for name in (
            "default",
            f"{file}#packing",
            "named_nodes.Late",
        )
    }
    assert found[f"{file}#packing"] == "small"
    assert found["named_nodes.Late"] == "small"
    assert profile_of(str(file)).name == "default-scheduler"
    for name, why in (("nowhere.Late", "no module"), (f"{file}#none", "packing"), ("named_nodes.Never", "Never")):
        with pytest.raises(CannotStart, match=why):
            profile_of(name)
