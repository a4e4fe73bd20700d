"""Damage to any file of a store is either without effect or refused; nothing acknowledged is ever missing in silence.

`KOBUNE_CRASHES=all` does ten times as much of it.
"""

import copy
import os
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from crash.crashing import supervisor
from crash.ledger import Ledger
from crash.orders import Order
from crash.syscalls import missing

from kobune.apimachinery.clock import ManualClock
from kobune.apiserver.storage import leveldb
from kobune.apiserver.storage.errors import StoreDamaged

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "nothing")

TIMES = 400 if os.environ.get("KOBUNE_CRASHES") == "all" else 40
SEED = int(os.environ.get("KOBUNE_SEED", "1"))

Damage = Callable[[bytearray, Random], bytes]


def flip(content: bytearray, random: Random) -> bytes:
    content[random.randrange(len(content))] ^= 1 << random.randrange(8)
    return content


def cut(content: bytearray, random: Random) -> bytes:
    return content[: random.randrange(len(content))]


def cut_at_a_record(content: bytearray, random: Random) -> bytes:
    return content[: random.choice(record_ends(content))]


def zeros(content: bytearray, random: Random) -> bytes:
    at = random.randrange(len(content))
    width = min(random.choice([1, 100, 4096]), len(content) - at)
    content[at : at + width] = bytes(width)
    return content


def noise(content: bytearray, random: Random) -> bytes:
    at = random.randrange(len(content))
    width = min(random.choice([10, 500]), len(content) - at)
    content[at : at + width] = random.randbytes(width)
    return content


def record_ends(content: bytes) -> list[int]:
    """Return where a log or manifest could have ended early: records have a checksum, a length, a type and content."""
    ends, at = [0], 0
    while at + 7 <= len(content):
        if at % 32768 > 32768 - 7:
            at += 32768 - at % 32768
            continue
        at += 7 + int.from_bytes(content[at + 4 : at + 6], "little")
        ends.append(at)
    return ends[:-1]


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Path, Ledger]]:
    """Directories with what is in them: after one life or several, short and long, closed and killed."""
    made = []
    with supervisor() as crashing:
        for number, (lives, length, killed_at) in enumerate(
            [(1, 3, 0), (2, 3, 0), (1, 24, 0), (2, 40, 0), (2, 40, 0), (3, 40, 0), (2, 24, 90)]
        ):
            directory = tmp_path_factory.mktemp("store") / "store"
            ledger = Ledger(SEED + number)
            for life in range(lives):
                last = life == lives - 1
                what, at = ("kill", killed_at) if killed_at and last else ("", 0)
                order = Order(str(directory), ledger.seed, tuple(ledger.steps), length, what, at)
                ledger.take(crashing.run(order).report)
            made.append((directory, ledger))
    return made


async def outcome(directory: Path, ledger: Ledger) -> str:
    """Return fine or refused, or fail."""
    try:
        async with leveldb.open_store(directory, clock=ManualClock(), random=Random(1)) as store:
            await ledger.check(store)
    except StoreDamaged as error:
        assert "kobune snapshot restore" in str(error) or "it is damaged" in str(error)
        return "refused"
    return "fine"


@pytest.mark.parametrize("damage", [flip, cut, cut_at_a_record, zeros, noise])
@pytest.mark.parametrize("kind", ["*.log", "*.ldb", "MANIFEST-*", "CURRENT", "WITNESS"])
async def test_damage_is_harmless_or_refused(
    stores: list[tuple[Path, Ledger]], tmp_path: Path, kind: str, damage: Damage
) -> None:
    random = Random(f"{SEED}/{kind}/{damage.__name__}")
    outcomes = Counter[str]()
    for number in range(TIMES):
        source, ledger = random.choice(stores)
        directory = tmp_path / str(number)
        shutil.copytree(source, directory)
        files = [file for file in sorted(directory.glob(kind)) if file.stat().st_size]
        if files:
            file = random.choice(files)
            file.write_bytes(damage(bytearray(file.read_bytes()), random))
            try:
                outcomes[await outcome(directory, copy.deepcopy(ledger))] += 1
            except BaseException as error:
                raise AssertionError(f"{damage.__name__} of {file.name}, copy {number}: {error!r}") from error
    assert outcomes["refused"] or kind == "WITNESS"


@pytest.mark.parametrize("kind", ["*.log", "*.ldb", "MANIFEST-*", "CURRENT"])
async def test_a_lost_file_is_harmless_or_refused_and_can_be_put_back(
    stores: list[tuple[Path, Ledger]], tmp_path: Path, kind: str
) -> None:
    for source, ledger in stores:
        for lost in sorted(source.glob(kind)):
            directory = tmp_path / f"{ledger.seed}-{lost.name}"
            shutil.copytree(source, directory)
            (directory / lost.name).unlink()
            if await outcome(directory, copy.deepcopy(ledger)) == "refused" and kind == "CURRENT":
                shutil.copy(lost, directory)
                assert await outcome(directory, copy.deepcopy(ledger)) == "fine"


async def test_a_manifest_that_ends_early_is_harmless_or_refused(
    stores: list[tuple[Path, Ledger]], tmp_path: Path
) -> None:
    """LevelDB goes on with older tables and the newest log then, without what was written between them."""
    for source, ledger in stores:
        for manifest in source.glob("MANIFEST-*"):
            content = manifest.read_bytes()
            for end in record_ends(content):
                directory = tmp_path / f"{ledger.seed}-{end}"
                shutil.copytree(source, directory)
                (directory / manifest.name).write_bytes(content[:end])
                await outcome(directory, copy.deepcopy(ledger))
