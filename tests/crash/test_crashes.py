"""A real store is crashed at every call by which it changes a file, and wherever else: it keeps what it acknowledged.

CI crashes it some 250 times. With `KOBUNE_CRASHES=all` it is every kind of crash at every call, and longer lives.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from crash.crashing import Supervisor, supervisor
from crash.ledger import Ledger
from crash.orders import Order
from crash.syscalls import missing
from crash.workload import WRITERS

from kobune.apimachinery.clock import ManualClock
from kobune.apiserver.storage import leveldb

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "nothing")

ALL = os.environ.get("KOBUNE_CRASHES") == "all"
SEED = int(os.environ.get("KOBUNE_SEED", "1"))
KINDS = ["kill", "kill after", "half", "cut", "cut after"]
LENGTH = 16
"""How many steps every writer does before the store is opened again, and after."""


@pytest.fixture(scope="module")
def crashing() -> Iterator[Supervisor]:
    with supervisor() as running:
        yield running


async def check(ledger: Ledger, directory: Path) -> None:
    async with leveldb.open_store(directory, clock=ManualClock(), random=Random(1)) as store:
        await ledger.check(store)


def order(
    ledger: Ledger, directory: Path, what: str = "", at: int = 0, *, seconds: float = 0, sync: bool = True
) -> Order:
    return Order(str(directory), ledger.seed, tuple(ledger.steps), LENGTH, what, at, seconds, sync)


async def test_a_run_without_a_crash_is_as_the_ledger_says(crashing: Supervisor, tmp_path: Path) -> None:
    ledger = Ledger(SEED)
    outcome = crashing.run(order(ledger, tmp_path / "store"))
    ledger.take(outcome.report)
    assert outcome.status == 0
    assert ledger.steps == [2 * LENGTH] * WRITERS
    kinds = {(call.split(" ")[0], call.split(".")[-1].split("-")[0]) for call in outcome.calls}
    assert {
        ("write", "log"),
        ("sync", "log"),
        ("create", "ldb"),
        ("unlink", "ldb"),
        ("rename", "rename CURRENT"),
    } <= kinds
    await check(ledger, tmp_path / "store")


@pytest.mark.parametrize("kind", KINDS)
async def test_every_acknowledged_write_survives_a_crash_at_any_call(
    crashing: Supervisor, tmp_path: Path, kind: str
) -> None:
    """In CI each kind takes its turn, so that together they are at every call."""
    step = 1 if ALL else len(KINDS)
    at = 1 if ALL else 1 + KINDS.index(kind)
    crashes = 0
    while True:
        directory = tmp_path / str(at)
        ledger = Ledger(SEED)
        outcome = crashing.run(order(ledger, directory, kind, at))
        ledger.take(outcome.report)
        if outcome.status == 0:
            break
        try:
            await check(ledger, directory)
        except Exception as error:
            raise AssertionError(f"{kind} at call {at}, {outcome.calls[-1]}: {error}") from error
        crashes += 1
        at += step
    assert crashes >= (120 if ALL else 20)


@pytest.mark.parametrize("life", range(8 if ALL else 2))
async def test_a_store_survives_crash_after_crash(crashing: Supervisor, tmp_path: Path, life: int) -> None:
    random = Random(f"{SEED}/{life}")
    ledger = Ledger(SEED + life)
    for _ in range(40):
        kind = random.choice([*KINDS, "outside", "outside"])
        at = random.choice([random.randint(1, 25), random.randint(1, 180)])  # many while it recovers
        outcome = crashing.run(order(ledger, tmp_path / "store", kind, at, seconds=random.uniform(0, 0.12)))
        ledger.take(outcome.report)
        try:
            await check(ledger, tmp_path / "store")
        except Exception as error:
            raise AssertionError(f"{kind} at call {at}, {outcome.calls[-1:]}: {error}") from error
    assert min(ledger.steps) > 100


async def test_a_store_that_does_not_sync_is_caught(crashing: Supervisor, tmp_path: Path) -> None:
    """The power cuts are worth something: without syncs they do take acknowledged writes."""
    lost = 0
    for at in range(30, 60, 5):
        ledger = Ledger(SEED)
        ledger.take(crashing.run(order(ledger, tmp_path / str(at), "cut", at, sync=False)).report)
        try:
            await check(ledger, tmp_path / str(at))
        except AssertionError:
            lost += 1
    assert lost
