"""Answers that are written as bytes say what messages would; watches are fed in pieces that lose nothing."""

from hypothesis import given
from hypothesis import strategies as st

from kobune.apiserver.storage.errors import DuplicateKey
from kobune.apiserver.storage.etcd import feed, wire
from kobune.apiserver.storage.etcd.overlaps import check_overlaps
from kobune.apiserver.storage.store import DELETE, PUT, Delete, Entry, Event, Put, Txn, tombstone
from kobune.vendor.etcd import rpc_pb2 as pb

numbers = st.integers(0, 2**63 - 1)
entries = st.builds(
    Entry, st.binary(min_size=1), st.binary(), numbers, numbers, numbers, st.integers(-(2**63), 2**63 - 1)
)
FIELDS = ("key", "value", "create_revision", "mod_revision", "version", "lease")


def facts(item: object) -> list[object]:
    return [getattr(item, name) for name in FIELDS]


@given(st.lists(entries), st.booleans(), st.booleans(), numbers)
def test_a_range_in_bytes_is_the_message(found: list[Entry], more: bool, keys_only: bool, revision: int) -> None:
    body = wire.range_response(found, more=more, count=len(found), revision=revision, keys_only=keys_only)
    answer = pb.RangeResponse.FromString(body)
    wanted = [Entry(e.key, b"", e.create_revision, e.mod_revision, e.version, e.lease) for e in found]
    assert list(map(facts, answer.kvs)) == list(map(facts, wanted if keys_only else found))
    assert (answer.more, answer.count, answer.header.revision) == (more, len(found), revision)


@given(entries, st.none() | entries, st.booleans(), st.integers(-1, 2**63 - 1), st.booleans())
def test_a_watched_event_in_bytes_is_the_message(
    entry: Entry, previous: Entry | None, gone: bool, id: int, with_previous: bool
) -> None:
    entry = tombstone(entry.key, entry.mod_revision) if gone else entry
    event = Event(DELETE if gone else PUT, entry, previous)
    body = wire.watch_response(id, 7, wire.event_field(event, with_previous=with_previous), fragment=gone)
    answer = pb.WatchResponse.FromString(body)
    assert (answer.watch_id, answer.header.revision, answer.fragment, len(answer.events)) == (id, 7, gone, 1)
    assert (answer.events[0].type, facts(answer.events[0].kv)) == (int(gone), facts(entry))
    assert answer.events[0].HasField("prev_kv") == (with_previous and previous is not None)
    if with_previous and previous is not None:
        assert facts(answer.events[0].prev_kv) == facts(previous)


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(1, feed.CHUNK)), min_size=1, max_size=30),
    st.integers(0, 40),
    st.integers(0, 20),
)
def test_a_tail_is_read_in_pieces_that_neither_miss_nor_repeat_anything(
    steps: list[tuple[int, int]], after: int, dropped: int
) -> None:
    tail = feed.Tail(0, 0)
    revision = 1
    for ahead, size in steps:
        revision += ahead
        tail.add(revision, b"x" * size)
    tail.revision = revision + 5
    every = list(zip(tail.revisions, tail.events, strict=True))
    tail.drop(min(dropped, len(every)))
    after = max(after, tail.start)
    read: list[bytes] = []
    at = after
    while (batch := tail.after(at)) is not None:
        assert batch.body == b"".join(batch.events)
        assert batch.revision > at
        assert not any(at < r <= batch.revision for r, _ in every[: len(read)])
        read += batch.events
        at = batch.revision
    assert read == [event for r, event in every if r > after]


keys = st.sampled_from([b"a", b"b", b"c"])
steps = st.recursive(
    st.builds(Put, keys, st.just(b"")) | st.builds(Delete, keys, st.sampled_from([b"", b"b", b"d"])),
    lambda inner: st.builds(Txn, st.just(()), st.lists(inner, max_size=3), st.lists(inner, max_size=3)),
    max_leaves=6,
)


def ways(operations: list[object]) -> list[list[object]]:
    """Return every sequence of puts and deletions that can come of a transaction."""
    found: list[list[object]] = [[]]
    for step in operations:
        if isinstance(step, Txn):
            found = [f + way for f in found for branch in (step.then, step.otherwise) for way in ways(list(branch))]
        else:
            found = [[*f, step] for f in found]
    return found


@given(st.lists(steps, max_size=4))
def test_whatever_passes_changes_no_key_twice_whichever_branches_run(operations: list[object]) -> None:
    try:
        check_overlaps(operations)  # type: ignore[arg-type]
    except DuplicateKey:
        return
    for way in ways(operations):
        puts = [step.key for step in way if isinstance(step, Put)]
        assert len(puts) == len(set(puts))
