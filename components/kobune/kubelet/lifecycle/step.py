"""The lifecycle of a pod: `step` says what it becomes, and what must be done about it. `state` draws the machine.

Handlers of events only take note of what happened; `_advance` then looks at where everything stands and plans what
comes next. So nothing depends on the order of events.
"""

import math
from dataclasses import replace

from kobune.kubelet.lifecycle import containers as one
from kobune.kubelet.lifecycle.actions import Action, Record, RemoveSandbox, RunSandbox, StopSandbox
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
    StartFailed,
    StopFailed,
    Tick,
)
from kobune.kubelet.lifecycle.order import is_over, to_stop, whose_turn
from kobune.kubelet.lifecycle.plan import ContainerPlan, PodPlan, Role
from kobune.kubelet.lifecycle.state import (
    Active,
    Closing,
    Container,
    Containers,
    End,
    Exited,
    Failure,
    Gone,
    Preparing,
    Pulling,
    Running,
    Sandbox,
    Starting,
    State,
    Stopping,
    Terminated,
    Terminating,
    Waiting,
    with_container,
    with_run,
)

DEADLINE = Failure("DeadlineExceeded", "Pod was active on the node longer than the specified deadline")
SANDBOX_RETRY_SECONDS = 1.0
STOP_RETRY_SECONDS = 5.0

Next = tuple[State, list[Action]]


def fresh(plan: PodPlan) -> State:
    """Return the state of a pod that has just come to its node."""
    return Preparing({container.name: Container() for container in plan.containers()})


def rejected(plan: PodPlan, failure: Failure) -> State:
    """Return the state of a pod that its node does not take."""
    return Terminated(None, {container.name: Container() for container in plan.containers()}, failure)


def step(plan: PodPlan, state: State, event: Event, now: float) -> Next:
    """Return what the pod becomes, and what must be done about it."""
    match state:
        case Preparing():
            return _preparing(plan, state, event, now)
        case Active():
            return _active(plan, state, event, now)
        case Terminating():
            return _terminating(plan, state, event, now)
        case Closing():
            return _closing(state, event, now)
        case Terminated():
            return _terminated(state, event)
        case Gone():
            return state, []


def wake_at(plan: PodPlan, state: State) -> float:
    """Return when the pod needs a `Tick`; infinity for never."""
    match state:
        case Preparing(asked=False, retry_at=at):
            return min(at, plan.deadline or math.inf)
        case Active(containers=containers):
            turns = [_wakes(containers[known.name]) for known in whose_turn(plan, containers)]
            return min([plan.deadline or math.inf, *turns])
        case Terminating(containers=containers):
            return min([math.inf, *(_retries(container) for container in containers.values())])
        case Closing(retry_at=at):
            return at
    return math.inf


def _preparing(plan: PodPlan, state: Preparing, event: Event, now: float) -> Next:
    match event:
        case Observed(ready=True) if event.attempt >= state.attempt:
            sandbox = Sandbox(event.sandbox, event.ip, event.attempt)
            if state.end is not None:
                return _wind_down(plan, Terminating(sandbox, state.containers, state.end), now)
            return _advance(plan, Active(sandbox, state.containers), now)
        case SandboxFailed(message, reason):
            if state.end is not None:
                return _ended(None, state.containers, state.end)
            wait = min(SANDBOX_RETRY_SECONDS * 2 ** min(state.failures, 10), one.LONGEST_BACKOFF)
            state = replace(state, asked=False, failures=state.failures + 1, retry_at=now + wait)
            return state, [Record("Warning", reason, message)]
        case Deleted() | Removed():
            return _end_preparing(state, _end(state.end, event, plan))
        case Tick() if not state.asked and state.end is None:
            if plan.deadline is not None and now >= plan.deadline:
                after, actions = _end_preparing(state, End(plan.grace, DEADLINE))
                return after, [Record("Normal", DEADLINE.reason, DEADLINE.message), *actions]
            if is_over(plan, state.containers):
                return _end_preparing(state, End(plan.grace))
            if now >= state.retry_at:
                return replace(state, asked=True), [RunSandbox(state.attempt)]
    return state, []


def _end_preparing(state: Preparing, end: End) -> Next:
    # What the runtime is at cannot be called back: it is awaited, then undone.
    return (replace(state, end=end), []) if state.asked else _ended(None, state.containers, end)


def _active(plan: PodPlan, state: Active, event: Event, now: float) -> Next:
    match event:
        case Deleted() | Removed():
            return _wind_down(plan, Terminating(state.sandbox, state.containers, _end(None, event, plan)), now)
        case Observed(sandbox=id, ready=False) if id == state.sandbox.id:
            said = Record("Normal", "SandboxChanged", "Pod sandbox changed, it will be killed and re-created.")
            after = Preparing(lose(plan, state.containers, now), attempt=state.sandbox.attempt + 1)
            again, actions = _preparing(plan, after, Tick(), now)
            return again, [said, RemoveSandbox(id), *actions]
    containers, actions = _note(plan, state.sandbox, state.containers, event, now)
    after_event, more = _advance(plan, replace(state, containers=containers), now)
    return after_event, [*actions, *more]


def _terminating(plan: PodPlan, state: Terminating, event: Event, now: float) -> Next:
    before = state
    match event:
        case ImageReady() | ImageFailed() | Probed(probe=Probe.STARTUP | Probe.LIVENESS):
            return state, []  # nothing starts any more, and what ends does so for good
        case Deleted() | Removed():
            state = replace(state, end=_end(state.end, event, plan))
        case Observed(sandbox=id, ready=False) if id == state.sandbox.id:
            state = replace(state, containers={name: one.lost(c, now) for name, c in state.containers.items()})
    containers, actions = _note(plan, state.sandbox, state.containers, event, now)
    hurry = state.end.grace < before.end.grace
    after, more = _wind_down(plan, replace(state, containers=containers), now, hurry=hurry)
    kept = [action for action in actions if not isinstance(action, Record) or action.reason != "BackOff"]
    return after, [*kept, *more]


def _closing(state: Closing, event: Event, now: float) -> Next:
    match event:
        case SandboxStopped():
            return _ended(state.sandbox, state.containers, state.end)
        case SandboxStopFailed(message):
            said = Record("Warning", "FailedKillPod", f"error killing pod: {message}")
            return replace(state, retry_at=now + STOP_RETRY_SECONDS), [said]
        case Removed():
            return replace(state, end=replace(state.end, removed=True)), []
        case Tick() if now >= state.retry_at:
            return replace(state, retry_at=math.inf), [StopSandbox(state.sandbox.id)]
    return state, []


def _terminated(state: Terminated, event: Event) -> Next:
    match event:
        case Removed():
            removal: list[Action] = [RemoveSandbox(state.sandbox.id)] if state.sandbox is not None else []
            return Gone(state.containers), removal
    return state, []


def _note(
    plan: PodPlan, sandbox: Sandbox, containers: Containers, event: Event, now: float
) -> tuple[Containers, list[Action]]:
    """Take note of what an event says about containers."""
    if isinstance(event, Observed):
        if event.sandbox != sandbox.id:
            return containers, []
        actions: list[Action] = []
        for seen in event.containers:
            known = _known(plan, seen.name)
            if known is not None and (container := containers.get(seen.name)) is not None:
                changed, more = one.observe(plan, known, container, seen, now)
                actions += more
                if changed is not container:
                    containers = with_container(containers, seen.name, changed)
        return containers, actions
    if not isinstance(event, ImageReady | ImageFailed | StartFailed | StopFailed | Probed):
        return containers, []
    known, before = _known(plan, event.container), containers.get(event.container)
    if known is None or before is None:
        return containers, []
    change: one.Change = (before, [])
    match event, before.run:
        case ImageReady(), Pulling():
            change = one.start(known, before, sandbox.id)
        case ImageFailed(), Pulling():
            change = one.image_failed(known, before, event, now)
        case StartFailed(sandbox=tried), Starting() if tried == sandbox.id:
            change = one.start_failed(known, before, event, now)
        case StopFailed(), Stopping() as stopping:
            retry = replace(stopping, retry_at=now + STOP_RETRY_SECONDS)
            change = with_run(before, retry), [Record("Warning", "FailedKillPod", event.message, known.name)]
        case Probed(), _:
            change = one.probed(plan, known, before, event)
    return with_container(containers, known.name, change[0]), change[1]


def _advance(plan: PodPlan, state: Active, now: float) -> Next:
    """Run what is to run now: the init containers one after the other, then the rest."""
    if plan.deadline is not None and now >= plan.deadline:
        after, actions = _wind_down(plan, Terminating(state.sandbox, state.containers, End(plan.grace, DEADLINE)), now)
        return after, [Record("Normal", DEADLINE.reason, DEADLINE.message), *actions]
    containers: Containers = dict(state.containers)
    actions = []
    for known in whose_turn(plan, containers):
        changed, more = _further(plan, known, containers[known.name], now)
        actions += more
        if changed is not containers[known.name]:
            containers = with_container(containers, known.name, changed)
    if is_over(plan, containers):
        after, more = _wind_down(plan, Terminating(state.sandbox, containers, End(plan.grace)), now)
        return after, [*actions, *more]
    return replace(state, containers=containers), actions


def _further(pod: PodPlan, plan: ContainerPlan, container: Container, now: float) -> one.Change:
    """Take a container whose turn it is one step further, if its time has come."""
    match container.run:
        case Waiting() as waiting:
            if now >= waiting.until:
                return one.begin(plan, container)
            if now >= waiting.looks_at:
                return one.show_pull_backoff(plan, container, waiting)
        case Exited(restart_at=at) if now >= at:
            return one.begin(plan, container)
        case Running() if container.image != plan.image:
            return one.stop(plan, container, pod.grace, f"Container {plan.name} definition changed, will be restarted")
        case Stopping(retry_at=at) if now >= at:
            return one.stop(plan, container, pod.grace, "")
    return container, []


def _wind_down(plan: PodPlan, state: Terminating, now: float, *, hurry: bool = False) -> Next:
    """End what runs: first all but the sidecars, then those, the last to start first; then the sandbox."""
    containers: Containers = dict(state.containers)
    actions: list[Action] = []
    for known in to_stop(plan, containers):
        container = containers[known.name]
        retry = isinstance(container.run, Stopping) and (hurry or now >= container.run.retry_at)
        if isinstance(container.run, Running) or retry:
            said = "" if retry else f"Stopping container {known.name}"
            containers_changed, more = one.stop(known, container, state.end.grace, said)
            containers = with_container(containers, known.name, containers_changed)
            actions += more
    if any(container.is_alive for container in containers.values()):
        return replace(state, containers=containers), actions
    return Closing(state.sandbox, containers, state.end), [*actions, StopSandbox(state.sandbox.id)]


def _ended(sandbox: Sandbox | None, containers: Containers, end: End) -> Next:
    if end.removed:
        return Gone(containers), [RemoveSandbox(sandbox.id)] if sandbox is not None else []
    return Terminated(sandbox, containers, end.failure), []


def _end(before: End | None, event: Deleted | Removed, plan: PodPlan) -> End:
    end = before or End(plan.grace)
    match event:
        case Deleted(grace):
            return replace(end, grace=min(end.grace, grace) if before is not None else grace)
        case Removed():
            # Nobody waits for it any more, but what runs still gets its time.
            return replace(end, removed=True)


def lose(plan: PodPlan, containers: Containers, now: float) -> Containers:
    """Return the containers after the loss of their sandbox: all have ended, and all that prepares runs anew."""
    changed = {}
    for known in plan.containers():
        container = one.lost(containers[known.name], now)
        if known.role is Role.APP:
            if isinstance(container.run, Exited) and container.run.restart_at == math.inf:
                container, _ = one.exited(plan, known, container, container.run.ended, now)
        else:
            last = container.run.ended if isinstance(container.run, Exited) else container.last
            container = replace(container, run=Waiting(), last=last, begun=False)
        changed[known.name] = container
    return changed


def _known(plan: PodPlan, name: str) -> ContainerPlan | None:
    return next((known for known in plan.containers() if known.name == name), None)


def _wakes(container: Container) -> float:
    match container.run:
        case Waiting(reason=reason, until=until, looks_at=looks_at) if reason:
            return min(until, looks_at)
        case Exited(restart_at=at) | Stopping(retry_at=at):
            return at
    return math.inf


def _retries(container: Container) -> float:
    return container.run.retry_at if isinstance(container.run, Stopping) else math.inf
