"""The small decisions of the kubelet and of its simulated runtime."""

import math
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kobune.api.core.v1 import Container, ContainerPort, Pod, PodSpec
from kobune.api.runtime.v1 import Quantity
from kobune.component_base.failure import CannotStart
from kobune.kubelet.admission import Allocatable, Claim, admit, claim_of
from kobune.kubelet.cri.runtime import RuntimeInfo
from kobune.kubelet.images import duration, is_latest
from kobune.kubelet.lifecycle.qos import qos_class
from kobune.kubelet.members import members
from kobune.kubelet.ports import as_annotation, port_map
from kobune.kubelet.probes.streak import Streak
from kobune.kubelet.runtimes.simulated.addresses import Exhausted, Range
from kobune.kubelet.runtimes.simulated.behaviour import BadBehaviour, behaviour_of
from kobune.kubelet.runtimes.simulated.images import parse
from kobune.kubelet.runtimes.simulated.shell import Outcome, understand
from kobune.kubelet.runtimes.simulated.web import is_complete
from kobune.kubelet.volumes import host_path_problem, mounts_of
from kobune.vendor.cri import ContainerConfig, ContainerMetadata, Mount, PodSandboxConfig


@pytest.mark.parametrize(
    ("argv", "outcome"),
    [
        (["true"], Outcome()),
        (["/bin/false"], Outcome(code=1)),
        (["sleep", "1.5m"], Outcome(seconds=90)),
        (["sleep", "infinity"], Outcome(seconds=math.inf)),
        (["sh", "-c", "exit 3"], Outcome(code=3)),
        (["sh", "-ec", "echo 'a;b'; sleep 2 && false || exit 7; sleep 9"], Outcome(2, 7, ("a;b",))),
        (["sh", "-c", "false && sleep 5"], Outcome(code=1)),
        (["bash", "-c", "sleep 1\nexit 2\n"], Outcome(1, 2)),
        (["sh", "-c", "echo $HOME"], None),
        (["sh", "-c", "while true; do sleep 1; done"], None),
        (["sh", "-c", "nginx | cat"], None),
        (["sh", "-c", "echo 'unfinished"], None),
        (["sh", "script.sh"], None),
        (["sleep"], None),
        (["sleep", "-1"], None),
        (["nginx"], None),
        ([], None),
    ],
)
def test_plain_commands_are_understood_and_no_others(argv: list[str], outcome: Outcome | None) -> None:
    assert understand(argv) == outcome


@given(st.lists(st.text()))
def test_no_command_is_too_odd(argv: list[str]) -> None:
    understand(argv)
    understand(["sh", "-c", *argv])


def behaviour(role: str = "app", *command: str, labels: dict[str, str] | None = None, **annotations: str) -> object:
    spelled = {f"kobune.dev/{name.replace('_', '-')}": value for name, value in annotations.items()}
    container = ContainerConfig(
        metadata=ContainerMetadata(name="main"), command=command, annotations={"kobune.dev/container-role": role}
    )
    found = behaviour_of(container, PodSandboxConfig(annotations=spelled, labels=labels or {}))
    return found.exit_after, found.exit_code, found.stop_after


def test_a_container_does_what_is_annotated_then_what_its_command_says() -> None:
    assert behaviour() == (math.inf, 0, 0)
    assert behaviour("init") == (0, 0, 0)
    assert behaviour("sidecar") == (math.inf, 0, 0)
    assert behaviour(labels={"batch.kubernetes.io/job-name": "x"}) == (0, 0, 0)
    assert behaviour("app", "sleep", "5") == (5, 0, 0)
    assert behaviour("app", "sleep", "5", exit_code="2") == (0, 2, 0)
    assert behaviour(exit_after="3s", stop_after="1m") == (3, 0, 60)
    assert behaviour("init", exit_after="3s") == (0, 0, 0)
    assert behaviour("init", **{"exit_code.main": "1"}) == (0, 1, 0)
    for wrong in ({"exit_after": "soon"}, {"exit_code": "256"}, {"exit_code": "-1"}):
        with pytest.raises(BadBehaviour):
            behaviour(**wrong)


@pytest.mark.parametrize(
    ("name", "canonical", "exists"),
    [
        ("nginx", "docker.io/library/nginx:latest", True),
        ("bitnami/redis:7", "docker.io/bitnami/redis:7", True),
        ("localhost:5000/a/b", "localhost:5000/a/b:latest", True),
        ("quay.io/x@sha256:abc", "quay.io/x@sha256:abc", True),
        ("nginx:missing", "docker.io/library/nginx:missing", False),
        ("registry.example/does-not-exist", "registry.example/does-not-exist:latest", False),
    ],
)
def test_image_names_are_completed(name: str, canonical: str, exists: bool) -> None:
    assert (parse(name).canonical, parse(name).exists) == (canonical, exists)


@pytest.mark.parametrize("name", ["", "Nginx", "a b", "quay.io/", ":tag"])
def test_what_is_no_image_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="invalid reference format"):
        parse(name)


@given(st.lists(st.booleans(), max_size=60))
def test_no_address_is_given_twice_and_none_right_after_it_came_back(takes: list[bool]) -> None:
    network = IPv4Network("127.10.1.0/28")
    pool = Range(str(network))
    held: list[str] = []
    for take in takes:
        if take and len(held) < 14:
            address = pool.allocate()
            assert address not in held
            assert IPv4Address(address) in network
            held.append(address)
        elif held:
            freed = held.pop()
            pool.release(freed)
            if len(held) < 13:
                again = pool.allocate()
                assert again != freed
                pool.release(again)
    while len(held) < 14:
        held.append(pool.allocate())
    with pytest.raises(Exhausted):
        pool.allocate()


@pytest.mark.parametrize(
    ("request_", "complete"),
    [
        (b"GET / HTTP/1.1\r\n", False),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", True),
        (b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nab", False),
        (b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", True),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", False),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", True),
    ],
)
def test_a_request_is_answered_once_it_is_complete(request_: bytes, complete: bool) -> None:
    assert is_complete(request_) is complete


def test_nodes_have_addresses_by_their_numbers() -> None:
    places = {"prefix": "node-", "node_network": "127.20.0.0/16", "pod_network": "127.10.0.0/16"}
    many = list(members(256, pod_prefix=24, **places))
    assert [(one.name, one.ip, one.pod_cidr, one.pods) for one in many[:2]] == [
        ("node-1", "127.20.0.1", "127.10.1.0/24", 110),
        ("node-2", "127.20.0.2", "127.10.2.0/24", 110),
    ]
    assert len({one.pod_cidr for one in many}) == 256
    assert next(iter(members(1000, pod_prefix=26, **places))).pods == 62
    with pytest.raises(CannotStart):
        list(members(257, pod_prefix=24, **places))


def pod(cpu: str = "", *ports: ContainerPort, limit: str = "") -> Pod:
    container = Container(name="main", ports=ports)
    for name, amounts in ((cpu, container.resources.requests), (limit, container.resources.limits)):
        if name:
            amounts["cpu"].CopyFrom(Quantity(string=name))
            amounts["memory"].CopyFrom(Quantity(string="1Gi"))
    return Pod(spec=PodSpec(containers=[container]))


def test_a_node_takes_what_fits() -> None:
    node = Allocatable(cpu=2000, memory=4 << 30, pods=2)
    small, large = claim_of(pod("500m")), claim_of(pod("1800m"))
    assert admit(large, [], node) is None
    refused = admit(large, [small], node)
    assert refused is not None
    assert refused.reason == "OutOfcpu"
    assert "requested: 1800, used: 500, capacity: 2000" in refused.message
    full = admit(Claim(), [Claim(), Claim()], node)
    assert full is not None
    assert full.reason == "OutOfpods"


@pytest.mark.parametrize(
    ("one", "other", "conflict"),
    [
        ({"hostPort": 80}, {"hostPort": 80}, True),
        ({"hostPort": 80}, {"hostPort": 81}, False),
        ({"hostPort": 80}, {"hostPort": 80, "protocol": "UDP"}, False),
        ({"hostPort": 80, "hostIP": "127.0.0.1"}, {"hostPort": 80}, True),
        ({"hostPort": 80, "hostIP": "127.0.0.1"}, {"hostPort": 80, "hostIP": "127.0.0.2"}, False),
        ({"containerPort": 80}, {"containerPort": 80}, False),
    ],
)
def test_host_ports_are_had_once(one: dict[str, int], other: dict[str, int], conflict: bool) -> None:
    node = Allocatable(1000, 1 << 30, 10)
    mine = claim_of(pod("", ContainerPort(**one)))  # type: ignore[arg-type]
    theirs = claim_of(pod("", ContainerPort(**other)))  # type: ignore[arg-type]
    failure = admit(mine, [theirs], node)
    assert (failure is not None) is conflict
    assert failure is None or failure.reason == "NodePorts"


def test_the_quality_of_service_follows_the_resources() -> None:
    assert qos_class(pod()) == "BestEffort"
    assert qos_class(pod("100m")) == "Burstable"
    assert qos_class(pod("100m", limit="200m")) == "Burstable"
    assert qos_class(pod("0.1", limit="100m")) == "Guaranteed"
    assert qos_class(pod("", limit="100m")) == "Guaranteed"


def test_a_verdict_takes_enough_results_in_a_row() -> None:
    streak = Streak(success_threshold=2, failure_threshold=3)
    verdicts = []
    for passed in (True, True, False, False, True, False, False, False, True, True):
        streak = streak.after(passed)
        verdicts.append(streak.verdict)
    assert verdicts == [None, True, True, True, True, True, True, False, False, True]


def test_ports_that_cannot_be_opened_are_mapped() -> None:
    runtime = RuntimeInfo("simulated", "1", first_port=1024, port_offset=34000)
    asked = pod(
        "", ContainerPort(containerPort=443), ContainerPort(containerPort=80), ContainerPort(containerPort=8080)
    )
    assert as_annotation(port_map(asked, runtime)) == "80=34080,443=34443"
    assert port_map(asked, RuntimeInfo("simulated", "1")) == {}


def test_images_without_a_fixed_tag_are_pulled_each_time() -> None:
    assert [is_latest(image) for image in ("nginx", "nginx:latest", "nginx:1", "a:5000/nginx", "x@sha256:1")] == [
        True,
        True,
        False,
        True,
        False,
    ]
    assert [duration(seconds) for seconds in (0.0123, 1.5, 61)] == ["12ms", "1.5s", "61s"]


def test_host_paths_are_mounted_where_a_container_wants_them(tmp_path: Path) -> None:
    container = Container(name="web")
    container.volumeMounts.add(name="data", mountPath="/data", subPath="web", readOnly=True)
    container.volumeMounts.add(name="token", mountPath="/token")
    assert list(mounts_of(container, {"data": "/srv"})) == [
        Mount(container_path="/data", host_path="/srv/web", readonly=True)
    ]
    made = tmp_path / "a" / "b"
    assert host_path_problem(str(made), "Directory") == f"{made} is not a directory"
    assert host_path_problem(str(made), "DirectoryOrCreate") == ""
    assert made.is_dir()
    assert host_path_problem(str(made), "File") == f"{made} is not a file"
    assert host_path_problem("/nowhere", "") == ""
