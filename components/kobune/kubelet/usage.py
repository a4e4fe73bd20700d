"""What the containers on our nodes use, as the runtime measures it."""

from collections.abc import Iterable
from dataclasses import dataclass

from kobune.kubelet.annotations import CONTAINER_NAME, POD_UID
from kobune.vendor.cri import ContainerStats

WINDOW = 10.0
"""Seconds that a runtime is taken to average over, where it says what is used at present."""
SHORTEST = 1.0
"""Seconds between two measurements that say something."""


@dataclass(frozen=True)
class Measured:
    """What one container uses."""

    uid: str
    """Of its pod."""
    name: str
    cpu: float
    """Cores."""
    memory: int
    """Bytes."""
    at: float
    window: float


@dataclass(frozen=True)
class _Sample:
    at: int
    used: int


class Usages:
    """Makes rates of what runtimes count. It remembers what each container had used when it was last asked."""

    def __init__(self) -> None:
        self._samples: dict[str, _Sample] = {}

    def measured(self, stats: Iterable[ContainerStats]) -> list[Measured]:
        """Return what containers use; of those that run for so short that it cannot be told, nothing."""
        found: list[Measured] = []
        samples: dict[str, _Sample] = {}
        for each in stats:
            id, cpu = each.attributes.id, each.cpu
            before = self._samples.get(id)
            sample = _Sample(cpu.timestamp, cpu.usage_core_nano_seconds.value)
            if cpu.HasField("usage_nano_cores"):
                cores, window = cpu.usage_nano_cores.value / 1e9, WINDOW
            elif before is None or sample.at - before.at < SHORTEST * 1e9:
                samples[id] = before or sample
                continue
            else:
                window = (sample.at - before.at) / 1e9
                cores = max(sample.used - before.used, 0) / 1e9 / window
            samples[id] = sample
            labels = each.attributes.labels
            memory = each.memory.working_set_bytes.value
            name = labels.get(CONTAINER_NAME, each.attributes.metadata.name)
            found.append(Measured(labels.get(POD_UID, ""), name, cores, memory, cpu.timestamp / 1e9, window))
        self._samples = samples
        return found
