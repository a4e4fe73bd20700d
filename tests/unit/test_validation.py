"""Good objects stay good, and each change to one of them is answered with exactly the causes that Kubernetes names."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from kobune.api.meta.v1 import Time
from kobune.apimachinery import codec
from kobune.apiserver.registry.registry import built_in
from kobune.apiserver.registry.resource import Resource
from kobune.apiserver.verbs import checks

HERE = Path(__file__).parent
GOOD = {item["kind"]: item for item in yaml.safe_load_all((HERE / "good_objects.yaml").read_text())}
BROKEN = yaml.safe_load((HERE / "broken_objects.yaml").read_text())
ROWS = {row.kind.name: row for row in built_in() if row.conversion is None and row.kind.name in GOOD}
USER = SimpleNamespace(name="admin", uid="", groups=(), extra={})


def object_of(kind: str, changes: dict[str, Any] | None = None, old: Any = None) -> Any:
    """Return a good object, or an old one, with changes by path, as it is when the rules are asked."""
    row = ROWS[kind]
    tree = json.loads(json.dumps(GOOD[kind]) if old is None else codec.to_json(old))
    for path, value in (changes or {}).items():
        *way, last = path.split(".")
        place = tree
        for step in way:
            place = place[int(step)] if isinstance(place, list) else place.setdefault(step, {})
        key: Any = int(last) if isinstance(place, list) else last
        if value is None:
            del place[key]
        else:
            place[key] = value
    new = codec.from_json(row.message, json.dumps(tree).encode())
    row.normalize(new)
    new.metadata.uid = "u"
    new.metadata.creationTimestamp.CopyFrom(Time(seconds=1))
    row.strategy.default(new)
    if old is None:
        row.strategy.prepare_create(new, SimpleNamespace())
        row.strategy.note_author(new, USER)
    else:
        row.strategy.prepare_update(new, old)
    return new


def causes(row: Resource, new: Any, old: Any = None) -> list[str]:
    """Return what the rules say, as `field: message`."""
    strategy = row.strategy
    if old is None:
        found = [*checks.metadata(row, new), *strategy.validate(new), *strategy.validate_new(new)]
    else:
        found = [*strategy.validate(new), *strategy.validate_update(new, old)]
        found += checks.metadata_update(row, new, old, is_status=False)
    return [f"{cause.field}: {cause.message}" for cause in found]


@pytest.mark.parametrize("kind", GOOD)
def test_a_good_object_breaks_no_rule_when_it_is_made_and_when_it_is_written_back(kind: str) -> None:
    row, new = ROWS[kind], object_of(kind)
    assert causes(row, new) == []
    again = codec.from_json(row.message, codec.to_json(new))
    row.normalize(again)
    row.strategy.default(again)
    row.strategy.prepare_update(again, new)
    assert causes(row, again, new) == []
    assert codec.same(again, new)


@pytest.mark.parametrize("case", BROKEN["made"], ids=lambda case: f"{case['kind']}-{'-'.join(case['with'])}")
def test_a_new_object_is_told_everything_that_is_wrong_with_it(case: dict[str, Any]) -> None:
    row = ROWS[case["kind"]]
    assert sorted(causes(row, object_of(case["kind"], case["with"]))) == sorted(case["causes"])


@pytest.mark.parametrize("case", BROKEN["changed"], ids=lambda case: f"{case['kind']}-{'-'.join(case['with'])}")
def test_a_changed_object_is_told_what_may_not_change(case: dict[str, Any]) -> None:
    row, old = ROWS[case["kind"]], object_of(case["kind"])
    assert sorted(causes(row, object_of(case["kind"], case["with"], old), old)) == sorted(case["causes"])
