"""Puts bytes that are there already into the envelopes of the gRPC messages, without parsing them."""

from collections.abc import Iterable, Sequence

from kobune.api.meta.v1 import ListMeta
from kobune.apiserver.cache.ring import Change
from kobune.apiserver.registry.resource import Resource, varint
from kobune.apiserver.verbs.read import Listing


def field(number: int, body: bytes) -> bytes:
    """Return a field of bytes, or of an encoded message."""
    return bytes((number << 3 | 2,)) + varint(len(body)) + body


def list_bytes(resource: Resource, listing: Listing) -> bytes:
    """Return the list message of a kind."""
    return list_of(listing, [resource.view(stored).proto for stored in listing.items])


def list_of(listing: Listing, items: Iterable[bytes]) -> bytes:
    """Return a list message around encoded items."""
    meta = ListMeta(resourceVersion=str(listing.revision), remainingItemCount=listing.remaining)
    if listing.next:
        setattr(meta, "continue", listing.next)
    parts = [field(1, meta.SerializeToString())]
    for item in items:
        parts += (b"\x12", varint(len(item)), item)
    return b"".join(parts)


def events_bytes(resource: Resource, changes: Sequence[Change]) -> bytes:
    """Return a `…WatchEvents` message; each event is encoded once for all watchers."""
    return b"".join([_event_bytes(resource, change) for change in changes])


def _event_bytes(resource: Resource, change: Change) -> bytes:
    encoded = change.encoded.get(resource)
    if encoded is None:
        event = field(1, change.type.encode()) + field(2, resource.view(change.object).proto)
        encoded = change.encoded[resource] = field(1, event)
    return encoded
