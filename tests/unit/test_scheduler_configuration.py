"""KubeSchedulerConfiguration: what a file comes to, and what is said of a wrong one."""

import sys
import textwrap
from pathlib import Path

import pytest

from kobune.component_base.failure import CannotStart
from kobune.scheduler import configuration
from kobune.scheduler.configuration import Composed
from kobune.scheduler.defaults import default_profile
from kobune.scheduler.framework.profile import POINTS, name_of
from kobune.scheduler.plugins.allocation import MostAllocated, RequestedToCapacityRatio
from kobune.scheduler.queue import Backoff


@pytest.fixture(autouse=True)
def own_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))


HEAD = "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n"
LAB = """
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

@dataclass(frozen=True)
class Rack:
    size: int

@dataclass(frozen=True)
class RackSpread:
    weight: int = 1
    top_most: int = 3
    mode: Literal["wide", "narrow"] = "wide"
    racks: Mapping[str, Rack] = field(default_factory=dict)
    names: Sequence[str] = ()

    def __post_init__(self):
        if self.top_most > 100:
            raise ValueError("topMost is at most 100")

    def score(self, pod, node):
        return 0

    def filter(self, pod, node):
        return None

class Plain:
    def filter(self, pod, node):
        return None

class Lifo:
    def queue_sort(self, waiting):
        return -waiting.added

class Nothing:
    pass
"""


def composed(folder: Path, text: str) -> Composed:
    file = folder / "lab.yaml"
    file.write_text(HEAD + textwrap.dedent(text))
    (folder / "configuredlab.py").write_text(LAB)
    sys.modules.pop("configuredlab", None)
    return configuration.compose(configuration.read(file), file)


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(CannotStart) as caught:
        composed(folder, text)
    start = f"{folder}/lab.yaml: "
    assert str(caught.value).startswith(start)
    return str(caught.value).removeprefix(start)


def enabled(plugins: str, config: str = "[]") -> str:
    return f"profiles: [{{plugins: {plugins}, pluginConfig: {config}}}]"


def test_an_empty_configuration_is_the_default_profile(tmp_path: Path) -> None:
    found = composed(tmp_path, "")
    (profile,) = found.profiles
    default = default_profile()
    for point in POINTS:
        assert [(one.plugin, one.weight) for one in profile.at(point)] == [
            (one.plugin, one.weight) for one in default.at(point)
        ]
    assert (profile.name, found.backoff) == ("default-scheduler", Backoff(1, 10))


def test_profiles_choose_plugins_weights_and_arguments(tmp_path: Path) -> None:
    found = composed(
        tmp_path,
        """
        podInitialBackoffSeconds: 2
        podMaxBackoffSeconds: 20
        profiles:
        - schedulerName: packing
          plugins:
            multiPoint:
              enabled: [{name: "configuredlab:RackSpread", weight: 5}]
              disabled: [{name: ImageLocality}, {name: NodeDeclaredFeatures}]
            score:
              disabled: [{name: NodeAffinity}]
              enabled: [{name: TaintToleration, weight: 9}]
            filter:
              enabled: [{name: configuredlab.Plain}]
          pluginConfig:
          - name: NodeResourcesFit
            args:
              apiVersion: kubescheduler.config.k8s.io/v1
              kind: NodeResourcesFitArgs
              ignoredResources: [example.com/foo]
              ignoredResourceGroups: [example.org]
              scoringStrategy: {type: MostAllocated, resources: [{name: cpu, weight: 3}]}
          - name: RackSpread
            args: {topMost: 7, racks: {a: {size: 1}}, names: [x]}
        - schedulerName: curved
          pluginConfig:
          - name: NodeResourcesFit
            args:
              scoringStrategy:
                type: RequestedToCapacityRatio
                requestedToCapacityRatio: {shape: [{utilization: 0, score: 0}, {utilization: 100, score: 10}]}
          - name: NodeAffinity
            args:
              addedAffinity:
                requiredDuringSchedulingIgnoredDuringExecution:
                  nodeSelectorTerms: [{matchExpressions: [{key: lab, operator: Exists}]}]
        """,
    )
    packing, curved = found.profiles
    fit = packing.plugin("NodeResourcesFit")
    assert (fit.strategy, fit.resources, fit.ignored_resources) == (MostAllocated(), {"cpu": 3}, {"example.com/foo"})
    rack = packing.plugin("RackSpread")
    assert (rack.top_most, rack.racks["a"].size, rack.names, rack.mode) == (7, 1, ("x",), "wide")
    weights = {extension.name: extension.weight for extension in packing.at("score")}
    assert weights["RackSpread"] == 5
    assert weights["TaintToleration"] == 9
    assert next(iter(weights)) == "TaintToleration"
    assert not {"ImageLocality", "NodeAffinity"} & weights.keys()
    assert "NodeAffinity" in [extension.name for extension in packing.at("filter")]
    assert packing.at("filter")[0].name == "Plain"
    assert packing.plugin("ImageLocality") is None
    assert isinstance(curved.plugin("NodeResourcesFit").strategy, RequestedToCapacityRatio)
    assert curved.plugin("NodeAffinity").added_affinity.HasField("requiredDuringSchedulingIgnoredDuringExecution")
    assert found.backoff == Backoff(2, 20)


def test_a_star_leaves_only_what_is_named(tmp_path: Path) -> None:
    text = enabled(
        "{multiPoint: {disabled: [{name: '*'}], enabled: [{name: PrioritySort}, {name: DefaultBinder},"
        " {name: configuredlab:RackSpread}]}, filter: {disabled: [{name: '*'}]}}"
    )
    (profile,) = composed(tmp_path, text).profiles
    assert {name_of(plugin) for plugin in profile.plugins} == {"PrioritySort", "DefaultBinder", "RackSpread"}
    assert not profile.at("filter")
    assert [extension.name for extension in profile.at("score")] == ["RackSpread"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("profile: []", "there is no field 'profile'; did you mean profiles?"),
        ("podInitialBackoffSeconds: fast", "podInitialBackoffSeconds: 'fast' is not a whole number"),
        ("podMaxBackoffSeconds: 0", "podMaxBackoffSeconds: must be greater than or equal to podInitialBackoffSeconds"),
        ("percentageOfNodesToScore: 101", "percentageOfNodesToScore: 101 is not in the range 0 to 100"),
        (
            "profiles: [{schedulerName: a}, {schedulerName: a}]",
            "profiles[1].schedulerName: there is another profile 'a'",
        ),
        (
            enabled("{multiPoint: {enabled: [{name: NodeAfinity}]}}"),
            (
                "profiles[0].plugins.multiPoint.enabled[0].name: there is no plugin 'NodeAfinity'; "
                "did you mean NodeAffinity?"
            ),
        ),
        (
            enabled("{multiPoint: {enabled: [{name: nowhere:Thing}]}}"),
            (
                "profiles[0].plugins.multiPoint.enabled[0].name: there is no module 'nowhere', neither installed nor "
                "beside the file"
            ),
        ),
        (
            enabled("{filter: {enabled: [{name: configuredlab:Rackspread}]}}"),
            (
                "profiles[0].plugins.filter.enabled[0].name: there is no 'Rackspread' in FOLDER/configuredlab.py; "
                "did you mean RackSpread?"
            ),
        ),
        (
            enabled("{permit: {enabled: [{name: configuredlab:RackSpread}]}}"),
            "profiles[0].plugins.permit.enabled[0].name: RackSpread has no method permit",
        ),
        *(
            (
                enabled(f"{{{point}: {{enabled: [{{name: 'Far@127.0.0.1:7000'}}]}}}}"),
                (
                    f"profiles[0].plugins.{point}.enabled[0].name: Far is in another process, and the protocol for "
                    f"that has no {point}: it has filter, score, reserve, permit, preBind, postBind"
                ),
            )
            for point in ("preEnqueue", "queueSort", "postFilter", "bind")
        ),
        (
            enabled("{filter: {enabled: [{name: Far@127.0.0.1}]}}"),
            "profiles[0].plugins.filter.enabled[0].name: '127.0.0.1' has no port, as in Far@127.0.0.1:7000",
        ),
        ("extenders: [{urlPrefix: 'http://x/'}]", "extenders[0]: it has no verb, and would never be asked"),
        (
            enabled("{permits: {}}"),
            "profiles[0].plugins: there is no field 'permits'; did you mean permit?",
        ),
        (
            enabled("{multiPoint: {enabled: [{name: NodeDeclaredFeatures}]}}"),
            (
                "profiles[0].plugins.multiPoint.enabled[0].name: "
                "Kubernetes' plugin NodeDeclaredFeatures is not supported yet"
            ),
        ),
        (
            enabled("{multiPoint: {enabled: [{name: configuredlab:Lifo}]}}"),
            "profiles[0].plugins.queueSort: only one plugin can sort the queue, there are PrioritySort, Lifo",
        ),
        (
            enabled("{bind: {disabled: [{name: '*'}]}}"),
            "profiles[0].plugins.bind: one plugin must bind",
        ),
        (
            enabled(
                "{multiPoint: {enabled: [{name: configuredlab:RackSpread}]}}",
                "[{name: RackSpread, args: {topmost: 3}}]",
            ),
            "profiles[0].pluginConfig[0].args: there is no field 'topmost'; did you mean topMost?",
        ),
        (
            enabled(
                "{multiPoint: {enabled: [{name: configuredlab:RackSpread}]}}",
                "[{name: configuredlab:RackSpread, args: {racks: {a: {size: 2.5}}}}]",
            ),
            "profiles[0].pluginConfig[0].args.racks.a.size: 2.5 is not a whole number",
        ),
        (
            enabled(
                "{multiPoint: {enabled: [{name: configuredlab:RackSpread}]}}",
                "[{name: RackSpread, args: {mode: tall}}]",
            ),
            "profiles[0].pluginConfig[0].args.mode: 'tall' is not one of wide, narrow",
        ),
        (
            enabled(
                "{multiPoint: {enabled: [{name: configuredlab:RackSpread}]}}",
                "[{name: RackSpread, args: {topMost: 101}}]",
            ),
            "profiles[0].pluginConfig[0].args: topMost is at most 100",
        ),
        (
            enabled("{}", "[{name: NodeResourcesFit, args: {scoringStrategy: {type: Middle}}}]"),
            (
                "profiles[0].pluginConfig[0].args.scoringStrategy.type: 'Middle' is not one of LeastAllocated, "
                "MostAllocated, RequestedToCapacityRatio"
            ),
        ),
        (
            enabled("{}", "[{name: NodeResourcesFit, args: {scoringStrategy: {resources: [{name: cpu, weight: 0}]}}}]"),
            "profiles[0].pluginConfig[0].args.scoringStrategy.resources[0].weight: 0 is not in the range 1 to 100",
        ),
        (
            enabled("{}", "[{name: NodeAffinity, args: {addedAffinity: {required: []}}}]"),
            'profiles[0].pluginConfig[0].args.addedAffinity: strict decoding error: unknown field "required"',
        ),
        (
            enabled(
                "{}",
                "[{name: PodTopologySpread, args: {defaultingType: List, defaultConstraints: "
                "[{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: Never}]}}]",
            ),
            (
                "profiles[0].pluginConfig[0].args.defaultConstraints[0].whenUnsatisfiable: is not one of "
                "DoNotSchedule, ScheduleAnyway"
            ),
        ),
        (
            enabled("{}", "[{name: InterPodAffinity, args: {hardPodAffinityWeight: 101}}]"),
            "profiles[0].pluginConfig[0].args.hardPodAffinityWeight: 101 is not in the range 0 to 100",
        ),
        (
            enabled("{}", "[{name: PrioritySort, args: {order: up}}]"),
            "profiles[0].pluginConfig[0].args: there is no field 'order'; there are none",
        ),
        (
            (
                "profiles: [{schedulerName: a}, {schedulerName: b, plugins: {queueSort: {disabled: [{name: '*'}], "
                "enabled: [{name: configuredlab:Lifo}]}}}]"
            ),
            (
                "profiles[1].plugins.queueSort: Lifo is not what the first profile has, PrioritySort: there is one "
                "queue for all"
            ),
        ),
        (
            "extenders: [{urlPrefix: 'ftp://x'}]",
            "extenders[0].urlPrefix: 'ftp://x' is not a URL that begins with http:// or https://",
        ),
    ],
)
def test_a_wrong_field_is_named_with_the_reason(tmp_path: Path, text: str, message: str) -> None:
    assert refusal(tmp_path, text).replace(str(tmp_path), "FOLDER") == message


def test_other_files_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "lab.yaml"
    for text, message in (
        ("a: [", "is not YAML"),
        ("[]", "must be a KubeSchedulerConfiguration"),
        ("apiVersion: v1\nkind: Pod\n", "apiVersion: 'v1' is not kubescheduler.config.k8s.io/v1"),
    ):
        file.write_text(text)
        with pytest.raises(CannotStart, match=message):
            configuration.read(file)
    with pytest.raises(CannotStart, match="No such file"):
        configuration.read(tmp_path / "none.yaml")


def test_what_has_no_effect_is_said(tmp_path: Path) -> None:
    file = tmp_path / "lab.yaml"
    file.write_text(HEAD + "percentageOfNodesToScore: 50\nparallelism: 4\nleaderElection: {leaderElect: true}\n")
    said = configuration.ignored(configuration.read(file))
    assert [line.partition(":")[0] for line in said] == ["percentageOfNodesToScore", "parallelism", "leaderElection"]
