"""The frames of SPDY/3.1, from bytes and to bytes. Pure.

Source: draft-mbelshe-httpbis-spdy-00, section 2. A frame of data is given out piece by piece as it comes in, so that
nothing large is ever kept; all other frames are small, or refused.
"""

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from kobune.apiserver.rest.spdy.dictionary import DICTIONARY

VERSION: Final = 0x8003
FIN: Final = 0x01
STREAM_MASK: Final = 0x7FFFFFFF
CONTROL_LIMIT: Final = 1 << 16
"""Bytes of a frame that is no data."""
HEADERS_LIMIT: Final = 1 << 16
"""Bytes of uncompressed headers."""
LARGEST: Final = 1 << 15
"""Bytes in the frames of data that are sent."""

SYN_STREAM: Final = 1
SYN_REPLY: Final = 2
RST_STREAM: Final = 3
PING: Final = 6
GOAWAY: Final = 7
HEADERS: Final = 8
SHORTEST: Final = {SYN_STREAM: 10, SYN_REPLY: 4, RST_STREAM: 8, PING: 4, GOAWAY: 8, HEADERS: 4}

Fields = Mapping[str, str]


class Broken(ValueError):
    """What came in is not SPDY/3.1."""


@dataclass(frozen=True)
class SynStream:
    """A stream is opened."""

    stream: int
    headers: Fields = field(default_factory=dict)
    fin: bool = False


@dataclass(frozen=True)
class SynReply:
    """A stream that the other side opened is accepted."""

    stream: int
    headers: Fields = field(default_factory=dict)
    fin: bool = False


@dataclass(frozen=True)
class Reset:
    """A stream ends at once."""

    stream: int
    status: int = 5


@dataclass(frozen=True)
class Ping:
    """A question that is answered with itself."""

    id: int


@dataclass(frozen=True)
class GoAway:
    """No more streams are taken."""

    last: int
    status: int = 0


@dataclass(frozen=True)
class Data:
    """Data of a stream; with `fin` its last."""

    stream: int
    data: bytes
    fin: bool = False


Frame = SynStream | SynReply | Reset | Ping | GoAway | Data


class Encoder:
    """Writes one side's frames."""

    def __init__(self) -> None:
        self._compressor = zlib.compressobj(zdict=DICTIONARY)

    def encode(self, frame: Frame) -> bytes:
        """Return the bytes of a frame; frames must be sent in the order in which they were encoded."""
        match frame:
            case Data(stream, data, fin):
                return b"".join(_data(stream, data, fin=fin))
            case SynStream(stream, headers, fin):
                return _control(SYN_STREAM, FIN * fin, _number(stream) + bytes(6) + self._block(headers))
            case SynReply(stream, headers, fin):
                return _control(SYN_REPLY, FIN * fin, _number(stream) + self._block(headers))
            case Reset(stream, status):
                return _control(RST_STREAM, 0, _number(stream) + _number(status))
            case Ping(id):
                return _control(PING, 0, _number(id))
            case GoAway(last, status):
                return _control(GOAWAY, 0, _number(last) + _number(status))

    def _block(self, headers: Fields) -> bytes:
        plain = _number(len(headers)) + b"".join(
            _number(len(part)) + part for pair in headers.items() for part in (_value(pair[0].lower()), _value(pair[1]))
        )
        return self._compressor.compress(plain) + self._compressor.flush(zlib.Z_SYNC_FLUSH)


class Decoder:
    """Reads the other side's frames: feed it what comes in."""

    def __init__(self) -> None:
        self._decompressor = zlib.decompressobj(zdict=DICTIONARY)
        self._waiting = bytearray()
        self._stream = 0
        self._left = 0
        """Bytes that are still to come of a frame of data."""
        self._fin = False

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Yield what is complete now; raise `Broken` if it makes no sense."""
        self._waiting += data
        while True:
            if self._left:
                if not self._waiting:
                    return
                piece = bytes(self._waiting[: self._left])
                del self._waiting[: len(piece)]
                self._left -= len(piece)
                yield Data(self._stream, piece, self._fin and not self._left)
                continue
            if len(self._waiting) < 8:
                return
            length = int.from_bytes(self._waiting[5:8], "big")
            if not self._waiting[0] & 0x80:
                self._stream = int.from_bytes(self._waiting[:4], "big")
                self._fin, self._left = bool(self._waiting[4] & FIN), length
                del self._waiting[:8]
                if not length and self._fin:
                    yield Data(self._stream, b"", fin=True)
                continue
            if length > CONTROL_LIMIT:
                raise Broken("a control frame is too large")
            if len(self._waiting) < 8 + length:
                return
            head, body = bytes(self._waiting[:8]), bytes(self._waiting[8 : 8 + length])
            del self._waiting[: 8 + length]
            frame = self._control(head, body)
            if frame is not None:
                yield frame

    def _control(self, head: bytes, body: bytes) -> Frame | None:
        if int.from_bytes(head[:2], "big") != VERSION:
            raise Broken("only version 3 of SPDY is spoken")
        type, fin = int.from_bytes(head[2:4], "big"), bool(head[4] & FIN)
        if len(body) < SHORTEST.get(type, 0):
            raise Broken("a control frame is too short")
        first = int.from_bytes(body[:4], "big")
        match type:
            case 1:
                return SynStream(first & STREAM_MASK, self._headers(body[10:]), fin)
            case 2:
                return SynReply(first & STREAM_MASK, self._headers(body[4:]), fin)
            case 3:
                return Reset(first & STREAM_MASK, int.from_bytes(body[4:8], "big"))
            case 6:
                return Ping(first)
            case 7:
                return GoAway(first & STREAM_MASK, int.from_bytes(body[4:8], "big"))
            case 8:
                self._headers(body[4:])  # they change what the next ones mean
        return None  # settings and windows: our peers have none

    def _headers(self, block: bytes) -> dict[str, str]:
        try:
            plain = self._decompressor.decompress(block, HEADERS_LIMIT)
        except zlib.error:
            raise Broken("headers cannot be uncompressed") from None
        if self._decompressor.unconsumed_tail:
            raise Broken("there are too many headers")
        texts = list(_texts(plain))
        return {name.lower(): value for name, value in zip(texts[::2], texts[1::2], strict=True)}


def _texts(plain: bytes) -> Iterator[str]:
    at = 4
    for _ in range(2 * int.from_bytes(plain[:4], "big")):
        end = at + 4 + int.from_bytes(plain[at : at + 4], "big")
        if at + 4 > len(plain) or end > len(plain):
            raise Broken("headers are torn")
        yield plain[at + 4 : end].decode("latin-1")
        at = end


def _data(stream: int, data: bytes, *, fin: bool) -> Iterator[bytes]:
    for start in range(0, len(data) or 1, LARGEST):
        piece = data[start : start + LARGEST]
        flags = FIN if fin and start + LARGEST >= len(data) else 0
        yield _number(stream) + bytes((flags,)) + len(piece).to_bytes(3, "big") + piece


def _control(type: int, flags: int, body: bytes) -> bytes:
    return VERSION.to_bytes(2, "big") + type.to_bytes(2, "big") + bytes((flags,)) + len(body).to_bytes(3, "big") + body


def _number(value: int) -> bytes:
    return value.to_bytes(4, "big")


def _value(text: str) -> bytes:
    return text.encode("latin-1", errors="replace")
