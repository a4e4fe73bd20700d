"""What schemas make of trees: pruning, defaults, values, uniqueness, what did not change, and odd schemas."""

from contextlib import suppress
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kobune.apimachinery.custom import deep_copy, same_tree
from kobune.apiserver.customresources import jsonpath, scale
from kobune.apiserver.customresources.causes import go_float
from kobune.apiserver.customresources.definition import structure
from kobune.apiserver.customresources.schema.correlated import Correlated
from kobune.apiserver.customresources.schema.defaulting import default, drop_nulls
from kobune.apiserver.customresources.schema.formats import FORMATS
from kobune.apiserver.customresources.schema.pruning import prune, prune_defaults
from kobune.apiserver.customresources.schema.structural import structural
from kobune.apiserver.customresources.schema.uniqueness import duplicates
from kobune.apiserver.customresources.schema.values import violations
from kobune.apiserver.customresources.versions import newest_first

NAMES = st.sampled_from(["a", "b", "c", "spec", "kind"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["", "a", "b"]) | st.just(1.5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
SCALARS = st.fixed_dictionaries(
    {"type": st.sampled_from(["string", "integer", "number", "boolean"])}, optional={"nullable": st.booleans()}
)


def with_children(inner: Any) -> Any:
    objects = st.fixed_dictionaries(
        {"type": st.just("object"), "properties": st.dictionaries(NAMES, inner, max_size=3)},
        optional={
            "x-kubernetes-preserve-unknown-fields": st.just(True),
            "default": st.dictionaries(NAMES, st.integers(0, 3), max_size=2),
            "required": st.lists(NAMES, max_size=1),
        },
    )
    maps = st.fixed_dictionaries({"type": st.just("object"), "additionalProperties": inner})
    lists = st.fixed_dictionaries({"type": st.just("array"), "items": inner})
    return objects | maps | lists


SCHEMAS = st.recursive(SCALARS, with_children, max_leaves=8)


def causes(schema: Any, value: Any) -> list[tuple[str, str]]:
    return [(cause.field, cause.message) for cause in violations(schema, value)]


@given(SCHEMAS, JSON)
def test_pruning_twice_drops_nothing_more(schema: Any, tree: Any) -> None:
    prune(tree, structural(schema))
    once = deep_copy(tree)
    assert prune(tree, structural(schema)) == []
    assert same_tree(tree, once)


@given(SCHEMAS, JSON)
def test_filling_in_defaults_twice_adds_nothing_more(schema: Any, tree: Any) -> None:
    default(tree, structural(schema))
    once = deep_copy(tree)
    default(tree, structural(schema))
    assert same_tree(tree, once)


@given(SCHEMAS, JSON)
def test_a_value_stays_valid_on_its_way_through_the_store(schema: Any, tree: Any) -> None:
    node = prune_defaults(structural(schema))
    prune(tree, node)
    drop_nulls(tree, node)
    default(tree, node)
    before = causes(schema, tree)
    again = orjson.loads(orjson.dumps(tree))
    prune(again, node)
    drop_nulls(again, node)
    default(again, node)
    assert same_tree(again, tree)
    assert causes(schema, again) == before


@given(SCHEMAS, JSON)
def test_what_did_not_change_is_not_complained_about(schema: Any, tree: Any) -> None:
    assert list(violations(schema, tree, "", Correlated(tree, deep_copy(tree), structural(schema)))) == []


@given(SCHEMAS, JSON, JSON)
def test_what_was_there_excuses_nothing_that_is_right_anyway(schema: Any, tree: Any, old: Any) -> None:
    excused = {cause.message for cause in violations(schema, tree, "", Correlated(tree, old, structural(schema)))}
    assert excused <= {message for _, message in causes(schema, tree)}


@settings(max_examples=50)
@given(st.lists(st.integers(0, 3) | st.sampled_from(["a", "b"]), max_size=6))
def test_a_set_is_told_of_each_value_that_comes_twice_once(items: list[Any]) -> None:
    schema = structural({"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"})
    assert len(list(duplicates(items, schema, "l"))) == sum(items.count(item) > 1 for item in set(items))


def test_a_changed_part_is_complained_about_and_its_old_neighbour_is_not() -> None:
    item = {"type": "object", "properties": {"k": {"type": "string"}, "v": {"type": "string", "maxLength": 1}}}
    schema = {
        "type": "object",
        "properties": {
            "l": {
                "type": "array",
                "items": item,
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["k"],
            }
        },
    }
    old = {"l": [{"k": "a", "v": "long"}, {"k": "b", "v": "x"}]}
    new = {"l": [{"k": "b", "v": "longer"}, {"k": "a", "v": "long"}]}
    found = list(violations(schema, new, "", Correlated(new, old, structural(schema))))
    assert [cause.field for cause in found] == ["l[0].v"]


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        ({"type": "integer", "format": "int32"}, 2**31, "Checked value must be of type integer with format int32 in f"),
        ({"type": "number", "minimum": 1.5, "exclusiveMinimum": True}, 1.5, "f in body should be greater than 1.5"),
        ({"type": "integer", "maximum": 1e7}, 10**8, "f in body should be less than or equal to 10000000"),
        ({"type": "number", "maximum": 1e7}, 1e8, "f in body should be less than or equal to 1e+07"),
        ({"type": "number", "multipleOf": 0.5}, 0.7, "f in body should be a multiple of 0.5"),
        ({"type": "string", "minLength": 2}, "é", "f in body should be at least 2 chars long"),
        ({"type": "array", "items": {"type": "string"}, "maxItems": 1}, ["a", "b"], "must have at most 1 item"),
        ({"type": "object", "maxProperties": 0}, {"a": 1}, "must have at most 0 items"),
        ({"type": "string", "maxLength": 1}, "ab", "may not be more than 1 byte"),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, {"x": "1"}, "f.x in body must be of type"),
        ({"type": "string", "enum": ["a", 1]}, "b", 'Unsupported value: "b": supported values: "a", "1"'),
        ({"type": "string"}, None, 'f in body must be of type string: "null"'),
    ],
)
def test_values_are_refused_in_the_words_of_kubernetes(schema: Any, value: Any, expected: str) -> None:
    ((_, message),) = causes({"type": "object", "properties": {"f": schema}}, {"f": value})
    assert expected in message


@pytest.mark.parametrize(
    ("format", "good", "bad"),
    [
        ("ipv4", ["1.2.3.4", "01.2.3.4"], ["1.2.3", "::1", "1.2.3.256"]),
        ("ipv6", ["::1", "fe80::1"], ["1.2.3.4", "g::"]),
        ("cidr", ["10.0.0.0/8", "::/0"], ["10.0.0.0", "10.0.0.0/33"]),
        ("email", ["a@b.c", "A B <a@b.c>"], ["x", "a@", "@b"]),
        ("uri", ["https://a.b/c?d", "/path"], ["a b", "", "no-scheme"]),
        ("hostname", ["a.example.com", "x"], ["-a", "a..b", ""]),
        ("datetime", ["2001-01-01T00:00:00Z", "2001-01-01t00:00:00.5+01:00"], ["2001-01-01", "2001-13-01T00:00:00Z"]),
        ("date", ["2001-02-28"], ["2001-02-29", "01-01-2001"]),
        ("duration", ["1h5m", "22 ns", "2 days"], ["x", "1"]),
        ("uuid", ["123E4567-e89b-12d3-a456-426614174000"], ["123"]),
        ("byte", ["YWJj"], ["YWJ", ""]),
        ("mac", ["01:02:03:04:05:06", "0102.0304.0506"], ["01:02"]),
        ("isbn", ["0321751043", "978-0321751041"], ["0321751044"]),
        ("creditcard", ["4111 1111 1111 1111"], ["4111 1111 1111 1112"]),
        ("hexcolor", ["#fff", "FFFFFF"], ["#ffff"]),
        ("rgbcolor", ["rgb(1, 2, 255)"], ["rgb(1,2,256)"]),
        ("k8sshortname", ["a-1"], ["A", "-a", "a" * 64]),
    ],
)
def test_formats_tell_what_is_in_them(format: str, good: list[str], bad: list[str]) -> None:
    assert [text for text in good if not FORMATS[format](text)] == []
    assert [text for text in bad if FORMATS[format](text)] == []


@given(st.text(max_size=30))
def test_no_text_breaks_a_format(text: str) -> None:
    for fits in FORMATS.values():
        assert fits(text) in (True, False)


@given(SCHEMAS)
def test_a_schema_of_known_types_is_structural(schema: Any) -> None:
    root = {"type": "object", "properties": {"x": schema}}
    found = {cause.message for cause in structure.violations(root, "")}
    assert {message for message in found if "metadata" not in message} == set()


@given(JSON)
def test_no_tree_breaks_the_search_for_what_is_not_structural(tree: Any) -> None:
    if isinstance(tree, dict):
        structure.unsupported(tree)


def test_a_path_finds_what_it_names() -> None:
    tree = {"a": {"b.c": 1}, "l": [{"t": "x", "v": 1}, {"t": "y", "v": 2}], "n": None}
    for path, expected in {
        ".a['b.c']": [1],
        ".l[1].v": [2],
        ".l[-1].v": [2],
        ".l[*].t": ["x", "y"],
        '.l[?(@.t=="y")].v': [2],
        ".l[?(@.v>1)].t": ["y"],
        ".l[0:1].t": ["x"],
        "..t": ["x", "y"],
        ".missing.more": [],
        ".n": [None],
        r".a.b\.c": [1],
    }.items():
        assert jsonpath.compile(path).find(tree) == expected, path


@given(st.text(alphabet=".[]*'\"@?()=ab0:,\\ ", max_size=12))
def test_a_path_is_compiled_or_refused(text: str) -> None:
    with suppress(jsonpath.BadPath):
        jsonpath.compile(text).find({"a": [{"b": 1}]})


def test_versions_are_preferred_as_kubernetes_prefers_them() -> None:
    mixed = ["foo1", "v1alpha1", "v10", "v2", "v1beta1", "v11beta2", "v1", "foo10", "v12alpha1", "v3beta1", "v11alpha2"]
    assert newest_first(mixed) == [
        *("v10", "v2", "v1", "v11beta2", "v3beta1", "v1beta1"),
        *("v12alpha1", "v11alpha2", "v1alpha1", "foo1", "foo10"),
    ]


@pytest.mark.parametrize(
    ("value", "shown"),
    [(1.5, "1.5"), (0.1, "0.1"), (100000.0, "100000"), (1e6, "1e+06"), (1.25e-7, "1.25e-07"), (-2.0, "-2"), (0.0, "0")],
)
def test_numbers_are_shown_as_go_shows_them(value: float, shown: str) -> None:
    assert go_float(value) == shown


def test_a_scale_writes_where_nothing_was() -> None:
    from kobune.api.meta.v1 import ObjectMeta
    from kobune.apimachinery.custom import CustomObject

    item = CustomObject("g/v1", "K", ObjectMeta(name="x"), {})
    paths = scale.Paths(".spec.a.b", ".status.c", "")
    scale.set_replicas(item, paths, 3)
    assert item.fields == {"spec": {"a": {"b": 3}}}
    assert scale.scale_of(item, paths, to_change=False).spec.replicas == 3
