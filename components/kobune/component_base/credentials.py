"""Where the files are with which a component proves who it is, and checks who others are."""

import ssl
from dataclasses import dataclass
from pathlib import Path

from kobune.component_base.failure import CannotStart


@dataclass(frozen=True)
class Credentials:
    """Three PEM files: whom to trust, who we are, and the key that proves it."""

    ca: Path
    certificate: Path
    key: Path

    def read(self) -> "CredentialBytes":
        """Return what is in the files; `CannotStart` names the one that cannot be read."""
        read = CredentialBytes(
            ca=_read("CA certificate", self.ca),
            certificate=_read("certificate", self.certificate),
            key=_read("private key", self.key),
        )
        _check(self)
        return read


@dataclass(frozen=True)
class CredentialBytes:
    """The contents of `Credentials`, in PEM."""

    ca: bytes
    certificate: bytes
    key: bytes


def _check(files: Credentials) -> None:
    """Raise `CannotStart` for files that are no certificates, or not of one key: gRPC would only ever try again."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(files.ca)
    except ssl.SSLError:
        raise CannotStart(f"{files.ca} is no CA certificate in PEM") from None
    try:
        context.load_cert_chain(files.certificate, files.key)
    except ssl.SSLError:
        why = "are no certificate and private key in PEM, or do not belong together"
        raise CannotStart(f"{files.certificate} and {files.key} {why}") from None


def _read(what: str, path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CannotStart(f"cannot read the {what} {path}: {error.strerror}") from None
