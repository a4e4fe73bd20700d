"""How many pods metrics ask for, and how fast that may change."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kobune.api.autoscaling.v2 import HorizontalPodAutoscaler, HPAScalingPolicy, MetricSpec, MetricStatus
from kobune.api.core.v1 import Pod
from kobune.apimachinery.errors import NotFound
from kobune.apimachinery.meta import time_of
from kobune.client import RecordEvent
from kobune.controller_manager.autoscaling.measuring import Measured, Situation, measured
from kobune.controller_manager.autoscaling.pace import Past, paced
from kobune.controller_manager.autoscaling.replicas import (
    NoMetrics,
    Sample,
    Tolerance,
    by_average,
    by_share,
    by_utilization,
    by_value,
)
from kobune.controller_manager.autoscaling.sources import Scaled, Sources
from kobune.controller_manager.controllers.horizontalpodautoscaling import Findings, SetScale, reconcile

NOW = 1_000_000.0


def pod(name: str, request: str = "100m", *, ready: bool = True, age: float = 1000.0, phase: str = "Running") -> Pod:
    item = Pod()
    item.metadata.name = name
    item.spec.containers.add(name="main").resources.requests["cpu"].string = request
    item.status.phase = phase
    item.status.startTime.CopyFrom(time_of(NOW - age))
    changed = time_of(NOW - age + 20 if ready else NOW - age)
    item.status.conditions.add(type="Ready", status=str(ready), lastTransitionTime=changed)
    return item


def pods(count: int) -> list[Pod]:
    return [pod(f"p{number}") for number in range(count)]


def samples(*millis: int) -> dict[str, Sample]:
    return {f"p{number}": Sample(value, NOW) for number, value in enumerate(millis)}


def utilization(of: list[Pod], measured: dict[str, Sample], target: int) -> int:
    return by_utilization(of, measured, "cpu", "", target, len(of), Tolerance(), NOW).replicas


@pytest.mark.parametrize(
    ("used", "target", "replicas"),
    [((100, 100), 50, 4), ((50, 54), 50, 2), ((20, 20, 20, 20), 50, 2), ((56, 57), 50, 3), ((0, 0, 0), 50, 0)],
)
def test_pods_are_as_many_as_bring_the_metric_to_its_target(used, target, replicas):
    assert utilization(pods(len(used)), samples(*used), target) == replicas


def test_a_pod_that_nobody_has_measured_does_not_make_the_change_larger():
    assert utilization(pods(3), samples(200, 200), 100) == 4  # the third is taken to use nothing
    assert utilization(pods(3), samples(10, 10), 100) == 2  # the third is taken to use all that it asked for


def test_a_pod_that_only_starts_does_not_count_as_busy():
    starting = [*pods(2), pod("p2", ready=False, age=10)]
    assert utilization(starting, samples(200, 200, 900), 100) == 4


def test_what_does_not_say_what_it_requests_cannot_be_compared_with_that():
    silent = pod("p0")
    silent.spec.containers[0].resources.requests.clear()
    with pytest.raises(NoMetrics, match="missing request for cpu in container main of Pod p0"):
        utilization([silent], samples(10), 50)
    with pytest.raises(NoMetrics, match="did not receive metrics for targeted pods"):
        utilization(pods(1), {}, 50)


@given(st.lists(st.integers(1, 2000), min_size=1, max_size=8), st.integers(1, 2000))
def test_averages_and_shares_of_a_whole_agree(used, target):
    found = by_average(pods(len(used)), samples(*used), target, len(used), Tolerance(), NOW)
    shared = by_share(sum(used), target, len(used), Tolerance())
    ratio = sum(used) / len(used) / target
    assert found.replicas == shared.replicas or math.isclose(ratio * len(used), round(ratio * len(used)))
    assert (found.replicas > len(used)) <= (ratio > 1)
    assert (found.replicas < len(used)) <= (ratio < 1)


def test_one_number_is_in_proportion_to_the_ready_pods():
    assert by_value(3000, 1000, 2, 2, Tolerance()).replicas == 6
    assert by_value(1050, 1000, 2, 2, Tolerance()).replicas == 2
    assert by_value(2500, 1000, 0, 0, Tolerance()).replicas == 3


def scaler(low: int = 1, high: int = 20) -> HorizontalPodAutoscaler:
    item = HorizontalPodAutoscaler()
    item.metadata.name = "it"
    item.spec.minReplicas, item.spec.maxReplicas = low, high
    item.spec.metrics.add(type="Resource").resource.name = "cpu"
    return item


def test_without_a_word_it_doubles_at_most_and_remembers_five_minutes():
    item, past = scaler(), Past()
    past.recommend(NOW, 18)
    assert paced(item, past, 18, 5, NOW).replicas == 10
    assert paced(item, past, 18, 5, NOW).limited.reason == "ScaleUpLimit"
    past.recommend(NOW + 100, 3)
    down = paced(item, past, 3, 18, NOW + 100)
    assert (down.replicas, down.able.reason) == (18, "ScaleDownStabilized")
    assert paced(item, past, 3, 18, NOW + 301).replicas == 3
    assert paced(item, past, 30, 18, NOW).limited.reason == "TooManyReplicas"


def test_policies_say_how_many_may_come_and_go_in_which_time():
    item, past = scaler(), Past()
    up, down = item.spec.behavior.scaleUp, item.spec.behavior.scaleDown
    up.policies.append(HPAScalingPolicy(type="Pods", value=3, periodSeconds=60))
    up.selectPolicy = "Max"
    down.policies.append(HPAScalingPolicy(type="Percent", value=50, periodSeconds=60))
    down.stabilizationWindowSeconds = 0
    assert paced(item, past, 20, 4, NOW).replicas == 7
    past.change(NOW, 3)
    assert paced(item, past, 20, 7, NOW + 30).replicas == 7
    assert paced(item, past, 20, 7, NOW + 61).replicas == 10
    assert paced(item, past, 1, 10, NOW + 100).replicas == 5
    down.selectPolicy = "Disabled"
    kept = paced(item, past, 1, 10, NOW + 100)
    assert (kept.replicas, kept.limited.reason) == (10, "ScaleDownLimit")


def test_a_window_for_more_waits_for_the_load_to_last():
    item, past = scaler(), Past()
    item.spec.behavior.scaleUp.stabilizationWindowSeconds = 60
    past.recommend(NOW, 2)
    past.recommend(NOW + 30, 8)
    waits = paced(item, past, 8, 2, NOW + 30)
    assert (waits.replicas, waits.able.reason) == (2, "ScaleUpStabilized")
    assert paced(item, past, 8, 2, NOW + 61).replicas == 6  # four more at a time


def scaled(replicas: int) -> Scaled:
    return Scaled("/scale", {"spec": {"replicas": replicas}, "status": {"replicas": replicas, "selector": "a=b"}})


def test_a_metric_that_fails_keeps_pods_from_being_taken_away_not_from_being_added():
    item = scaler()
    broken = Measured("Resource", MetricStatus(), reason="FailedGetResourceMetric", error="nobody says")
    fewer, more = Measured("a", MetricStatus(), 2), Measured("b", MetricStatus(), 6)
    kept = reconcile(item, Findings(scaled(4), metrics=[broken, fewer]), Past(), NOW)
    assert not [action for action in kept if isinstance(action, SetScale)]
    reasons = [action.reason for action in kept if isinstance(action, RecordEvent)]
    assert reasons == ["FailedGetResourceMetric", "FailedComputeMetricsReplicas"]
    (grown,) = [
        action
        for action in reconcile(item, Findings(scaled(4), metrics=[broken, more]), Past(), NOW)
        if isinstance(action, SetScale)
    ]
    assert grown.replicas == 6


def test_what_has_been_switched_off_stays_off():
    (status,) = [each for each in reconcile(scaler(), Findings(scaled(0)), Past(), NOW) if hasattr(each, "object")]
    reasons = {each.type: each.reason for each in status.object.status.conditions}
    assert reasons == {"AbleToScale": "SucceededGetScale", "ScalingActive": "ScalingDisabled"}


class Answering:
    """Metrics APIs that say one thing."""

    def __init__(self, answer: dict | Exception) -> None:
        self.answer = answer

    async def get(self, path: str, query: dict[str, str] | None = None) -> dict:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def cpu() -> MetricSpec:
    spec = MetricSpec(type="Resource")
    spec.resource.name = "cpu"
    spec.resource.target.type, spec.resource.target.averageUtilization = "Utilization", 50
    return spec


def queue() -> MetricSpec:
    spec = MetricSpec(type="External")
    spec.external.metric.name = "queue"
    spec.external.metric.selector.matchLabels["of"] = "mail"
    spec.external.target.type, spec.external.target.value.string = "Value", "10"
    return spec


USED = {"items": [{"metadata": {"name": "p0"}, "containers": [{"name": "main", "usage": {"cpu": "10m"}}]}]}
NOTHING = "no metrics returned from resource metrics API"
UNSERVED = "unable to fetch metrics from external metrics API: nobody serves it"
SELECTED = "&LabelSelector{MatchLabels:map[string]string{of: mail,},MatchExpressions:[]LabelSelectorRequirement{},}"


@pytest.mark.parametrize(
    ("spec", "answer", "error", "around"),
    [
        (
            cpu(),
            USED,
            "failed to get cpu utilization: missing request for cpu in container main of Pod p0",
            "failed to get cpu resource metric value: ",
        ),
        (
            cpu(),
            {},
            f"failed to get cpu utilization: unable to get metrics for resource cpu: {NOTHING}",
            "failed to get cpu resource metric value: ",
        ),
        (
            queue(),
            NotFound("nobody serves it"),
            f"unable to get external metric default/queue/{SELECTED}: {UNSERVED}",
            "failed to get queue external metric value: failed to get queue external metric: ",
        ),
    ],
)
async def test_a_metric_that_fails_says_where_it_failed(spec, answer, error, around):
    item = scaler()
    item.metadata.namespace = "default"
    unsaid = pod("p0")
    unsaid.spec.containers[0].ClearField("resources")
    del item.spec.metrics[:]
    item.spec.metrics.append(spec)
    found = await measured(Sources(Answering(answer)), Situation(item, scaled(1), [unsaid], NOW))
    actions = reconcile(item, Findings(scaled(1), metrics=found), Past(), NOW)
    events = [action for action in actions if isinstance(action, RecordEvent)]
    assert [each.message for each in events] == [
        error,
        f"invalid metrics (1 invalid out of 1), first error is: {around}{error}",
    ]
