"""Quantities: what they mean, and how they are written back."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kobune.apimachinery import quantity

SUFFIXES = ["", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "e3", "E-2", "e+6"]
NUMBERS = st.from_regex(r"[+-]?([0-9]{1,12}(\.[0-9]{0,9})?|\.[0-9]{1,9})", fullmatch=True)
TEXTS = st.tuples(NUMBERS, st.sampled_from(SUFFIXES)).map("".join)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("1000m", "1"),
        ("1500m", "1500m"),
        ("0.5", "500m"),
        ("1024Mi", "1Gi"),
        ("1025Ki", "1025Ki"),
        ("1.5Gi", "1536Mi"),
        ("0.1Ki", "102400m"),
        ("1000k", "1M"),
        ("12e6", "12e6"),
        ("5.", "5"),
        ("+5", "5"),
        ("-0", "0"),
        ("0.0000000001", "1n"),
        ("1e999999999999", "9223372036854775807"),
        ("99Ei", "9223372036854775807"),
        ("1e-999999999999", "1e-9"),
    ],
)
def test_a_quantity_has_one_canonical_form(text: str, canonical: str) -> None:
    assert quantity.canonical(text) == canonical


@pytest.mark.parametrize(
    "text", ["", "-", ".", "1 ", "1_0", "e3", "1e", "1ee3", "1kk", "1ki", "0x10", "٣", "NaN", "1Ki2"]
)
def test_what_is_no_quantity_is_told_in_kubernetes_words(text: str) -> None:
    with pytest.raises(ValueError, match="quantities must match the regular expression"):
        quantity.canonical(text)


@given(TEXTS)
def test_the_canonical_form_says_the_same_and_stays(text: str) -> None:
    shown = quantity.canonical(text)
    assert quantity.parse(shown) == quantity.parse(text)
    assert quantity.canonical(shown) == shown


@given(st.integers(-(10**15), 10**15))
def test_whole_numbers_are_exact(number: int) -> None:
    assert quantity.parse(str(number)) == number
    assert quantity.parse(f"{number}m") * 1000 == number
    assert quantity.units(str(number)) == number


@given(st.text("0123456789.eE+-nukmMGTPiK", max_size=40))
def test_no_text_does_harm(text: str) -> None:
    try:
        amount = quantity.parse(text)
    except ValueError:
        return
    assert abs(amount) <= 2**63 - 1
    assert amount == amount.quantize(Decimal("1e-9"))


def test_units_and_thousandths_round_up() -> None:
    assert (quantity.units("1500m"), quantity.units("1.1Ki"), quantity.units("")) == (2, 1127, 0)
    assert (quantity.milli("1"), quantity.milli("0.0001"), quantity.milli("100m")) == (1000, 1, 100)


def test_sums_are_exact() -> None:
    assert quantity.total(["100m", "0.9"]) == "1"
    assert quantity.total(["1Gi", "512Mi"]) == "1536Mi"
    assert quantity.total([]) == "0"
