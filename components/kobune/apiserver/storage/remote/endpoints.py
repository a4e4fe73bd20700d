"""Where an etcd cluster is, as a user says it.

etcd://host:2379,host2:2379     in clear
etcds://host:2379,host2:2379    over TLS
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kobune.component_base.failure import CannotStart

CLEAR: Final = "etcd://"
TLS: Final = "etcds://"
PORT: Final = 2379


@dataclass(frozen=True)
class TlsFiles:
    """PEM files: whom to trust (the system's authorities without one), who we are, and the key that proves it."""

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    def __bool__(self) -> bool:
        return bool(self.ca or self.certificate or self.key)


@dataclass(frozen=True)
class Endpoints:
    """The members of an etcd cluster, each as `host:port`; `tls` is None for connections in clear."""

    addresses: tuple[str, ...]
    tls: TlsFiles | None = None

    def __str__(self) -> str:
        return ", ".join(self.addresses)


def is_remote(store: str) -> bool:
    """Tell whether the name of a store is the URL of an etcd cluster."""
    return store.startswith((CLEAR, TLS))


def parse(url: str, files: TlsFiles) -> Endpoints:
    """Return the endpoints that a URL names; `CannotStart` says what is wrong with it."""
    scheme = next((scheme for scheme in (CLEAR, TLS) if url.startswith(scheme)), "")
    if not scheme:
        raise CannotStart(f"--store {url}: the URL of an etcd cluster begins with {CLEAR} or {TLS}")
    addresses = tuple(_address(url, part) for part in url.removeprefix(scheme).split(","))
    if scheme == CLEAR:
        if files:
            raise CannotStart(f"--store {url}: files for TLS are of no use without TLS: say {TLS}…")
        return Endpoints(addresses)
    if bool(files.certificate) != bool(files.key):
        raise CannotStart("--etcd-certificate and --etcd-key need each other")
    return Endpoints(addresses, files)


def _address(url: str, part: str) -> str:
    host, separator, port = part.rpartition(":")
    if not separator or part.endswith("]"):
        host, port = part, str(PORT)
    bare = host.removeprefix("[").removesuffix("]")
    if "/" in part or "@" in part or "?" in part:
        raise CannotStart(f"--store {url}: {part} is not host:port; paths and passwords are not supported")
    if not bare or (":" in host and not host.startswith("[")):
        raise CannotStart(f"--store {url}: {part!r} is not host:port")
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise CannotStart(f"--store {url}: {port!r} is not a port")
    return f"{host}:{port}"
