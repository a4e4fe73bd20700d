"""What no rule of any kind may do, whatever it is asked about."""

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kobune.api.meta.v1 import Time
from kobune.apimachinery import codec
from kobune.apiserver.registry.registry import built_in
from kobune.apiserver.registry.resource import Resource
from kobune.apiserver.verbs import checks
from kobune.testing.messages import messages

ROWS = [row for row in built_in() if row.conversion is None]
PLACES = ("ephemeralcontainers", "resize", "approval", "finalize", "binding")
USER = SimpleNamespace(name="admin", uid="1", groups=("system:masters",), extra={"a": ("b",)})


def settle(row: Resource, new: Any, old: Any = None) -> None:
    """Do what happens to an object before it is checked."""
    strategy = row.strategy
    row.normalize(new)
    new.metadata.uid, new.metadata.name = "u", new.metadata.name or "n"
    new.metadata.creationTimestamp.CopyFrom(Time(seconds=1))
    strategy.default(new)
    if old is None:
        strategy.prepare_create(new, SimpleNamespace())
        strategy.note_author(new, USER)
    else:
        strategy.prepare_update(new, old)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.kind.plural}.{row.kind.group}")
@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(data=st.data())
def test_no_rule_fails_however_odd_the_object(row: Resource, data: st.DataObject) -> None:
    strategy = row.strategy
    old, new = (data.draw(messages(row.message.DESCRIPTOR)) for _ in range(2))
    settle(row, old)
    status, whole = row.copy(new), row.copy(new)
    created = [*strategy.validate(old), *strategy.validate_new(old), *checks.metadata(row, old)]
    settle(row, whole, old)
    changed = [*strategy.validate(whole), *strategy.validate_update(whole, old)]
    changed += checks.metadata_update(row, whole, old, is_status=False)
    strategy.prepare_status_update(status, old)
    changed += strategy.validate_status_update(status, old)
    for part in PLACES:
        partial = row.copy(new)
        strategy.prepare_part(part, partial, old)
        changed += strategy.validate_part(part, partial, old)
    for cause in (*created, *changed):
        assert cause.reason.startswith("FieldValue")
        assert cause.message
    assert all(isinstance(word, str) for word in (*strategy.warnings(old, None), *strategy.warnings(whole, old)))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.kind.plural}.{row.kind.group}")
@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(data=st.data())
def test_what_is_written_back_as_it_was_breaks_no_rule_of_updates(row: Resource, data: st.DataObject) -> None:
    old: Any = data.draw(messages(row.message.DESCRIPTOR))
    settle(row, old)
    if [*row.strategy.validate(old), *row.strategy.validate_new(old), *checks.metadata(row, old)]:
        return
    again = codec.from_json(row.message, codec.to_json(old))
    settle(row, again, old)
    found = [*row.strategy.validate(again), *row.strategy.validate_update(again, old)]
    assert [*found, *checks.metadata_update(row, again, old, is_status=False)] == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.kind.plural}.{row.kind.group}")
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(data=st.data())
def test_defaults_leave_the_normal_form(row: Resource, data: st.DataObject) -> None:
    new: Any = data.draw(messages(row.message.DESCRIPTOR))
    settle(row, new)
    normal = row.copy(new)
    row.normalize(normal)
    assert normal == new
