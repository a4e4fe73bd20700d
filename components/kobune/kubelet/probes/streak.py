"""When a row of results becomes a verdict."""

from dataclasses import dataclass, replace

from kobune.api.core.v1 import Probe as ProbeSpec


@dataclass(frozen=True)
class Streak:
    """The results so far. Source: *Configure probes* in the documentation."""

    success_threshold: int = 1
    failure_threshold: int = 3
    verdict: bool | None = None
    """What is held to be true; None for not known yet."""
    last: bool | None = None
    length: int = 0

    @classmethod
    def of(cls, probe: ProbeSpec) -> "Streak":
        """Return the beginning for a probe, with the defaults where it says nothing."""
        return cls(max(probe.successThreshold, 1), probe.failureThreshold or 3)

    def after(self, passed: bool) -> "Streak":
        """Return the results with one more."""
        length = self.length + 1 if passed is self.last else 1
        enough = length >= (self.success_threshold if passed else self.failure_threshold)
        return replace(self, last=passed, length=length, verdict=passed if enough else self.verdict)
