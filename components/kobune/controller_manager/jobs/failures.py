"""What a pod failure policy says of a pod that failed. Source: the documentation's *Jobs*, *Pod failure policy*."""

from collections.abc import Iterator
from dataclasses import dataclass

from kobune.api.batch.v1 import Job, PodFailurePolicyOnExitCodesRequirement
from kobune.api.core.v1 import ContainerStatus, Pod


@dataclass(frozen=True)
class Ruling:
    """What becomes of a failure."""

    action: str = "Count"
    """FailJob, FailIndex, Ignore or Count."""
    message: str = ""
    """Which rule says so, for people."""

    @property
    def counts(self) -> bool:
        return self.action != "Ignore"


def ruling_of(job: Job, pod: Pod) -> Ruling:
    """Return what the first rule that matches says; what no rule matches counts."""
    if not job.spec.HasField("podFailurePolicy") or pod.status.phase != "Failed":
        return Ruling()
    where = f"{pod.metadata.namespace}/{pod.metadata.name}"
    for number, rule in enumerate(job.spec.podFailurePolicy.rules):
        suffix = f"matching {rule.action} rule at index {number}"
        if rule.HasField("onExitCodes"):
            for status in _failed(pod):
                if _matches(rule.onExitCodes, status):
                    code = status.state.terminated.exitCode
                    words = f"Container {status.name} for pod {where} failed with exit code {code} {suffix}"
                    return Ruling(rule.action, words)
        for pattern in rule.onPodConditions:
            for condition in pod.status.conditions:
                if condition.type == pattern.type and condition.status == (pattern.status or "True"):
                    return Ruling(rule.action, f"Pod {where} has condition {condition.type} {suffix}")
    return Ruling()


def _failed(pod: Pod) -> Iterator[ContainerStatus]:
    for status in (*pod.status.containerStatuses, *pod.status.initContainerStatuses):
        if status.state.HasField("terminated") and status.state.terminated.exitCode != 0:
            yield status


def _matches(asked: PodFailurePolicyOnExitCodesRequirement, status: ContainerStatus) -> bool:
    if asked.HasField("containerName") and asked.containerName != status.name:
        return False
    is_listed = status.state.terminated.exitCode in asked.values
    return is_listed if asked.operator == "In" else not is_listed
