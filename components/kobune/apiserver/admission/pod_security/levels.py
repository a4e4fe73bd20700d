"""The levels of Pod Security, and how the labels of a namespace choose them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from kobune.apiserver.admission.pod_security import baseline, restricted
from kobune.apiserver.admission.pod_security.finding import Finding

PREFIX: Final = "pod-security.kubernetes.io/"
LEVELS: Final = ("privileged", "baseline", "restricted")
MODES: Final = ("enforce", "audit", "warn")
VERSION: Final = re.compile(r"v1\.(0|[1-9][0-9]{0,5})")
LATEST: Final = 36
"""The minor version that `latest` is."""


@dataclass(frozen=True)
class Policy:
    """A level, as a version of Kubernetes defines it."""

    level: str = "privileged"
    version: str = "latest"

    def __str__(self) -> str:
        return f"{self.level}:{self.version}"

    @property
    def minor(self) -> int:
        """The minor version whose rules count."""
        match = VERSION.fullmatch(self.version)
        return min(int(match[1]), LATEST) if match else LATEST

    def findings(self, metadata: Any, spec: Any) -> Iterator[Finding]:
        """Yield what the level has against a pod."""
        if self.level == "privileged":
            return
        minor = self.minor
        checks = [check for check in baseline.CHECKS if minor >= check.since]
        if self.level == "restricted":
            stricter = [check for check in restricted.CHECKS if minor >= check.since]
            replaced = {check.replaces for check in stricter}
            checks = [check for check in checks if check.id not in replaced] + stricter
        for check in checks:
            if (found := check.find(metadata, spec, minor)) is not None:
                yield found

    def is_weaker_than(self, other: "Policy") -> bool:
        """Whether pods that this allows could be against the other."""
        return self != other and other.level != "privileged" and LEVELS.index(self.level) <= LEVELS.index(other.level)


def policy_of(labels: Mapping[str, str], mode: str) -> Policy:
    """Return the policy that the labels of a namespace choose for a mode; who writes nonsense gets no less than all."""
    level = labels.get(PREFIX + mode, "privileged")
    version = labels.get(f"{PREFIX}{mode}-version", "latest")
    bad = level not in LEVELS
    return Policy("restricted" if bad and mode == "enforce" else "privileged" if bad else level, version)


def label_problems(labels: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Yield which labels have values that make no sense: label, value, what it must be."""
    for mode in MODES:
        level = labels.get(PREFIX + mode)
        if level is not None and level not in LEVELS:
            yield PREFIX + mode, level, f"must be one of {', '.join(LEVELS)}"
        key = f"{PREFIX}{mode}-version"
        version = labels.get(key)
        if version is not None and version != "latest" and not VERSION.fullmatch(version):
            yield key, version, 'must be "latest" or "v1.x"'
