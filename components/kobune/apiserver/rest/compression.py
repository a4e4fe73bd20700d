"""Compressing long answers for clients that can take it: gzip, from 128 KiB on, as fast as it goes, like Kubernetes."""

import asyncio
import zlib
from typing import Final

from kobune.apiserver.rest.whole import Whole

SMALLEST: Final = 128 * 1024
LEVEL: Final = 1
GZIP: Final = 31
"""zlib's word for: a gzip header, and the largest window."""


async def compress(response: Whole, accept_encoding: str) -> None:
    """Compress the body of an answer if that is worth it and the client's `Accept-Encoding` allows."""
    if len(response.body) < SMALLEST or not _takes_gzip(accept_encoding):
        return
    response.body = await asyncio.get_running_loop().run_in_executor(None, _gzip, response.body)
    response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"


def _takes_gzip(accept_encoding: str) -> bool:
    # As Kubernetes reads it: weights do not count.
    return any(choice.strip().partition(";")[0] == "gzip" for choice in accept_encoding.split(","))


def _gzip(body: bytes) -> bytes:
    # zlib lets go of the interpreter meanwhile: other requests go on.
    packer = zlib.compressobj(LEVEL, zlib.DEFLATED, GZIP)
    return packer.compress(body) + packer.flush()
