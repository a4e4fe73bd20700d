"""JSON that has a field twice is noticed, and said where; JSON that has not is never suspected for long."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kobune.apiserver import duplicates

TREES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text('ab":\\{} \n', max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('ab":\\ ', max_size=3), inner, max_size=3),
    max_leaves=12,
)


@given(TREES, st.sampled_from([(",", ":"), (", ", ": "), (" ,", " : ")]), st.booleans())
def test_json_without_duplicates_has_none(tree: Any, separators: tuple[str, str], indented: bool) -> None:
    body = json.dumps({"a": tree}, separators=separators, indent=2 if indented else None).encode()
    assert duplicates.find(body) == []


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b'{"metadata":{"name":"a","name":"b"},"data":{"k":"1","k":"2"}}', ["data.k", "metadata.name"]),
        (b'{"a" : 1, "a" : 2}', ["a"]),
        (b'{"a":1, "a" :2}', ["a"]),
        (b'{"l":[{"x":1},{"x":1,"x":2,"x":3}]}', ["l[1].x"]),
        (b'{"text":"\\":","text":"\\"a\\":1"}', ["text"]),
        (b'{"\\u0061":1,"a":2}', ["a"]),
        (b'{"bogus":{"a":1,"a":2},"b":1}', []),
    ],
)
def test_a_field_that_is_there_twice_is_suspected_and_found(body: bytes, found: list[str]) -> None:
    assert duplicates.suspected(body, orjson.loads(body))
    assert duplicates.find(body, ["bogus"]) == found
