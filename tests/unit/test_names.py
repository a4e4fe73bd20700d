"""What names, labels and annotations may look like."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kobune.apimachinery import names

RULES = [
    names.dns_subdomain,
    names.dns_label,
    names.dns_label_1035,
    names.path_segment,
    names.label_value,
    names.qualified_name,
]
GOOD = {
    names.dns_subdomain: ["a", "a-b.c", "0", "a" * 253, "1.2.3"],
    names.dns_label: ["a", "0-a", "a" * 63],
    names.dns_label_1035: ["a", "a-0"],
    names.path_segment: ["system:node", "A b", "ä", "..."],
    names.label_value: ["", "A_b.c-d", "0", "a" * 63],
    names.qualified_name: ["a", "example.com/A_b", "0.0/x"],
}
BAD = {
    names.dns_subdomain: ["", "A", "-a", "a-", "a..b", ".a", "a_b", "a" * 254, "a\n"],
    names.dns_label: ["", "a.b", "A", "a" * 64, "a\n"],
    names.dns_label_1035: ["0a", "", "a."],
    names.path_segment: [".", "..", "a/b", "50%"],
    names.label_value: ["-a", "a b", "a" * 64, "a-", "ä", "a\n"],
    names.qualified_name: ["", "/", "/a", "a/", "a/b/c", "A/b", "a b", "x/" + "y" * 64, "z" * 64],
}


@pytest.mark.parametrize("rule", RULES)
def test_good_names_are_good_and_bad_ones_are_told_why(rule: names.Rule) -> None:
    assert {name: rule(name) for name in GOOD[rule] if rule(name)} == {}
    assert [name for name in BAD[rule] if not rule(name)] == []


@given(st.text(max_size=70))
def test_a_label_is_a_subdomain_without_dots(name: str) -> None:
    if not names.dns_label(name):
        assert not names.dns_subdomain(name)
        assert re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", name)
    if not names.dns_label_1035(name):
        assert not names.dns_label(name)


@given(st.text(max_size=30), st.text(max_size=30))
def test_a_qualified_name_is_made_of_good_parts(prefix: str, name: str) -> None:
    is_good = not names.dns_subdomain(prefix) and bool(name) and not names.label_value(name)
    assert (not names.qualified_name(f"{prefix}/{name}")) is (is_good and "/" not in name)


@pytest.mark.parametrize("rule", RULES)
def test_a_huge_name_costs_no_more_than_its_length(rule: names.Rule) -> None:
    started = time.monotonic()
    for part in ("a", "a.", "a-", "-", "aA"):
        rule(part * 200_000 + "!")
    assert time.monotonic() - started < 2
