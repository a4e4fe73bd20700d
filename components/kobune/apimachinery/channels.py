"""Several streams in one WebSocket: the first byte of each message is the number of its channel.

What `kubectl exec`, `attach` and older clients' port forwarding speak to the apiserver, and what the streaming servers
of container runtimes speak (`v4.channel.k8s.io`, `v5.channel.k8s.io`, and v5's word for half-closing: KEP-4006).
"""

from typing import Final

STDIN: Final = 0
STDOUT: Final = 1
STDERR: Final = 2
ERROR: Final = 3
"""The last thing on it is a `Status` as JSON: how the command ended."""
RESIZE: Final = 4
"""`{"Width": 80, "Height": 24}`, from the client."""
CLOSE: Final = 255
"""Followed by the number of a channel on which the client sends nothing more; only with v5."""

V5: Final = "v5.channel.k8s.io"
V4: Final = "v4.channel.k8s.io"


def pack(channel: int, data: bytes) -> bytes:
    """Return the message that carries data on a channel."""
    return bytes((channel,)) + data


def unpack(message: bytes) -> tuple[int, bytes]:
    """Return a message's channel and data; `ValueError` if it is empty."""
    if not message:
        raise ValueError("a message without a channel")
    return message[0], message[1:]
