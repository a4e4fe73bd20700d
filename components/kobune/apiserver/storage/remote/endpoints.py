"""Where an etcd cluster is, as a user says it.

etcd://host:2379,host2:2379     in clear
etcds://host:2379,host2:2379    over TLS
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import grpc
import grpc.aio

from kobune.component_base.failure import CannotStart

CLEAR: Final = "etcd://"
TLS: Final = "etcds://"
PORT: Final = 2379
OPTIONS: Final = (
    ("grpc.max_receive_message_length", -1),
    # What is too large, etcd itself refuses.
    ("grpc.max_send_message_length", -1),
    # A member that went away without a word is noticed within ten seconds; more often, etcd takes it for an attack.
    ("grpc.keepalive_time_ms", 6_000),
    ("grpc.keepalive_timeout_ms", 4_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 500),
    ("grpc.max_reconnect_backoff_ms", 1_000),
    ("grpc.use_local_subchannel_pool", 1),
)


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

    def channels(self) -> list[grpc.aio.Channel]:
        """Return a connection to each member; `CannotStart` names a file that cannot be used."""
        if self.tls is None:
            return [grpc.aio.insecure_channel(address, options=OPTIONS) for address in self.addresses]
        ca, certificate, key = (
            _read(what, path)
            for what, path in (("CA", self.tls.ca), ("certificate", self.tls.certificate), ("key", self.tls.key))
        )
        credentials = grpc.ssl_channel_credentials(ca, key, certificate)
        return [grpc.aio.secure_channel(address, credentials, options=OPTIONS) for address in self.addresses]


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
        raise CannotStart("--etcd-cert and --etcd-key need each other")
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


def _read(what: str, path: Path | None) -> bytes | None:
    if path is None:
        return None
    try:
        return path.read_bytes()
    except OSError as error:
        raise CannotStart(f"cannot read the {what} for etcd, {path}: {error.strerror}") from None
