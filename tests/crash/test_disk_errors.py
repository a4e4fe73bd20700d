"""A disk that is full or fails, at every call that changes a file: no answer is a lie, nothing acknowledged is lost."""

import os
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from crash.crashing import Supervisor, supervisor
from crash.ledger import Ledger
from crash.orders import Order
from crash.syscalls import missing

from kobune.apimachinery.clock import ManualClock
from kobune.apiserver.storage import leveldb

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "nothing")

ALL = os.environ.get("KOBUNE_CRASHES") == "all"
SEED = int(os.environ.get("KOBUNE_SEED", "1"))
LENGTH = 16


@pytest.fixture(scope="module")
def crashing() -> Iterator[Supervisor]:
    with supervisor() as running:
        yield running


@pytest.mark.parametrize(("error", "words"), [("ENOSPC", "No space left on device"), ("EIO", "Input/output error")])
async def test_a_failing_disk_stops_acknowledgements_at_once_and_loses_none(
    crashing: Supervisor, tmp_path: Path, error: str, words: str
) -> None:
    at = noticed = 0
    while True:
        at += 1 if ALL else 4
        directory = tmp_path / str(at)
        ledger = Ledger(SEED)
        # LevelDB follows a null pointer if a log cannot be synced while it is told to compact a range.
        order = Order(str(directory), SEED, tuple(ledger.steps), LENGTH, error, at, reclaim=False)
        outcome = crashing.run(order)
        if len(outcome.calls) < at:
            break
        struck, later = outcome.calls[at - 1], outcome.calls[at:]
        told = {line[0]: line for line in outcome.report}
        try:
            assert outcome.status == 0, outcome.report[-1]
            ledger.take(outcome.report)
            if "f" in told or "x" in told:
                noticed += 1
                assert words in told.get("f", told.get("x", ""))
                assert "b'" not in told.get("f", "")
            if "f" in told:
                assert told["r"] == f"r {len(ledger.now)} {len(ledger.now)}", "reads do not go on"
            if struck.endswith(".log") and not struck.startswith("unlink"):
                # What compaction deletes is written last, when there may be nobody left who could notice.
                assert "f" in told or "x" in told or min(ledger.steps) == 2 * LENGTH, "nobody noticed"
                # What came behind half a record could not be read any more.
                assert not [call for call in later if call == struck and call.startswith("write")]
            async with leveldb.open_store(directory, clock=ManualClock(), random=Random(1)) as store:
                await ledger.check(store)
        except Exception as problem:
            raise AssertionError(f"{error} at call {at}, {struck}: {problem!r}") from problem
    assert noticed >= 20
