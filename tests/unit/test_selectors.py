"""Selectors: what they select, and what is wrong with them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kobune.api.meta.v1 import LabelSelector
from kobune.apimachinery.selectors import (
    EVERYTHING,
    FieldSelector,
    InvalidSelector,
    Requirement,
    Selector,
    UnknownField,
    from_label_selector,
    from_labels,
    parse_fields,
    parse_labels,
)

KEYS = st.sampled_from(["app", "tier", "example.com/role", "a", "in", "notin"])
VALUES = st.sampled_from(["", "x", "y", "1", "20", "in"])
LABELS = st.dictionaries(KEYS, VALUES)


def text_of(requirement: Requirement) -> str:
    """Return a requirement as people write it."""
    key, values = requirement.key, ",".join(requirement.values)
    return {
        "In": f"{key} in ({values})",
        "NotIn": f"{key} notin ({values})",
        "Exists": key,
        "DoesNotExist": f"!{key}",
        "Gt": f"{key}>{values}",
        "Lt": f"{key}<{values}",
    }[requirement.operator]


REQUIREMENTS = st.one_of(
    st.builds(
        Requirement,
        KEYS,
        st.sampled_from(["In", "NotIn"]),
        st.lists(VALUES, min_size=1, max_size=3, unique=True).map(tuple),
    ),
    st.builds(Requirement, KEYS, st.sampled_from(["Exists", "DoesNotExist"])),
    st.builds(Requirement, KEYS, st.sampled_from(["Gt", "Lt"]), st.integers(-5, 50).map(lambda n: (str(n),))),
)


@given(st.lists(REQUIREMENTS, max_size=4), LABELS)
def test_what_is_written_selects_what_is_meant(requirements: list[Requirement], labels: dict[str, str]) -> None:
    written = parse_labels(" , ".join(map(text_of, requirements)))
    assert written.matches(labels) == Selector(tuple(requirements)).matches(labels)


@given(LABELS, LABELS)
def test_labels_select_whatever_has_all_of_them(wanted: dict[str, str], labels: dict[str, str]) -> None:
    expected = wanted.items() <= labels.items()
    assert from_labels(wanted).matches(labels) is expected
    assert parse_labels(",".join(f"{key}={value}" for key, value in wanted.items())).matches(labels) is expected
    assert from_label_selector(LabelSelector(matchLabels=wanted)).matches(labels) is expected


@given(LABELS)
def test_an_empty_selector_selects_everything_and_none_nothing(labels: dict[str, str]) -> None:
    assert from_label_selector(LabelSelector()).matches(labels)
    assert parse_labels(" ").matches(labels)
    assert not from_label_selector(None).matches(labels)


@given(st.text(max_size=30))
def test_no_text_does_harm(text: str) -> None:
    for parse in (parse_labels, lambda text: parse_fields(text, ("metadata.name",))):
        try:
            parse(text)
        except InvalidSelector as error:
            assert str(error)


@pytest.mark.parametrize(
    "text", ["a=b c", "a in b", "a in (b", "a,", ",a", "a>x", "a<", "!!a", "=a", "a=b=c", "a/b/c", "(a)"]
)
def test_a_selector_that_makes_no_sense_is_told(text: str) -> None:
    with pytest.raises(InvalidSelector):
        parse_labels(text)


def test_fields_are_compared_as_text() -> None:
    selector = parse_fields(r"a=x\,y,b!=z,c==\=\\", ("a", "b", "c"))
    assert selector.terms == (("a", True, "x,y"), ("b", False, "z"), ("c", True, "=\\"))
    assert selector.matches({"a": "x,y", "b": "", "c": "=\\"}.__getitem__)
    assert not selector.matches({"a": "x,y", "b": "z", "c": "=\\"}.__getitem__)
    assert selector.required("a") == "x,y"
    assert selector.required("b") is None
    assert parse_fields("", ()) == FieldSelector()


def test_a_field_that_cannot_be_selected_by_is_named() -> None:
    with pytest.raises(UnknownField) as unknown:
        parse_fields("metadata.uid=x", ("metadata.name",))
    assert unknown.value.path == "metadata.uid"
    for text in ("a", "a=b=c", "a=\\x", "a=b\\"):
        with pytest.raises(InvalidSelector):
            parse_fields(text, ("a",))


def test_everything_costs_nothing() -> None:
    assert not EVERYTHING
    assert parse_labels("") is EVERYTHING
