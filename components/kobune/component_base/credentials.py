"""Where the files are with which a component proves who it is, and checks who others are."""

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
        return CredentialBytes(
            ca=_read("CA certificate", self.ca),
            certificate=_read("certificate", self.certificate),
            key=_read("private key", self.key),
        )


@dataclass(frozen=True)
class CredentialBytes:
    """The contents of `Credentials`, in PEM."""

    ca: bytes
    certificate: bytes
    key: bytes


def _read(what: str, path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CannotStart(f"cannot read the {what} {path}: {error.strerror}") from None
