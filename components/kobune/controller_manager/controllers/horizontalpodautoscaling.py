"""Sets how many replicas there are by what they have to do. Source: *Horizontal Pod Autoscaling*.

every 15 s: read the scale ──► measure ──► how many would be right ──► how many there may be now ──► set it
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kobune.api.autoscaling.v2 import HorizontalPodAutoscaler, HorizontalPodAutoscalerStatus
from kobune.api.core.v1 import Pod
from kobune.apimachinery.errors import ApiError
from kobune.apimachinery.meta import is_deleting, time_of
from kobune.apimachinery.selectors import InvalidSelector, parse_labels
from kobune.client import Action, Controller, Effect, RecordEvent, RequeueAfter, Retry, View, Watch, status_written
from kobune.client.rest import RestClient
from kobune.controller_manager.autoscaling.measuring import Measured, Situation, measured
from kobune.controller_manager.autoscaling.pace import Past, Word, minimum, paced
from kobune.controller_manager.autoscaling.sources import Scaled, Sources, words_of

PERIOD = 15.0


@dataclass(frozen=True)
class SetScale(Effect):
    """Ask for another number of replicas."""

    scaler: HorizontalPodAutoscaler
    scaled: Scaled
    replicas: int
    why: str


@dataclass(frozen=True)
class Findings:
    """What was read of one autoscaler's world."""

    scaled: Scaled | None
    error: str = ""
    """Why there is no scale."""
    metrics: Sequence[Measured] = ()


def reconcile(scaler: HorizontalPodAutoscaler, found: Findings, past: Past, now: float) -> list[Action]:
    """Plan another number of replicas, if there should be one, and the status. `past` is brought forward."""
    if is_deleting(scaler.metadata):
        return []
    status = HorizontalPodAutoscalerStatus()
    status.CopyFrom(scaler.status)
    status.observedGeneration = scaler.metadata.generation
    actions: list[Action] = [RequeueAfter(PERIOD)]
    if found.scaled is None:
        message = f"the HPA controller was unable to get the target's current scale: {found.error}"
        say(status, "AbleToScale", Word("False", "FailedGetScale", message), now)
        actions.append(RecordEvent(scaler, "Warning", "FailedGetScale", found.error))
        return [*actions, *status_written(scaler, status)]
    current = found.scaled.replicas
    status.currentReplicas = found.scaled.present
    message = "the HPA controller was able to get the target's current scale"
    say(status, "AbleToScale", Word("True", "SucceededGetScale", message), now)
    wanted, why, events = decided(scaler, found, current, status, past, now)
    actions += events
    status.desiredReplicas = current if wanted is None else wanted
    if wanted is not None and wanted != current:
        actions.append(SetScale(scaler, found.scaled, wanted, why))
        message = f"the HPA controller was able to update the target scale to {wanted}"
        say(status, "AbleToScale", Word("True", "SucceededRescale", message), now)
        status.lastScaleTime.CopyFrom(time_of(now))
        past.change(now, wanted - current)
    return [*actions, *status_written(scaler, status)]


def decided(
    scaler: HorizontalPodAutoscaler,
    found: Findings,
    current: int,
    status: HorizontalPodAutoscalerStatus,
    past: Past,
    now: float,
) -> tuple[int | None, str, list[Action]]:
    """Return how many replicas there should be (None if that cannot be told), why, and what to tell people."""
    low, high = minimum(scaler), scaler.spec.maxReplicas
    if current == 0 and low != 0:
        message = "scaling is disabled since the replica count of the target is zero"
        say(status, "ScalingActive", Word("False", "ScalingDisabled", message), now)
        return 0, "", []
    if current > high:
        return high, "Current number of replicas above Spec.MaxReplicas", []
    if current < low:
        return low, "Current number of replicas below Spec.MinReplicas", []
    if not scaler.spec.metrics:
        return current, "", []
    failed = [each for each in found.metrics if each.reason]
    known = [each for each in found.metrics if not each.reason]
    most = max(known, key=lambda each: each.replicas, default=None)
    kept = HorizontalPodAutoscalerStatus(currentMetrics=[each.status for each in found.metrics])
    del status.currentMetrics[:]
    status.currentMetrics.extend(kept.currentMetrics)
    if failed and (most is None or most.replicas < current):
        first = failed[0]
        message = f"the HPA was unable to compute the replica count: {first.error}"
        say(status, "ScalingActive", Word("False", first.reason, message), now)
        total = f"invalid metrics ({len(failed)} invalid out of {len(found.metrics)})"
        events: list[Action] = [RecordEvent(scaler, "Warning", each.reason, each.error) for each in failed]
        words = f"{total}, first error is: {first.summary}"
        return None, "", [*events, RecordEvent(scaler, "Warning", "FailedComputeMetricsReplicas", words)]
    assert most is not None
    message = f"the HPA was able to successfully calculate a replica count from {most.name}"
    say(status, "ScalingActive", Word("True", "ValidMetricFound", message), now)
    past.recommend(now, most.replicas)
    allowed = paced(scaler, past, most.replicas, current, now)
    say(status, "AbleToScale", allowed.able, now)
    say(status, "ScalingLimited", allowed.limited, now)
    why = f"{most.name} above target" if allowed.replicas > current else "All metrics below target"
    return allowed.replicas, why, []


def say(status: HorizontalPodAutoscalerStatus, type_: str, word: Word, now: float) -> None:
    """Set a condition."""
    known = next((each for each in status.conditions if each.type == type_), None)
    if known is None:
        known = status.conditions.add(type=type_)
    if known.status != word.status:
        known.lastTransitionTime.CopyFrom(time_of(now))
    known.status, known.reason, known.message = word.status, word.reason, word.message


def matters(old: HorizontalPodAutoscaler | None, new: HorizontalPodAutoscaler | None) -> bool:
    """Whether an autoscaler is another: what it says of itself is not news."""
    return old is None or new is None or old.metadata.generation != new.metadata.generation


def horizontalpodautoscaling(rest: RestClient) -> Controller:
    """Return the controller, which reads scales and metrics over REST."""
    sources = Sources(rest)
    pasts: dict[str, Past] = {}

    async def observe(view: View, key: str) -> tuple[Any, ...] | None:
        scaler = view.get(HorizontalPodAutoscaler, key)
        if scaler is None:
            pasts.pop(key, None)
            return None
        return scaler, await findings(view, scaler), pasts.setdefault(key, Past()), view.now

    async def findings(view: View, scaler: HorizontalPodAutoscaler) -> Findings:
        target, namespace = scaler.spec.scaleTargetRef, scaler.metadata.namespace
        try:
            scaled = await sources.scaled(namespace, target.apiVersion, target.kind, target.name)
            selector = parse_labels(scaled.selector)
        except (ApiError, InvalidSelector) as error:
            return Findings(None, words_of(error))
        around = view.in_namespace(Pod, namespace) if scaled.selector else []
        pods = [pod for pod in around if selector.matches(pod.metadata.labels)]
        return Findings(scaled, metrics=await measured(sources, Situation(scaler, scaled, pods, view.now)))

    async def perform(effect: SetScale) -> Sequence[Action]:
        scaler, replicas = effect.scaler, effect.replicas
        try:
            await sources.scale(effect.scaled, replicas)
        except ApiError as error:
            why = f"New size: {replicas}; reason: {effect.why}; error: {error.message}"
            return [RecordEvent(scaler, "Warning", "FailedRescale", why), Retry(error)]
        return [RecordEvent(scaler, "Normal", "SuccessfulRescale", f"New size: {replicas}; reason: {effect.why}")]

    return Controller(
        name="horizontalpodautoscaling",
        reporter="horizontal-pod-autoscaler",
        root=HorizontalPodAutoscaler,
        root_when=matters,
        watches=[Watch(Pod)],
        observe=observe,
        reconcile=reconcile,
        perform=perform,
    )
