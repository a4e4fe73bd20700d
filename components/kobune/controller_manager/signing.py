"""Certificates signed by the cluster's CA, as requests ask for them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID as Purpose

from kobune.component_base.failure import CannotStart

BACKDATED: Final = timedelta(minutes=5)
SHORT: Final = timedelta(hours=8)
"""What lives less long than this lives as long as was asked for, not counting the time before it was made."""
LEAST: Final = timedelta(minutes=10)

KEY_USAGES: Final[Mapping[str, str]] = {
    "signing": "digital_signature",
    "digital signature": "digital_signature",
    "content commitment": "content_commitment",
    "key encipherment": "key_encipherment",
    "key agreement": "key_agreement",
    "data encipherment": "data_encipherment",
    "encipher only": "encipher_only",
    "decipher only": "decipher_only",
}
"""What a key may do, by Kubernetes' names; those for CAs are left out, because nobody here becomes one."""
PURPOSES: Final[Mapping[str, x509.ObjectIdentifier]] = {
    "any": Purpose.ANY_EXTENDED_KEY_USAGE,
    "client auth": Purpose.CLIENT_AUTH,
    "code signing": Purpose.CODE_SIGNING,
    "email protection": Purpose.EMAIL_PROTECTION,
    "ocsp signing": Purpose.OCSP_SIGNING,
    "server auth": Purpose.SERVER_AUTH,
    "s/mime": Purpose.EMAIL_PROTECTION,
    "timestamping": Purpose.TIME_STAMPING,
}


@dataclass(frozen=True)
class Authority:
    """A CA that signs."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
    longest: timedelta = timedelta(days=365)
    """How long a certificate lives at most, and if nobody asks for less."""

    @classmethod
    def read(cls, certificate: Path, key: Path, longest: float) -> "Authority":
        """Return the CA of two PEM files; `CannotStart` if they are none."""
        try:
            loaded = serialization.load_pem_private_key(key.read_bytes(), None)
            own = x509.load_pem_x509_certificate(certificate.read_bytes())
        except OSError as error:
            raise CannotStart(f"cannot read {error.filename}: {error.strerror}") from None
        except (ValueError, TypeError):
            raise CannotStart(f"{certificate} and {key} are no certificate and private key in PEM") from None
        if not isinstance(loaded, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
            raise CannotStart(f"{key} is neither an ECDSA nor an RSA key")
        return cls(own, loaded, timedelta(seconds=longest))

    def sign(
        self, asked: x509.CertificateSigningRequest, usages: Sequence[str], seconds: int | None, now: float
    ) -> bytes:
        """Return a certificate in PEM for the names and the key of a request, for so many seconds if it may be that."""
        begins, ends = _life(self.longest, seconds, datetime.fromtimestamp(int(now), UTC))
        builder = (
            x509.CertificateBuilder()
            .subject_name(asked.subject)
            .issuer_name(self.certificate.subject)
            .public_key(asked.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begins)
            .not_valid_after(min(ends, self.certificate.not_valid_after_utc))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.certificate.public_key()),  # type: ignore[arg-type]
                critical=False,
            )
        )
        allowed = {KEY_USAGES[usage] for usage in usages if usage in KEY_USAGES}
        if allowed:
            builder = builder.add_extension(_key_usage(allowed), critical=True)
        purposes = list(dict.fromkeys(PURPOSES[usage] for usage in usages if usage in PURPOSES))
        if purposes:
            builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
        try:
            names = asked.extensions.get_extension_for_class(x509.SubjectAlternativeName)
            builder = builder.add_extension(names.value, critical=names.critical)
        except x509.ExtensionNotFound:
            pass
        return builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _life(longest: timedelta, seconds: int | None, now: datetime) -> tuple[datetime, datetime]:
    life = longest if seconds is None else max(LEAST, min(longest, timedelta(seconds=seconds)))
    begins = now - BACKDATED
    return begins, (now if life < SHORT else begins) + life


def _key_usage(allowed: set[str]) -> x509.KeyUsage:
    # Who may do nothing but agree on keys has nothing to say about enciphering.
    agrees = "key_agreement" in allowed
    names = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
    return x509.KeyUsage(
        **{name: name in allowed for name in names},
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=agrees and "encipher_only" in allowed,
        decipher_only=agrees and "decipher_only" in allowed,
    )
