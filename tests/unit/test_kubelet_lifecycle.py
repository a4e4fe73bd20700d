"""The pod lifecycle against a world that does whatever it likes."""

import math
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kobune.api.core.v1 import Pod
from kobune.kubelet.lifecycle.actions import (
    Action,
    EnsureImage,
    Record,
    RemoveContainer,
    RemoveSandbox,
    RunSandbox,
    StartContainer,
    StopContainer,
    StopSandbox,
)
from kobune.kubelet.lifecycle.events import (
    Deleted,
    Event,
    ImageFailed,
    ImageReady,
    Observed,
    Probe,
    Probed,
    Removed,
    SandboxFailed,
    SandboxStopFailed,
    SandboxStopped,
    Seen,
    StartFailed,
    StopFailed,
    Tick,
)
from kobune.kubelet.lifecycle.plan import ContainerPlan, PodPlan, Role
from kobune.kubelet.lifecycle.restore import restore
from kobune.kubelet.lifecycle.state import (
    Active,
    Closing,
    Exited,
    Failure,
    Gone,
    Running,
    State,
    Terminated,
    Terminating,
    Waiting,
)
from kobune.kubelet.lifecycle.status import Place, status_of
from kobune.kubelet.lifecycle.step import fresh, rejected, step, wake_at

PLACE = Place("127.20.0.1", "test")
SLOW = settings(max_examples=100, deadline=None)


def app(name: str = "web", restart: str = "Always", **more: Any) -> ContainerPlan:
    return ContainerPlan(name, Role.APP, "nginx", restart, **more)


def init(name: str = "first", restart: str = "OnFailure") -> ContainerPlan:
    return ContainerPlan(name, Role.INIT, "busybox", restart)


def sidecar(name: str = "proxy", **more: Any) -> ContainerPlan:
    return ContainerPlan(name, Role.SIDECAR, "envoy", "Always", **more)


def plan(*containers: ContainerPlan, **more: Any) -> PodPlan:
    return PodPlan(
        described="web_default(u)",
        init=tuple(one for one in containers if one.role is not Role.APP),
        apps=tuple(one for one in containers if one.role is Role.APP),
        **more,
    )


@dataclass
class World:
    """A runtime that does what it is asked, sooner or later, and a pod in it."""

    plan: PodPlan
    state: State
    now: float = 1000.0
    pod: Pod = field(default_factory=Pod)
    pending: list[Action] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    sandbox: tuple[str, int, bool] | None = None
    containers: dict[str, Seen] = field(default_factory=dict)
    ids: int = 0
    phases: list[str] = field(default_factory=list)

    def post(self, event: Event) -> None:
        before = self.state
        self.state, actions = step(self.plan, before, event, self.now)
        if isinstance(before, Terminating | Closing | Terminated | Gone):
            starts = [action for action in actions if isinstance(action, RunSandbox | EnsureImage | StartContainer)]
            assert not starts, "something starts in a pod that ends"
        for action in actions:
            (self.records if isinstance(action, Record) else self.pending).append(action)
        self._report()
        for name, container in before.containers.items():
            if name in self.state.containers:
                assert self.state.containers[name].restarts >= container.restarts, "a restart count went down"

    def perform(self, action: Action, *, fail: bool = False) -> None:
        """Do what is asked of the runtime, or fail to."""
        self.pending.remove(action)
        match action:
            case RunSandbox(attempt):
                if fail:
                    self.post(SandboxFailed("no"))
                else:
                    self.sandbox = (self._id(), attempt, True)
                    self.observe()
            case EnsureImage(name):
                self.post(ImageFailed(name, "ErrImagePull", "no such image") if fail else ImageReady(name))
            case StartContainer(sandbox, name, attempt):
                if fail or self.sandbox is None or self.sandbox[0] != sandbox or not self.sandbox[2]:
                    self.post(StartFailed(sandbox, name, "CreateContainerError", "no"))
                else:
                    self._start(name, attempt)
            case StopContainer(name, id, _):
                if fail:
                    self.post(StopFailed(name, "no"))
                else:
                    self.exit(id, 0)
            case StopSandbox(id):
                if fail:
                    self.post(SandboxStopFailed("no"))
                else:
                    assert self.sandbox is None or self.sandbox[0] == id
                    for container in list(self.containers):
                        self.exit(container, 137)
                    if self.sandbox is not None:
                        self.sandbox = (id, self.sandbox[1], False)
                    self.post(SandboxStopped())
            case RemoveContainer(id):
                assert id not in self.containers or self.containers[id].state == "exited"
                self.containers.pop(id, None)
            case RemoveSandbox(id):
                if self.sandbox is not None and self.sandbox[0] == id:
                    self.sandbox = None
                    self.containers.clear()

    def exit(self, id: str, code: int) -> None:
        seen = self.containers.get(id)
        if seen is not None and seen.state == "running":
            reason = "Error" if code else "Completed"
            self.containers[id] = replace(seen, state="exited", finished_at=self.now, exit_code=code, reason=reason)
            self.observe()

    def observe(self) -> None:
        if self.sandbox is not None:
            id, attempt, ready = self.sandbox
            self.post(Observed(id, attempt, ready, "127.10.1.1" if ready else "", tuple(self.containers.values())))

    def running(self) -> list[Seen]:
        return [seen for seen in self.containers.values() if seen.state == "running"]

    def settle(self, *, seconds: float = 0.0) -> None:
        """Let the runtime do everything that it is asked for, and time pass until nothing is due."""
        end = self.now + seconds
        for _ in range(1000):
            if self.pending:
                self.perform(self.pending[0])
            elif (at := wake_at(self.plan, self.state)) <= end:
                self.now = max(self.now, at)
                self.post(Tick())
            else:
                self.now = end
                return
        raise AssertionError("it never comes to rest")

    @property
    def status(self) -> Any:
        return self.pod.status

    def run_of(self, name: str = "web") -> Any:
        return self.state.containers[name].run

    def _report(self) -> None:
        self.pod.status.CopyFrom(status_of(self.plan, self.pod, self.state, PLACE, since=1000.0, now=self.now))
        if not self.phases or self.phases[-1] != self.pod.status.phase:
            self.phases.append(self.pod.status.phase)

    def _start(self, name: str, attempt: int) -> None:
        assert not any(seen.name == name for seen in self.running()), "the same container runs twice"
        taken = [seen.attempt for seen in self.containers.values() if seen.name == name]
        assert attempt not in taken, "the runtime would refuse this name"
        self._check_order(name)
        id = self._id()
        image = next(known.image for known in self.plan.containers() if known.name == name)
        self.containers[id] = Seen(name, attempt, id, "running", started_at=self.now, image=image, image_id="sha256:1")
        self.observe()

    def _check_order(self, name: str) -> None:
        for known in self.plan.init:
            if known.name == name:
                return
            mine = [seen for seen in self.containers.values() if seen.name == known.name]
            if known.role is Role.INIT:
                assert any(seen.state == "exited" and seen.exit_code == 0 for seen in mine), "out of order"

    def _id(self) -> str:
        self.ids += 1
        return f"id-{self.ids}"


def world(*containers: ContainerPlan, **more: Any) -> World:
    asked = plan(*containers, **more)
    made = World(asked, fresh(asked))
    made.post(Tick())
    return made


def conditions(status: Any) -> dict[str, tuple[str, str]]:
    return {condition.type: (condition.status, condition.reason) for condition in status.conditions}


# Examples


def test_a_pod_comes_to_run() -> None:
    one = world(app())
    assert one.status.phase == "Pending"
    assert one.status.containerStatuses[0].state.waiting.reason == "ContainerCreating"
    assert conditions(one.status)["ContainersReady"] == ("False", "ContainersNotReady")
    one.settle()
    status = one.status
    assert (status.phase, status.podIP, status.hostIP, status.qosClass) == (
        "Running",
        "127.10.1.1",
        "127.20.0.1",
        "BestEffort",
    )
    assert {type: state for type, (state, _) in conditions(status).items()} == dict.fromkeys(
        ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"), "True"
    )
    container = status.containerStatuses[0]
    assert container.ready
    assert container.started
    assert container.containerID == "test://id-2"
    assert container.restartCount == 0


def test_init_containers_run_one_after_the_other_and_sidecars_stay() -> None:
    one = world(init("a"), sidecar("b"), init("c"), app())
    one.settle()
    assert [seen.name for seen in one.running()] == ["a"]
    assert one.status.containerStatuses[0].state.waiting.reason == "PodInitializing"
    assert conditions(one.status)["Initialized"] == ("False", "ContainersNotInitialized")
    one.exit(one.running()[0].id, 0)
    one.settle()
    assert [seen.name for seen in one.running()] == ["b", "c"]
    one.exit(one.running()[1].id, 0)
    one.settle()
    assert [seen.name for seen in one.running()] == ["b", "web"]
    assert one.phases == ["Pending", "Running"]


def test_a_sidecar_holds_up_the_next_container_until_it_has_started() -> None:
    one = world(sidecar(startup_probe=True), app())
    one.settle()
    proxy = one.running()[0]
    assert [seen.name for seen in one.running()] == ["proxy"]
    one.post(Probed("proxy", proxy.id, Probe.STARTUP, True))
    one.settle()
    assert [seen.name for seen in one.running()] == ["proxy", "web"]


def test_a_crash_loop_backs_off_from_ten_seconds_to_five_minutes() -> None:
    one = world(app())
    one.settle()
    waits = []
    for _ in range(8):
        one.exit(one.running()[0].id, 1)
        waits.append(one.run_of().restart_at - one.now if isinstance(one.run_of(), Exited) else 0.0)
        one.settle(seconds=300)
    assert waits == [0, 10, 20, 40, 80, 160, 300, 300]
    one.exit(one.running()[0].id, 1)
    container = one.status.containerStatuses[0]
    assert container.state.waiting.reason == "CrashLoopBackOff"
    assert container.state.waiting.message == "back-off 5m0s restarting failed container=web pod=web_default(u)"
    assert container.lastState.terminated.exitCode == 1
    assert container.restartCount == 8
    assert one.status.phase == "Running"
    said = "Back-off restarting failed container web in pod web_default(u)"
    assert Record("Warning", "BackOff", said, "web") in one.records


def test_who_ran_for_long_restarts_at_once() -> None:
    one = world(app())
    one.settle()
    for _ in range(4):
        one.exit(one.running()[0].id, 1)
        one.settle(seconds=300)
    one.now += 600
    one.exit(one.running()[0].id, 1)
    one.settle()
    assert one.running()


@pytest.mark.parametrize(
    ("restart", "code", "phase"),
    [("Never", 0, "Succeeded"), ("Never", 3, "Failed"), ("OnFailure", 0, "Succeeded")],
)
def test_a_pod_that_is_done_says_how_it_went(restart: str, code: int, phase: str) -> None:
    one = world(app(restart=restart))
    one.settle()
    one.exit(one.running()[0].id, code)
    one.settle()
    assert isinstance(one.state, Terminated)
    assert one.status.phase == phase
    assert one.status.containerStatuses[0].state.terminated.exitCode == code
    assert conditions(one.status)["Ready"] == ("False", "PodCompleted" if phase == "Succeeded" else "PodFailed")
    assert one.status.podIP == "127.10.1.1"


def test_an_exit_code_can_have_a_rule_of_its_own() -> None:
    one = world(app(restart="Never", rules=(("In", (42,)),)))
    one.settle()
    one.exit(one.running()[0].id, 42)
    one.settle()
    assert one.running()
    one.exit(one.running()[0].id, 1)
    one.settle()
    assert one.status.phase == "Failed"


def test_an_init_container_that_fails_for_good_fails_the_pod() -> None:
    one = world(init(restart="Never"), sidecar(), app(restart="Never"))
    one.settle()
    one.exit(one.running()[0].id, 1)
    one.settle()
    assert one.status.phase == "Failed"
    assert not one.running()


def test_the_sidecars_end_after_the_rest_the_last_one_first() -> None:
    one = world(sidecar("a"), sidecar("b"), app())
    one.settle()
    one.post(Deleted(30))
    order = []
    while one.pending:
        action = one.pending[0]
        if isinstance(action, StopContainer):
            order.append(action.container)
        one.perform(action)
    assert order == ["web", "b", "a"]
    assert isinstance(one.state, Terminated)


def test_an_image_that_is_not_there_backs_off() -> None:
    one = world(app())
    one.perform(one.pending[0])
    one.perform(one.pending[0], fail=True)
    waiting = one.status.containerStatuses[0].state.waiting
    assert (waiting.reason, waiting.message) == ("ErrImagePull", "no such image")
    one.settle(seconds=2)
    waiting = one.status.containerStatuses[0].state.waiting
    assert waiting.reason == "ImagePullBackOff"
    assert waiting.message == 'Back-off pulling image "nginx": ErrImagePull: no such image'
    assert one.status.phase == "Pending"
    one.settle(seconds=20)
    assert one.status.phase == "Running"


def test_readiness_follows_the_probe_and_gates() -> None:
    one = world(app(readiness_probe=True))
    one.pod.spec.readinessGates.add(conditionType="example.com/ok")
    one.settle()
    id = one.running()[0].id
    assert conditions(one.status)["Ready"] == ("False", "ContainersNotReady")
    one.post(Probed("web", id, Probe.READINESS, True))
    assert conditions(one.status)["ContainersReady"] == ("True", "")
    assert conditions(one.status)["Ready"] == ("False", "ReadinessGatesNotReady")
    one.pod.status.conditions.add(type="example.com/ok", status="True")
    one.post(Tick())
    assert conditions(one.status)["Ready"] == ("True", "")
    one.post(Probed("web", id, Probe.READINESS, False))
    assert conditions(one.status)["Ready"] == ("False", "ContainersNotReady")


def test_a_failed_liveness_probe_restarts_the_container() -> None:
    one = world(app())
    one.settle()
    first = one.running()[0].id
    one.post(Probed("web", first, Probe.LIVENESS, False))
    assert Record("Normal", "Killing", "Container web failed liveness probe, will be restarted", "web") in one.records
    one.settle()
    assert [seen.id for seen in one.running()] != [first]
    assert one.status.containerStatuses[0].restartCount == 1


def test_a_deadline_ends_the_pod() -> None:
    one = world(app(), deadline=1060.0)
    one.settle(seconds=59)
    assert one.status.phase == "Running"
    one.settle(seconds=2)
    assert (one.status.phase, one.status.reason) == ("Failed", "DeadlineExceeded")
    assert not one.running()


def test_another_image_replaces_the_container_whatever_its_policy() -> None:
    one = world(app(restart="Never"))
    one.settle()
    one.plan = plan(replace(app(restart="Never"), image="nginx:2"))
    one.post(Tick())
    one.settle()
    assert one.status.containerStatuses[0].image == "nginx:2"
    assert one.status.containerStatuses[0].restartCount == 1
    assert one.status.phase == "Running"


def test_a_pod_that_is_turned_away_has_failed() -> None:
    asked = plan(app())
    one = World(asked, rejected(asked, Failure("OutOfpods", "no room")))
    one.post(Tick())
    assert (one.status.phase, one.status.reason, one.status.message) == ("Failed", "OutOfpods", "no room")
    assert not one.pending


def test_a_lost_sandbox_is_made_anew() -> None:
    one = world(init(), app())
    one.settle()
    one.exit(one.running()[0].id, 0)
    one.settle()
    assert one.sandbox is not None
    id, attempt, _ = one.sandbox
    one.containers.clear()
    one.sandbox = None
    one.post(Observed(id, attempt, ready=False, ip=""))
    one.settle()
    one.exit(one.running()[0].id, 0)
    one.settle()
    assert one.sandbox[1] == attempt + 1
    container = one.status.containerStatuses[0]
    assert container.lastState.terminated.reason == "ContainerStatusUnknown"
    assert container.restartCount == 1


# Coming back


def test_a_pod_that_still_runs_is_adopted_unchanged() -> None:
    one = world(sidecar(), app(readiness_probe=True))
    one.settle()
    one.post(Probed("web", one.running()[1].id, Probe.READINESS, True))
    before = one.pod.status.SerializeToString(deterministic=True)
    assert one.sandbox is not None
    id, attempt, ready = one.sandbox
    seen = Observed(id, attempt, ready, "127.10.1.1", tuple(one.containers.values()))
    one.state = restore(one.plan, one.pod, seen, one.now + 5)
    one.post(Tick())
    assert not one.pending
    assert isinstance(one.state, Active)
    assert one.pod.status.SerializeToString(deterministic=True) == before


def test_a_pod_whose_node_has_lost_it_starts_again_and_counts() -> None:
    one = world(app())
    one.settle()
    one.containers.clear()
    one.sandbox = None
    one.state = restore(one.plan, one.pod, None, one.now)
    one.post(Tick())
    one.settle()
    container = one.status.containerStatuses[0]
    assert one.status.phase == "Running"
    assert container.restartCount == 1
    assert container.lastState.terminated.exitCode == 137


def test_a_pod_that_never_restarts_and_was_lost_has_failed() -> None:
    one = world(app(restart="Never"))
    one.settle()
    one.containers.clear()
    one.sandbox = None
    one.state = restore(one.plan, one.pod, None, one.now)
    one.post(Tick())
    one.settle()
    assert one.status.phase == "Failed"
    assert one.status.containerStatuses[0].state.terminated.reason == "ContainerStatusUnknown"


def test_a_pod_that_is_done_stays_done() -> None:
    one = world(app(restart="Never"))
    one.settle()
    one.exit(one.running()[0].id, 0)
    one.settle()
    before = one.pod.status.SerializeToString(deterministic=True)
    one.state = restore(one.plan, one.pod, None, one.now)
    one.post(Tick())
    assert not one.pending
    assert one.pod.status.SerializeToString(deterministic=True) == before


# Properties

POLICIES = st.sampled_from(["Always", "OnFailure", "Never"])
FLAGS = st.booleans()


@st.composite
def plans(draw: st.DrawFn) -> PodPlan:
    policy = draw(POLICIES)
    containers = []
    for place in range(draw(st.integers(0, 3))):
        if draw(FLAGS):
            containers.append(sidecar(f"i{place}", startup_probe=draw(FLAGS)))
        else:
            containers.append(init(f"i{place}", "Never" if policy == "Never" else "OnFailure"))
    for place in range(draw(st.integers(1, 2))):
        containers.append(app(f"a{place}", policy, readiness_probe=draw(FLAGS), startup_probe=draw(FLAGS)))
    deadline = draw(st.sampled_from([None, None, 1030.0]))
    return plan(*containers, deadline=deadline)


ALLOWED = {
    ("Pending", "Running"),
    ("Running", "Pending"),  # a lost sandbox is prepared anew
    ("Pending", "Failed"),
    ("Pending", "Succeeded"),
    ("Running", "Failed"),
    ("Running", "Succeeded"),
}


def happen(one: World, data: st.DataObject) -> None:
    """Have one thing happen, of all that can."""
    choices: list[str] = ["wait", "observe", *(["perform"] * 5 if one.pending else [])]
    if one.running():
        choices += ["exit", "probe"]
    if one.sandbox is not None and one.sandbox[2]:
        choices.append("lose")
    match data.draw(st.sampled_from(choices)):
        case "wait":
            one.now += data.draw(st.sampled_from([0.5, 5.0, 30.0, 400.0]))
            one.post(Tick())
        case "observe":
            one.observe()
        case "perform":
            action = data.draw(st.sampled_from(one.pending))
            one.perform(action, fail=data.draw(st.sampled_from([False, False, False, True])))
        case "exit":
            one.exit(data.draw(st.sampled_from(one.running())).id, data.draw(st.sampled_from([0, 0, 1, 137])))
        case "probe":
            seen = data.draw(st.sampled_from(one.running()))
            one.post(Probed(seen.name, seen.id, data.draw(st.sampled_from(list(Probe))), data.draw(FLAGS)))
        case "lose":
            if data.draw(st.integers(0, 4)) == 0:
                id, attempt, _ = one.sandbox or ("", 0, False)
                one.containers.clear()
                one.sandbox = None
                one.post(Observed(id, attempt, ready=False, ip=""))


@SLOW
@given(plans(), st.data())
def test_whatever_happens_a_deleted_pod_ends_and_leaves_nothing(asked: PodPlan, data: st.DataObject) -> None:
    one = World(asked, fresh(asked))
    one.post(Tick())
    for _ in range(data.draw(st.integers(0, 30))):
        happen(one, data)
    first = data.draw(st.sampled_from([Deleted(30.0), Deleted(0.0), Removed()]))
    one.post(first)
    for _ in range(data.draw(st.integers(0, 5))):
        happen(one, data)
    one.settle(seconds=3600)
    if isinstance(first, Deleted):
        assert isinstance(one.state, Terminated), one.state
        one.post(Removed())
        one.settle()
    assert isinstance(one.state, Gone)
    assert one.sandbox is None
    assert not one.containers


@SLOW
@given(plans(), st.data())
def test_whatever_happens_phases_move_as_documented(asked: PodPlan, data: st.DataObject) -> None:
    one = World(asked, fresh(asked))
    one.post(Tick())
    for _ in range(40):
        happen(one, data)
    for before, after in zip(one.phases, one.phases[1:], strict=False):
        assert (before, after) in ALLOWED, one.phases


@SLOW
@given(plans(), st.data())
def test_whatever_happened_a_pod_left_in_peace_runs_or_is_done(asked: PodPlan, data: st.DataObject) -> None:
    asked = replace(asked, deadline=None)
    one = World(asked, fresh(asked))
    one.post(Tick())
    for _ in range(data.draw(st.integers(0, 30))):
        happen(one, data)
    for _ in range(20):
        one.settle(seconds=400)
        for seen in one.running():
            role = next(known.role for known in asked.containers() if known.name == seen.name)
            one.post(Probed(seen.name, seen.id, Probe.STARTUP, True))
            one.post(Probed(seen.name, seen.id, Probe.READINESS, True))
            if role is Role.INIT:
                one.exit(seen.id, 0)
    if isinstance(one.state, Terminated):
        assert one.status.phase in ("Succeeded", "Failed")
        assert not one.running()
    else:
        assert isinstance(one.state, Active), one.state
        runs = [one.run_of(known.name) for known in asked.apps]
        assert all(isinstance(run, Running) or (isinstance(run, Exited) and math.isinf(run.restart_at)) for run in runs)
        assert one.status.phase == "Running"


@SLOW
@given(plans(), st.data())
def test_whatever_happened_a_kubelet_that_comes_back_goes_on(asked: PodPlan, data: st.DataObject) -> None:
    asked = replace(asked, deadline=None)
    one = World(asked, fresh(asked))
    one.post(Tick())
    for _ in range(data.draw(st.integers(0, 30))):
        happen(one, data)
    counts = {status.name: status.restartCount for status in one.status.containerStatuses}
    one.pending.clear()
    seen = None
    if one.sandbox is not None:
        id, attempt, ready = one.sandbox
        seen = Observed(id, attempt, ready, "127.10.1.1" if ready else "", tuple(one.containers.values()))
    one.state = restore(asked, one.pod, seen, one.now)
    one.post(Tick())
    for name, count in counts.items():
        after = [status.restartCount for status in one.status.containerStatuses if status.name == name]
        assert all(now >= count for now in after)
    one.post(Deleted(30.0))
    one.settle(seconds=3600)
    assert isinstance(one.state, Terminated)
    assert not one.running()


def test_a_container_that_waits_for_nothing_needs_no_tick() -> None:
    one = world(app())
    one.settle()
    assert wake_at(one.plan, one.state) == math.inf
    assert not isinstance(one.run_of(), Waiting)
