"""Questions to the network before anything is started."""

import socket
from collections.abc import Iterable

from kobune.component_base.failure import CannotStart


def check_free(host: str, ports: Iterable[tuple[str, int]]) -> None:
    """Raise `CannotStart` for a port that somebody listens on; each comes with the flag that chooses it."""
    taken: dict[int, str] = {}
    for flag, port in ports:
        if port in taken:
            raise CannotStart(f"{taken[port]} and {flag} are both {port}: choose two different ports")
        if port == 0:
            continue
        taken[port] = flag
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                raise CannotStart(f"cannot listen on {host}:{port}: {error.strerror}; choose another {flag}") from None


def check_reachable(address: str, timeout: float = 5.0) -> None:
    """Raise `CannotStart` when nobody answers at `host:port`."""
    host, _, port = address.rpartition(":")
    if not port.isdecimal():
        raise CannotStart(f"{address!r} is no address: write it as host:port")
    try:
        socket.create_connection((host, int(port)), timeout).close()
    except OSError as error:
        raise CannotStart(f"cannot reach the apiserver at {address}: {error.strerror or error}") from None
