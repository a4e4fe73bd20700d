"""What a simulated container uses: as much as its pod says that it does, and more for each request it answers.

Nothing is computed in it, so nothing could be measured. `kobune.dev/cpu` and `kobune.dev/memory` on a pod say what it
uses all the time, `kobune.dev/cpu-per-request` what a request costs: a pod that is asked ten times a second uses
ten times that.
"""

from collections import deque
from dataclasses import dataclass

from kobune.vendor.cri import ContainerAttributes, ContainerStats, CpuUsage, MemoryUsage, UInt64Value

WINDOW = 10
"""Seconds over which requests are averaged."""


@dataclass(frozen=True)
class Usage:
    """What a container uses."""

    cpu: float = 0.001
    """Cores, all the time."""
    memory: int = 8 << 20
    """Bytes."""
    cpu_per_request: float = 0.01
    """Seconds of a core."""


USUAL = Usage()


class Meter:
    """Counts the requests that one run of a container answers."""

    def __init__(self) -> None:
        self.requests = 0
        self._recent: deque[tuple[int, int]] = deque()
        """Seconds since 1970, and how many requests there were in them."""

    def count(self, now: float) -> None:
        """Take note of a request."""
        self.requests += 1
        second = int(now)
        if self._recent and self._recent[-1][0] == second:
            self._recent[-1] = second, self._recent[-1][1] + 1
        else:
            self._recent.append((second, 1))
        self._trim(second)

    def rate(self, now: float) -> float:
        """Return the requests per second, lately."""
        self._trim(int(now))
        return sum(count for second, count in self._recent if second < int(now)) / WINDOW

    def _trim(self, second: int) -> None:
        while self._recent and self._recent[0][0] < second - WINDOW:
            self._recent.popleft()


def stats_of(
    attributes: ContainerAttributes, usage: Usage, meter: Meter | None, started_at: int, now: float
) -> ContainerStats:
    """Return what CRI tells of a running container; `started_at` are nanoseconds."""
    nanos = int(now * 1e9)
    seconds = max(nanos - started_at, 0) / 1e9
    requests, rate = (meter.requests, meter.rate(now)) if meter is not None else (0, 0.0)
    used = usage.cpu * seconds + usage.cpu_per_request * requests
    cores = usage.cpu + usage.cpu_per_request * rate
    memory = UInt64Value(value=usage.memory)
    return ContainerStats(
        attributes=attributes,
        cpu=CpuUsage(
            timestamp=nanos,
            usage_core_nano_seconds=UInt64Value(value=int(used * 1e9)),
            usage_nano_cores=UInt64Value(value=int(cores * 1e9)),
        ),
        memory=MemoryUsage(timestamp=nanos, working_set_bytes=memory, usage_bytes=memory, rss_bytes=memory),
    )
