"""What new objects are given: uids, and owners that are worked out once for all that are alike."""

from random import Random
from typing import Any
from uuid import UUID

from kobune.api.core.v1 import Event, Pod
from kobune.apiserver.cache.view import View
from kobune.apiserver.verbs.shapes import Shapes


def test_uids_are_random_ones_of_version_4() -> None:
    ours: Any = View.new_uid
    random, same = Random(3), Random(3)
    view: Any = type("View", (), {"random": random})()
    for _ in range(1000):
        assert ours(view) == str(UUID(int=same.getrandbits(128), version=4))


def test_events_with_the_same_fields_are_alike_whatever_they_say() -> None:
    made: list[Event] = []
    shapes = Shapes()

    def worked_out(event: Event) -> int:
        shapes.of("events", event, lambda: made.append(event) or b"owned")  # type: ignore[func-returns-value]
        return len(made)

    first = Event(metadata={"name": "a"}, message="one", involvedObject={"name": "p"}, count=1)
    assert worked_out(first) == 1
    other = Event(metadata={"name": "b"}, message="two", involvedObject={"name": "q"}, count=7)
    assert worked_out(other) == 1
    other.reason = "Scheduled"
    assert worked_out(other) == 2
    other.involvedObject.uid = "u"
    assert worked_out(other) == 3
    other.count = 0
    assert worked_out(other) == 4
    other.metadata.labels["a"] = "b"  # its key is a field, too
    assert worked_out(other) == 5


def test_pods_are_alike_by_what_they_say_but_for_their_names() -> None:
    made: list[int] = []
    shapes = Shapes()
    for name, image in (("a", "nginx"), ("b", "nginx"), ("c", "redis")):
        pod = Pod(metadata={"name": name})
        pod.spec.containers.add(name="main", image=image)
        shapes.of("pods", pod, lambda: made.append(1) or b"")  # type: ignore[func-returns-value]
        assert pod.metadata.name == name
    assert len(made) == 2
