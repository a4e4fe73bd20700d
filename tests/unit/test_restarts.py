from hypothesis import given
from hypothesis import strategies as st

from kobune.launcher.restarts import FIRST, LASTING, LONGEST, Restarts


@given(st.lists(st.floats(min_value=0, max_value=LASTING, exclude_max=True), min_size=1, max_size=20))
def test_waits_grow_up_to_a_limit(runs: list[float]) -> None:
    restarts, waits = Restarts(), []
    for ran in runs:
        restarts, wait = restarts.died(ran)
        waits.append(wait)
    assert waits[0] == FIRST
    assert waits == sorted(waits)
    assert waits[-1] <= LONGEST
    assert restarts.total == len(runs)


@given(st.integers(min_value=0, max_value=30), st.floats(min_value=LASTING, max_value=1e6))
def test_who_ran_long_enough_starts_again_at_once(recent: int, ran: float) -> None:
    assert Restarts(total=recent, recent=recent).died(ran) == (Restarts(total=recent + 1, recent=1), FIRST)
