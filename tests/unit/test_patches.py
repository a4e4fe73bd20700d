"""Patches: pure functions from a tree and a patch to a tree."""

import copy
from typing import Any

import pytest
from google.protobuf.descriptor import Descriptor
from hypothesis import given
from hypothesis import strategies as st

from kobune.api.core.v1 import Pod
from kobune.apimachinery.patch import (
    Contradictory,
    PatchTestFailed,
    PatchTooLarge,
    Unpatchable,
    apply_json_patch,
    apply_merge_patch,
    apply_strategic_patch,
)

POD: Descriptor = Pod.DESCRIPTOR  # type: ignore[assignment]
LEAF = st.none() | st.booleans() | st.integers() | st.text("ab", max_size=2)
TREES = st.recursive(LEAF, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner))


def without_nulls(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {name: without_nulls(value) for name, value in tree.items() if value is not None}
    return tree


@given(TREES, TREES)
def test_a_merge_patch_made_twice_is_made_once(target: Any, patch: Any) -> None:
    before = copy.deepcopy(target)
    once = apply_merge_patch(target, patch)
    assert apply_merge_patch(once, patch) == once
    assert target == before


@given(TREES)
def test_a_merge_patch_of_nothing_becomes_the_patch_without_nulls(patch: Any) -> None:
    assert apply_merge_patch(None, patch) == without_nulls(patch)


@given(TREES, TREES)
def test_replacing_the_root_gives_the_value(target: Any, value: Any) -> None:
    replace = [{"op": "replace", "path": "", "value": value}]
    if isinstance(value, dict | list):
        assert apply_json_patch(target, replace) == value
    else:
        with pytest.raises(Unpatchable):
            apply_json_patch(target, replace)


@given(st.dictionaries(st.text(max_size=3), TREES, min_size=1), st.data())
def test_json_pointers_reach_every_name(target: dict[str, Any], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(target)))
    path = "/" + name.replace("~", "~0").replace("/", "~1")
    before = copy.deepcopy(target)
    moved = apply_json_patch(
        target, [{"op": "test", "path": path, "value": target[name]}, {"op": "remove", "path": path}]
    )
    assert moved == {other: value for other, value in target.items() if other != name}
    assert target == before


@given(
    TREES,
    st.lists(
        st.dictionaries(
            st.sampled_from(["op", "path", "from", "value"]),
            st.sampled_from(
                [
                    "add",
                    "remove",
                    "replace",
                    "move",
                    "copy",
                    "test",
                    "",
                    "/",
                    "/a",
                    "/a/b",
                    "/a/0",
                    "/a/-",
                    "/0",
                    "/-1",
                    1,
                    None,
                ]
            ),
        ),
        max_size=4,
    ),
)
def test_no_json_patch_does_harm(target: Any, steps: Any) -> None:
    try:
        apply_json_patch(target, steps)
    except Unpatchable as error:
        assert str(error)


def test_json_patch_errors_tell_themselves_apart() -> None:
    with pytest.raises(PatchTestFailed):
        apply_json_patch({"a": True}, [{"op": "test", "path": "/a", "value": 1}])
    with pytest.raises(PatchTooLarge):
        apply_json_patch({}, [{"op": "add", "path": "/a", "value": 1}] * 10_001)
    with pytest.raises(Unpatchable, match="accumulated size"):
        apply_json_patch({"a": "x" * 1000}, [{"op": "copy", "from": "", "path": f"/{n}"} for n in range(30)])


def pod(*names: str, **more: Any) -> dict[str, Any]:
    return {"spec": {"containers": [{"name": name, "image": "i"} for name in names], **more}}


def merged(target: Any, patch: Any) -> list[str]:
    return [item["name"] for item in apply_strategic_patch(target, patch, POD)["spec"]["containers"]]


@pytest.mark.parametrize(
    ("patch", "expected"),
    [
        ([{"name": "b", "image": "2"}], "abc"),
        ([{"name": "d"}], "dabc"),
        ([{"name": "d"}, {"name": "b"}], "dabc"),
        ([{"name": "b"}, {"name": "d"}], "abdc"),
        ([{"name": "c"}, {"name": "a"}], "bca"),
        ([{"name": "b", "$patch": "delete"}], "ac"),
        ([{"$patch": "replace"}, {"name": "x"}], "x"),
        ([{"$patch": "replace"}], ""),
    ],
)
def test_lists_with_a_key_keep_their_order_and_take_that_of_the_patch(patch: Any, expected: str) -> None:
    assert merged(pod("a", "b", "c"), {"spec": {"containers": patch}}) == list(expected)


@pytest.mark.parametrize(("order", "expected"), [("cba", "cba"), ("ca", "bca"), ("b", "abc"), ("xcab", "cab")])
def test_an_order_is_followed(order: str, expected: str) -> None:
    patch = {"spec": {"$setElementOrder/containers": [{"name": name} for name in order]}}
    assert merged(pod("a", "b", "c"), patch) == list(expected)


NAMES = st.lists(st.sampled_from("abcdef"), unique=True)


@given(NAMES, NAMES, st.sets(st.sampled_from("abcdef")))
def test_an_order_neither_adds_nor_loses_anything(live: list[str], order: list[str], some: set[str]) -> None:
    patch = [name for name in order if name in some]
    containers = [{"name": name, "image": "2"} for name in patch]
    wanted = {"containers": containers, "$setElementOrder/containers": [{"name": name} for name in order]}
    found = merged(pod(*live), {"spec": wanted})
    assert sorted(found) == sorted({*live, *patch})
    assert [name for name in found if name in order] == [name for name in order if name in found]


@given(NAMES, NAMES)
def test_a_patch_has_its_elements_in_the_order_it_asks_for(patch: list[str], order: list[str]) -> None:
    wanted = {"containers": [{"name": name} for name in patch], "$setElementOrder/containers": order_of(order)}
    if not order or patch == [name for name in order if name in patch]:
        apply_strategic_patch(pod(), {"spec": wanted}, POD)
    else:
        with pytest.raises(Contradictory, match="doesn't match"):
            apply_strategic_patch(pod(), {"spec": wanted}, POD)


def order_of(names: list[str]) -> list[dict[str, str]]:
    return [{"name": name} for name in names]


@given(NAMES, NAMES)
def test_a_strategic_patch_made_twice_is_made_once(live: list[str], patch: list[str]) -> None:
    change = {"spec": {"containers": [{"name": name, "image": "2"} for name in patch]}}
    target = pod(*live)
    before = copy.deepcopy(target)
    once = apply_strategic_patch(target, change, POD)
    assert apply_strategic_patch(once, change, POD) == once
    assert target == before


def test_equal_keys_are_patched_once_and_deleted_together() -> None:
    ports = [{"containerPort": 53, "protocol": "UDP"}, {"containerPort": 53, "protocol": "TCP"}, {"containerPort": 80}]
    target = {"spec": {"containers": [{"name": "a", "ports": ports}]}}

    def patched(patch: Any) -> Any:
        change = {"spec": {"containers": [{"name": "a", "ports": patch}]}}
        return apply_strategic_patch(target, change, POD)["spec"]["containers"][0]["ports"]

    assert patched([{"containerPort": 53, "name": "dns"}])[0] == {"containerPort": 53, "protocol": "UDP", "name": "dns"}
    assert patched([{"containerPort": 53, "$patch": "delete"}]) == [{"containerPort": 80}]


def test_sets_maps_and_directives() -> None:
    target = {"metadata": {"finalizers": ["a", "b"], "labels": {"x": "1", "y": "2"}}}
    patch = {
        "metadata": {
            "$deleteFromPrimitiveList/finalizers": ["a"],
            "finalizers": ["c", "c"],
            "labels": {"$patch": "replace", "z": "3"},
        }
    }
    meta = apply_strategic_patch(target, patch, POD)["metadata"]
    assert sorted(meta["finalizers"]) == ["b", "c"]
    assert meta["labels"] == {"z": "3"}
    assert apply_strategic_patch(target, {"metadata": {"$patch": "delete"}}, POD) == {"metadata": {}}
    kept = apply_strategic_patch({"spec": {"a": 1, "b": 2}}, {"spec": {"$retainKeys": ["b"], "b": 3}}, POD)
    assert kept == {"spec": {"b": 3}}


@pytest.mark.parametrize(
    "patch",
    [
        [],
        {"$patch": "upset"},
        {"$retainKeys": 1},
        {"spec": {"containers": [{"image": "x"}]}},
        {"spec": {"$retainKeys": ["a"], "b": 1}},
        {"metadata": {"$deleteFromPrimitiveList/finalizers": "a"}},
    ],
)
def test_a_strategic_patch_that_makes_no_sense_is_refused(patch: Any) -> None:
    with pytest.raises(Unpatchable):
        apply_strategic_patch({"spec": {"containers": [{"name": "a"}]}}, patch, POD)


def test_long_lists_are_merged_in_no_time() -> None:
    names = [f"c{number}" for number in range(20_000)]
    change = {"spec": {"containers": [{"name": name} for name in reversed(names)]}}
    assert merged(pod(*names), change) == names[::-1]
