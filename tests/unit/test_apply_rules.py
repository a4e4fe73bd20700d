"""Server-side apply: who owns what, and what applying does."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kobune.api.apps.v1 import Deployment
from kobune.api.core.v1 import ConfigMap
from kobune.apimachinery.apply import (
    APPLY,
    UPDATE,
    Conflicts,
    Manager,
    Managers,
    Versioned,
    apply,
    before_first_apply,
    created,
    problems,
    read_managers,
    type_of,
    update,
    write_managers,
)
from kobune.apimachinery.apply.compare import compare, everything, field_set
from kobune.apimachinery.apply.fieldset import difference, intersection, paths, union
from kobune.apimachinery.apply.merge import merge
from kobune.apimachinery.apply.types import UNTYPED
from kobune.apimachinery.schema import descriptor_of

DEPLOYMENT = type_of(descriptor_of(Deployment))
CONFIG_MAP = type_of(descriptor_of(ConfigMap))
ONE, TWO = Manager("one", APPLY), Manager("two", APPLY)


def versioned(type: Any, api_version: str = "v1") -> Versioned:
    return Versioned(api_version, type, lambda tree, version: (tree, type))


def config(**data: str) -> dict[str, Any]:
    return {"data": data} if data else {}


def run(live: Any, owners: Managers, manager: Manager, wanted: Any, *, force: bool = False) -> tuple[Any, Managers]:
    return apply(live, wanted, owners, manager, versioned(CONFIG_MAP), force=force, now=1)


def pods(*containers: dict[str, Any]) -> dict[str, Any]:
    return {"spec": {"template": {"spec": {"containers": list(containers)}}}}


def owned(owners: Managers, manager: Manager) -> list[str]:
    return list(paths(owners[manager].fields))


def test_what_an_applier_no_longer_mentions_goes() -> None:
    live, owners = run({}, {}, ONE, config(a="1", b="2"))
    live, owners = run(live, owners, ONE, config(a="1"))
    assert live == {"data": {"a": "1"}}
    assert owned(owners, ONE) == [".data.a"]


def test_what_another_applier_mentions_too_stays() -> None:
    live, owners = run({}, {}, ONE, config(a="1"))
    live, owners = run(live, owners, TWO, config(a="1", b="2"))
    live, owners = run(live, owners, ONE, config())
    assert live == {"data": {"a": "1", "b": "2"}}
    assert ONE not in owners


def test_another_value_for_anothers_field_is_a_conflict_that_force_settles() -> None:
    live, owners = run({}, {}, ONE, config(a="1", b="1"))
    with pytest.raises(Conflicts) as caught:
        run(live, owners, TWO, config(a="2", b="2"))
    assert str(caught.value) == 'Apply failed with 2 conflicts: conflicts with "one":\n- .data.a\n- .data.b'
    live, owners = run(live, owners, TWO, config(a="2"), force=True)
    assert live == {"data": {"a": "2", "b": "1"}}
    assert owned(owners, ONE) == [".data.b"]
    assert owned(owners, TWO) == [".data.a"]


def test_an_update_takes_what_it_changes_from_the_applier() -> None:
    live, owners = run({}, {}, ONE, config(a="1", b="1"))
    editor = Manager("editor", UPDATE, "v1")
    owners = update(live, config(a="9", b="1"), owners, editor, versioned(CONFIG_MAP), now=2)
    assert owned(owners, ONE) == [".data.b"]
    assert owned(owners, editor) == [".data.a"]
    with pytest.raises(Conflicts, match=r'conflict with "editor" using v1: \.data\.a'):
        run(config(a="9", b="1"), owners, ONE, config(a="1", b="1"))


def test_an_object_nobody_applied_belongs_to_whoever_was_before() -> None:
    owners = before_first_apply(config(a="1"), versioned(CONFIG_MAP), now=None)
    with pytest.raises(Conflicts, match=r'"before-first-apply" using v1: \.data\.a'):
        run(config(a="1"), owners, ONE, config(a="2"))


def test_items_of_lists_are_owned_one_by_one() -> None:
    by = versioned(DEPLOYMENT, "apps/v1")
    live, owners = apply({}, pods({"name": "c", "image": "a:1"}), {}, ONE, by, force=False, now=1)
    side = pods({"name": "side", "image": "s:1"}, {"name": "c", "env": [{"name": "B", "value": "2"}]})
    live, owners = apply(live, side, owners, TWO, by, force=False, now=2)
    assert [each["name"] for each in live["spec"]["template"]["spec"]["containers"]] == ["side", "c"]
    assert '.spec.template.spec.containers[name="c"].image' in owned(owners, ONE)
    assert '.spec.template.spec.containers[name="c"].env[name="B"].value' in owned(owners, TWO)
    live, owners = apply(live, {}, owners, TWO, by, force=False, now=3)
    assert live == pods({"name": "c", "image": "a:1"})


def test_a_configuration_that_does_not_fit_is_told_why() -> None:
    wrong = {"spec": {"replicas": "3", "frob": 1, "template": {"spec": {"containers": [{"name": "a"}, {"name": "a"}]}}}}
    assert list(problems(wrong, DEPLOYMENT)) == [
        '.spec.replicas: expected numeric (int or float), got &value.valueUnstructured{Value:"3"}',
        ".spec.frob: field not declared in schema",
        '.spec.template.spec.containers: duplicate entries for key [name="a"]',
    ]


def test_managers_survive_being_written() -> None:
    _, owners = run({}, {}, ONE, config(a="1"))
    owners = {**owners, Manager("kubectl", UPDATE, "v1", "status"): owners[ONE]}
    object = ConfigMap()
    write_managers(object.metadata, owners)
    assert set(read_managers(object.metadata)) == set(owners)


def test_many_updaters_become_ancient_changes() -> None:
    owners: Managers = created(config(first="1"), Manager("m0", UPDATE, "v1"), versioned(CONFIG_MAP), now=0)
    live = config(first="1")
    for number in range(1, 15):
        new = {"data": {**live["data"], f"k{number}": "1"}}
        owners = update(live, new, owners, Manager(f"m{number}", UPDATE, "v1"), versioned(CONFIG_MAP), now=number)
        live = new
    assert len(owners) == 10
    assert ".data.first" in owned(owners, Manager("ancient-changes", UPDATE, "v1"))


scalars = st.none() | st.booleans() | st.integers(-3, 3) | st.text("ab", max_size=2)
trees = st.recursive(
    scalars, lambda inner: st.dictionaries(st.text("abc", min_size=1, max_size=2), inner, max_size=4), max_leaves=12
)
objects = st.dictionaries(st.text("abc", min_size=1, max_size=2), trees, max_size=4)


@given(objects, objects)
def test_set_algebra_agrees_with_sets_of_paths(one: Any, other: Any) -> None:
    left, right = field_set(one, UNTYPED), field_set(other, UNTYPED)
    both = set(paths(left)), set(paths(right))
    assert set(paths(union(left, right))) == both[0] | both[1]
    assert set(paths(intersection(left, right))) == both[0] & both[1]
    assert set(paths(difference(left, right))) == both[0] - both[1]


@given(objects)
def test_an_object_does_not_differ_from_itself_and_is_all_new_from_nothing(one: Any) -> None:
    assert not compare(one, one, UNTYPED)
    assert set(paths(compare({}, one, UNTYPED).added)) == set(paths(everything(one, UNTYPED)))


@given(objects, objects)
def test_applying_twice_changes_nothing_more(live: Any, wanted: Any) -> None:
    by = versioned(UNTYPED)
    once, owners = apply(live, wanted, {}, ONE, by, force=True, now=1)
    assert merge(once, wanted, UNTYPED) == once
    twice, again = apply(once, wanted, owners, ONE, by, force=False, now=2)
    assert (twice, again) == (once, owners)


@given(objects, objects)
def test_what_is_applied_and_withdrawn_leaves_what_was_there(live: Any, wanted: Any) -> None:
    by = versioned(UNTYPED)
    before = created(live, Manager("before", UPDATE, "v1"), by, now=0)
    try:
        once, owners = apply(live, wanted, before, ONE, by, force=False, now=1)
    except Conflicts:
        return
    after, owners = apply(once, {}, owners, ONE, by, force=False, now=2)
    assert ONE not in owners
    assert set(paths(everything(live, UNTYPED))) <= set(paths(everything(after, UNTYPED)))
