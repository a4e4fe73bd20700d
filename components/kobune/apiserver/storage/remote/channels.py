"""Connections to the members of an etcd cluster."""

from pathlib import Path
from typing import Final

import grpc
import grpc.aio

from kobune.apiserver.storage.remote.endpoints import Endpoints
from kobune.component_base.failure import CannotStart

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


def channels(endpoints: Endpoints) -> list[grpc.aio.Channel]:
    """Return a connection to each member; `CannotStart` names a file that cannot be used."""
    files = endpoints.tls
    if files is None:
        return [grpc.aio.insecure_channel(address, options=OPTIONS) for address in endpoints.addresses]
    ca = _read("CA", files.ca)
    certificate, key = _read("certificate", files.certificate), _read("key", files.key)
    credentials = grpc.ssl_channel_credentials(ca, key, certificate)
    return [grpc.aio.secure_channel(address, credentials, options=OPTIONS) for address in endpoints.addresses]


def _read(what: str, path: Path | None) -> bytes | None:
    if path is None:
        return None
    try:
        return path.read_bytes()
    except OSError as error:
        raise CannotStart(f"cannot read the {what} for etcd, {path}: {error.strerror}") from None
