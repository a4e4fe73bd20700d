"""Probes the containers that want it, each at its own pace."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from random import Random
from typing import Any

from kobune.api.core.v1 import Container, Pod
from kobune.api.core.v1 import Probe as ProbeSpec
from kobune.apimachinery.clock import Clock
from kobune.kubelet.cri.runtime import Runtime
from kobune.kubelet.lifecycle.events import Probe, Probed
from kobune.kubelet.lifecycle.state import Active, Running, State
from kobune.kubelet.probes.check import DEFAULT_TIMEOUT, Target, check
from kobune.kubelet.probes.streak import Streak
from kobune.kubelet.timers import Timer, Timers

DEFAULT_PERIOD = 10

Key = tuple[str, str, Probe]
"""Pod, run of a container, kind of probe."""


@dataclass
class Watched:
    """One probe of one run."""

    key: Key
    pod: Pod
    target: Target
    spec: ProbeSpec
    streak: Streak
    timer: Timer | None = None


class Prober:
    """Performs probes and posts their verdicts. `follow` says what there is to probe."""

    def __init__(
        self,
        runtime: Runtime,
        timers: Timers,
        *,
        actual_port: Callable[[int], int],
        clock: Clock,
        random: Random,
        spawn: Callable[[Coroutine[Any, Any, None]], None],
        post: Callable[[str, Probed], None],
        unhealthy: Callable[[Pod, str, str], None],
    ) -> None:
        """Start nothing. `unhealthy` is told a pod, a container and what it failed."""
        self._runtime = runtime
        self._timers = timers
        self._actual_port = actual_port
        self._clock = clock
        self._random = random
        self._spawn = spawn
        self._post = post
        self._unhealthy = unhealthy
        self._watched: dict[str, dict[Key, Watched]] = {}

    def follow(self, pod: Pod, state: State, node_ip: str) -> None:
        """Probe what runs of a pod now, and nothing else of it."""
        uid = pod.metadata.uid
        wanted = dict(self._wanted(pod, state, node_ip))
        known = self._watched.setdefault(uid, {})
        for key in [key for key in known if key not in wanted]:
            if (timer := known.pop(key).timer) is not None:
                timer.cancel()
        for key, (container, run, ip) in wanted.items():
            if key not in known:
                spec = probe_of(container, key[2])
                target = Target(container, run.id, ip, self._actual_port)
                watched = known[key] = Watched(key, pod, target, spec, Streak.of(spec))
                first = max(run.started_at + spec.initialDelaySeconds, self._clock.now())
                watched.timer = self._timers.at(first, self._probing(watched))
        if not known:
            del self._watched[uid]

    def _wanted(self, pod: Pod, state: State, node_ip: str) -> list[tuple[Key, tuple[Container, Running, str]]]:
        if not isinstance(state, Active):
            return []
        wanted = []
        for container in [*pod.spec.initContainers, *pod.spec.containers]:
            run = state.containers[container.name].run if container.name in state.containers else None
            if isinstance(run, Running):
                kinds = (Probe.LIVENESS, Probe.READINESS) if run.started else (Probe.STARTUP,)
                for kind in kinds:
                    if container.HasField(FIELDS[kind]):
                        ip = state.sandbox.ip or node_ip
                        wanted.append(((pod.metadata.uid, run.id, kind), (container, run, ip)))
        return wanted

    def _probing(self, watched: Watched) -> Callable[[], None]:
        return lambda: self._spawn(self._probe(watched))

    async def _probe(self, watched: Watched) -> None:
        uid, _, kind = watched.key
        name = watched.target.container.name
        timeout = watched.spec.timeoutSeconds or DEFAULT_TIMEOUT
        result = await check(self._runtime, watched.target, watched.spec.handler, timeout)
        if self._watched.get(uid, {}).get(watched.key) is not watched:
            return  # nobody asks any more
        before = watched.streak
        watched.streak = before.after(result.passed)
        if not result.passed:
            self._unhealthy(watched.pod, name, f"{kind.value} probe failed: {result.message}")
        period = (watched.spec.periodSeconds or DEFAULT_PERIOD) * (1 + self._random.random() / 50)
        watched.timer = self._timers.at(self._clock.now() + period, self._probing(watched))
        if watched.streak.verdict is not None and watched.streak.verdict is not before.verdict:
            self._post(uid, Probed(name, watched.target.id, kind, watched.streak.verdict))


FIELDS = {Probe.STARTUP: "startupProbe", Probe.LIVENESS: "livenessProbe", Probe.READINESS: "readinessProbe"}


def has_probes(pod: Pod) -> bool:
    """Whether any container of a pod is to be probed."""
    containers = [*pod.spec.initContainers, *pod.spec.containers]
    return any(container.HasField(field) for container in containers for field in FIELDS.values())


def probe_of(container: Container, kind: Probe) -> ProbeSpec:
    """Return a container's probe of a kind."""
    spec: ProbeSpec = getattr(container, FIELDS[kind])
    return spec
