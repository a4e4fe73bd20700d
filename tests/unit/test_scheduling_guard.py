"""Plugins of others that answer nonsense are named; none of it is taken for an answer."""

from random import Random
from typing import Any

import pytest

from kobune.api.core.v1 import Node, Pod
from kobune.scheduler.configuration.catalogue import Catalogue
from kobune.scheduler.configuration.fields import Wrong
from kobune.scheduler.defaults import default_plugins
from kobune.scheduler.framework import PluginFailed, Profile, decide
from kobune.scheduler.podinfo import PodInfo
from kobune.scheduler.snapshot import Snapshot


def two_nodes() -> Snapshot:
    cluster = Snapshot()
    for name in ("a", "b"):
        node = Node(metadata={"name": name})
        node.status.allocatable["pods"].string = "10"
        cluster.set_node(node)
    return cluster


def plugin(**answers: Any) -> Any:
    methods = {point: (lambda self, *_, answer=answer: answer) for point, answer in answers.items()}
    return type("Odd", (), methods)()


@pytest.mark.parametrize(
    ("answers", "point", "expected"),
    [
        ({"filter": False}, "filter", "it answered False; expected is why the pod cannot run there"),
        ({"filter": True}, "filter", "it answered True"),
        ({"filter": [1]}, "filter", "it answered \\[1\\]"),
        ({"filter_many": ["a"]}, "filter_many", "a mapping from names of nodes"),
        ({"filter_many": {"a": False}}, "filter_many", "a mapping from names of nodes"),
        ({"score": None}, "score", "it answered None; expected is a finite number"),
        ({"score": "high"}, "score", "a finite number"),
        ({"score": float("nan")}, "score", "a finite number"),
        ({"score": 1, "normalize": {"a": 1}}, "normalize", "the same names of nodes"),
        ({"score_many": {"a": float("inf")}}, "score_many", "finite numbers"),
        ({"filter": "no", "post_filter": "a"}, "post_filter", "Nominated, Note or None"),
    ],
)
def test_nonsense_is_laid_to_the_plugin_that_answers_it(answers: Any, point: str, expected: str) -> None:
    profile = Profile("lab", [*default_plugins(), plugin(**answers)])
    pod = PodInfo(Pod(metadata={"name": "p", "namespace": "default", "uid": "p"}))
    with pytest.raises(PluginFailed, match=f"plugin Odd failed in {point}: .*{expected}"):
        decide(profile, pod, two_nodes(), Random(1))


class Sync:
    def filter(self, pod: Any, node: Any, state: Any) -> None: ...

    @staticmethod
    def score(pod: Any, node: Any) -> float:
        return 1.0

    async def pre_bind(self, pod: Any, node: Any) -> None: ...


class Waits:
    async def filter(self, pod: Any, node: Any) -> None: ...


class Forgets:
    def score(self, pod: Any) -> float:
        return 1.0


def test_methods_that_cannot_be_asked_are_refused_before_anything_starts() -> None:
    catalogue = Catalogue(default_plugins())
    assert catalogue.find(f"{__name__}:Sync", "name") is Sync
    with pytest.raises(Wrong, match=r"Waits\.filter must not be async: only pre_bind and bind may wait"):
        catalogue.find(f"{__name__}:Waits", "name")
    with pytest.raises(Wrong, match=r"Forgets\.score has to take 2 or 3 arguments besides self"):
        catalogue.find(f"{__name__}:Forgets", "name")
