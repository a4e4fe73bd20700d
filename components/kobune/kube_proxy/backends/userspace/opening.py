"""Binding a frontend's socket: where it should be, or else on a port that everybody may have."""

import errno
import os
import socket
from collections.abc import Collection

from kobune.kube_proxy.ruleset import Address

OFFSETS = (30000, 31000, 32000, 33000, 34000)
"""What is added to a port that needs privileges: 80 becomes 30080, unless the Service uses that itself."""
KINDS = {"TCP": socket.SOCK_STREAM, "UDP": socket.SOCK_DGRAM}


def open_socket(address: Address, *, first_port: int, taken: Collection[Address]) -> socket.socket:
    """Return a bound socket; `OSError` if the address cannot be had.

    Ports below `first_port` are not even tried. No port that is `taken` replaces one that cannot be had.
    """
    try:
        if address.port < first_port:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return bind(address)
    except PermissionError:
        for offset in OFFSETS:
            other = address._replace(port=address.port + offset)
            if other not in taken:
                return bind(other)
        raise


def bind(address: Address) -> socket.socket:
    bound = socket.socket(socket.AF_INET, KINDS[address.protocol] | socket.SOCK_NONBLOCK)
    try:
        if address.protocol == "TCP":  # for UDP it would let two have the same address
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((address.ip, address.port))
        if address.protocol == "TCP":
            bound.listen(0)  # only this finds out whether somebody else listens there
    except OSError:
        bound.close()
        raise
    return bound
