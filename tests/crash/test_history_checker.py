"""The checker of histories is checked: with what must be refused, and against trying every order."""

from itertools import combinations, permutations
from math import inf

import pytest
from crash.histories import Change, Kind, Operation, Value, history_problem, is_linearizable, watch_problem
from hypothesis import given
from hypothesis import strategies as st


def write(value: bytes, began: float, ended: float = inf) -> Operation:
    return Operation(Kind.WRITE, b"k", began, value, None, ended)


def read(found: Value, began: float, ended: float) -> Operation:
    return Operation(Kind.READ, b"k", began, None, None, ended, found)


def swap(expected: Value, value: bytes, began: float, ended: float = inf, found: Value = None) -> Operation:
    return Operation(Kind.SWAP, b"k", began, value, expected, ended, found)


def delete(found: Value, began: float, ended: float = inf) -> Operation:
    return Operation(Kind.DELETE, b"k", began, None, None, ended, found)


REFUSED = {
    "a write is lost": [write(b"1", 0, 1), read(None, 2, 3)],
    "a read is stale": [write(b"1", 0, 1), write(b"2", 2, 3), read(b"1", 4, 5)],
    "a value comes from nowhere": [write(b"1", 0, 1), read(b"2", 2, 3)],
    "a value is there before it is written": [read(b"1", 0, 1), write(b"1", 2, 3)],
    "two swap the same": [write(b"1", 0, 1), swap(b"1", b"2", 2, 9, b"1"), swap(b"1", b"3", 2, 9, b"1")],
    "a swap is refused for no reason": [write(b"1", 0, 1), swap(b"1", b"2", 2, 3, b"0")],
    "time runs backwards": [write(b"1", 0, 9), read(b"1", 1, 2), read(None, 3, 4)],
    "what was not answered is there and gone": [write(b"1", 0), read(b"1", 1, 2), read(None, 3, 4), read(b"1", 5, 6)],
    "what was not answered happens twice": [
        write(b"1", 0),
        read(b"1", 1, 2),
        delete(b"1", 3, 4),
        read(b"1", 5, 6),
    ],
    "a deleted value is still there": [write(b"1", 0, 1), delete(b"1", 2, 3), read(b"1", 4, 5)],
    "two delete the same": [write(b"1", 0, 1), delete(b"1", 2, 5), delete(b"1", 3, 6)],
}
ACCEPTED = {
    "one after the other": [write(b"1", 0, 1), read(b"1", 2, 3), swap(b"1", b"2", 4, 5, b"1"), read(b"2", 6, 7)],
    "at the same time, either way": [write(b"1", 0, 9), write(b"2", 0, 9), read(b"2", 10, 11)],
    "a read of the older during a write": [write(b"1", 0, 1), write(b"2", 2, 9), read(b"1", 3, 4), read(b"2", 5, 6)],
    "what was not answered happens late": [write(b"1", 0), read(None, 1, 2), read(None, 3, 4), read(b"1", 5, 6)],
    "what was not answered never happens": [write(b"1", 0, 1), swap(b"1", b"2", 2), delete(None, 3), read(b"1", 8, 9)],
    "a chain of what was not answered": [write(b"1", 0), swap(b"1", b"2", 0), swap(b"2", b"3", 0), read(b"3", 5, 6)],
    "a deletion that was not answered is seen": [
        write(b"1", 0, 1),
        delete(None, 2),
        read(b"1", 3, 4),
        read(None, 5, 6),
    ],
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_have_happened_is_refused(name: str) -> None:
    assert not is_linearizable(REFUSED[name])


@pytest.mark.parametrize("name", ACCEPTED)
def test_what_can_have_happened_is_accepted(name: str) -> None:
    assert is_linearizable(ACCEPTED[name])


values = st.sampled_from([b"1", b"2", b"3"])
found = st.one_of(st.none(), values)


@st.composite
def operations(draw: st.DrawFn) -> Operation:
    began = draw(st.integers(0, 12))
    ended = draw(st.one_of(st.integers(began + 1, began + 6), st.just(inf)))
    kind = draw(st.sampled_from(Kind))
    value = draw(values) if kind in (Kind.WRITE, Kind.SWAP) else None
    return Operation(kind, b"k", began, value, draw(found), ended, draw(found))


def by_trying_everything(history: list[Operation]) -> bool:
    must = [operation for operation in history if operation.answered]
    may = [operation for operation in history if not operation.answered and operation.kind is not Kind.READ]
    return any(
        explains(order)
        for count in range(len(may) + 1)
        for chosen in combinations(may, count)
        for order in permutations([*must, *chosen])
    )


def explains(order: tuple[Operation, ...]) -> bool:
    held: Value = None
    for place, operation in enumerate(order):
        if any(later.returned < operation.invoked for later in order[place + 1 :]):
            return False
        if operation.answered and operation.kind is not Kind.WRITE and operation.found != held:
            return False
        match operation.kind:
            case Kind.WRITE:
                held = operation.value
            case Kind.DELETE:
                held = None
            case Kind.SWAP if held == operation.expected:
                held = operation.value
    return True


@given(st.lists(operations(), max_size=5))
def test_the_search_finds_what_trying_everything_finds(history: list[Operation]) -> None:
    assert is_linearizable(history) == by_trying_everything(history)


HISTORY = [Change(2, b"a", b"1"), Change(3, b"a", b"2"), Change(3, b"b", b"3"), Change(4, b"a", None)]


@pytest.mark.parametrize(
    ("seen", "problem"),
    [
        (HISTORY, ""),
        (HISTORY[1:], "missing"),
        (HISTORY[:2] + HISTORY[3:], "missing"),
        ([*HISTORY, HISTORY[-1]], "twice"),
        ([HISTORY[0], HISTORY[0], *HISTORY[1:]], "twice"),
        ([*HISTORY[1:], HISTORY[0]], "out of order"),
        ([*HISTORY[:3], Change(4, b"a", b"9"), HISTORY[3]], "never happened"),
        ([HISTORY[0], HISTORY[2], HISTORY[1], HISTORY[3]], "in another order"),
    ],
)
def test_a_watch_has_to_be_complete(seen: list[Change], problem: str) -> None:
    assert watch_problem(seen, HISTORY, 1, 4).startswith(problem)
    assert bool(watch_problem(seen, HISTORY, 1, 4)) == bool(problem)


def test_what_was_acknowledged_has_to_be_in_the_history() -> None:
    done = [Operation(Kind.WRITE, b"a", 0, b"1", None, 1, None, 2), Operation(Kind.WRITE, b"a", 2, b"2", None, inf)]
    history = [Change(2, b"a", b"1"), Change(3, b"a", b"2")]
    assert history_problem(done, history) == ""
    assert history_problem(done, history[:1]) == ""
    assert "acknowledged" in history_problem(done, history[1:])
    assert "twice" in history_problem(done, [*history, Change(4, b"a", b"2")])
    assert "nobody" in history_problem(done, [*history, Change(4, b"a", b"3")])
    refused = Operation(Kind.SWAP, b"a", 4, b"3", b"0", 5, b"2")
    assert "refused" in history_problem([*done, refused], [*history, Change(4, b"a", b"3")])
