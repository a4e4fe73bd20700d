"""What the ring of changes keeps: enough for slow watchers, never without bound."""

from types import SimpleNamespace
from typing import Any

import pytest

from kobune.apimachinery.errors import Expired
from kobune.apiserver.cache.ring import CAPACITY, FEWEST, WARM, Ring
from kobune.apiserver.cache.stored import Stored

RESOURCE: Any = SimpleNamespace(load=lambda stored: object(), bare_json=lambda stored: b"{}" * 100)


def ring_of(changes: int, size: int) -> Ring:
    ring = Ring(RESOURCE, 0)
    for revision in range(1, changes + 1):
        stored = Stored(RESOURCE, b"x" * size, revision)
        ring.put(b"/registry/pods/%d" % (revision % 100), stored)
        assert stored.bare_json
        ring.advance(revision)
    return ring


def test_large_objects_leave_the_ring_before_small_ones() -> None:
    ring = ring_of(5_000, 20_000)
    kept = ring.read(ring.position_after(ring.start), CAPACITY)
    assert FEWEST <= len(kept) <= 2 * FEWEST
    assert len(ring_of(3_000, 10).read(0, CAPACITY)) == 3_000
    with pytest.raises(Expired):
        ring.position_after(ring.start - 1)


def test_what_is_no_longer_there_keeps_no_encodings() -> None:
    ring = ring_of(3_000, 10)
    kept = ring.read(ring.position_after(0), CAPACITY)
    warm = [change for change in kept if change.object._json is not None]
    assert len(kept) == 3_000
    assert len(warm) <= WARM + 100


def test_what_the_store_has_forgotten_leaves_the_ring() -> None:
    ring = ring_of(3_000, 10)
    position = ring.position
    ring.forget(2_000)
    assert [change.revision for change in ring.read(ring.position_after(2_000), 2)] == [2_001, 2_002]
    assert ring.position == position
    with pytest.raises(Expired):
        ring.read(0, 1)
