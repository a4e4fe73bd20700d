"""A certificate authority per data directory, and the certificates of everyone in the cluster.

All keys are ECDSA P-256. Everyone's certificate is good for both ends of a connection, because every component is a
server and a client; who may do what is decided by its subject, as Kubernetes does: the common name is the user, the
organization the group.
"""

import ipaddress
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from kobune.apimachinery.clock import Clock
from kobune.component_base.credentials import Credentials
from kobune.component_base.failure import CannotStart

LOCAL_HOSTS = ("127.0.0.1", "localhost")
APISERVER_HOSTS = (
    *LOCAL_HOSTS,
    "127.96.0.1",
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
)
"""The names of the apiserver inside and outside the cluster; 127.96.0.1 is the ClusterIP of its Service."""

VALIDITY = timedelta(days=3650)
BACKDATED = timedelta(days=1)
"""Certificates are valid from a little in the past, for peers whose clocks differ."""


@dataclass(frozen=True)
class Identity:
    """Who a certificate is for."""

    name: str
    """The name of its files: `<name>.crt` and `<name>.key`."""
    user: str
    groups: tuple[str, ...] = ()
    hosts: tuple[str, ...] = LOCAL_HOSTS


def credentials(directory: Path, name: str) -> Credentials:
    """Return where `ensure` puts the files of the identity of that name."""
    return Credentials(ca=directory / "ca.crt", certificate=directory / f"{name}.crt", key=directory / f"{name}.key")


def ensure(directory: Path, identities: Sequence[Identity], *, clock: Clock) -> None:
    """Make what is missing: the CA, a certificate for each identity, and the key that signs service-account tokens.

    What is there is kept, so that a restarted cluster keeps its clients. The files are readable by their owner only.
    """
    missing = [identity for identity in identities if not _complete(credentials(directory, identity.name))]
    signing_key = service_account_key(directory)
    if not missing and signing_key.exists():
        return
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    now = datetime.fromtimestamp(clock.now(), UTC)
    authority = _load_authority(directory) or _make_authority(directory, now)
    for identity in missing:
        _issue(directory, authority, identity, now)
    if not signing_key.exists():
        _write(signing_key, _pem(ec.generate_private_key(ec.SECP256R1())))


def service_account_key(directory: Path) -> Path:
    """Return the file of the private key that signs service-account tokens."""
    return directory / "service-account.key"


def authority(directory: Path) -> tuple[Path, Path]:
    """Return the files of the CA: its certificate and its private key."""
    return directory / "ca.crt", directory / "ca.key"


@dataclass(frozen=True)
class _Authority:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def _complete(files: Credentials) -> bool:
    return files.ca.exists() and files.certificate.exists() and files.key.exists()


def _load_authority(directory: Path) -> _Authority | None:
    certificate, key = directory / "ca.crt", directory / "ca.key"
    if not certificate.exists() or not key.exists():
        return None
    try:
        loaded = serialization.load_pem_private_key(key.read_bytes(), password=None)
        if not isinstance(loaded, ec.EllipticCurvePrivateKey):
            raise CannotStart(f"{key} is not an ECDSA key")
        return _Authority(x509.load_pem_x509_certificate(certificate.read_bytes()), loaded)
    except ValueError:
        raise CannotStart(f"the cluster's CA in {directory} is damaged: restore ca.crt and ca.key") from None


def _make_authority(directory: Path, now: datetime) -> _Authority:
    # Certificates of an older CA would not be trusted by anyone any more, so they go with it.
    for old in [*directory.glob("*.crt"), *directory.glob("*.key")]:
        if old != service_account_key(directory):
            old.unlink()
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kobune-ca")])
    certificate = (
        _builder(name, name, key.public_key(), now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    _write(directory / "ca.key", _pem(key))
    _write(directory / "ca.crt", certificate.public_bytes(serialization.Encoding.PEM))
    return _Authority(certificate, key)


def _issue(directory: Path, authority: _Authority, identity: Identity, now: datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [
            *(x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in identity.groups),
            x509.NameAttribute(NameOID.COMMON_NAME, identity.user),
        ]
    )
    usages = [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]
    public = authority.key.public_key()
    certificate = (
        _builder(subject, authority.certificate.subject, key.public_key(), now)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        .add_extension(x509.SubjectAlternativeName(list(_names(identity.hosts))), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public), critical=False)
        .sign(authority.key, hashes.SHA256())
    )
    files = credentials(directory, identity.name)
    _write(files.key, _pem(key))
    _write(files.certificate, certificate.public_bytes(serialization.Encoding.PEM))


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + VALIDITY)
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _names(hosts: Iterable[str]) -> Iterable[x509.GeneralName]:
    for host in hosts:
        try:
            yield x509.IPAddress(ipaddress.ip_address(host))
        except ValueError:
            yield x509.DNSName(host)


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, data: bytes) -> None:
    # Created with its mode: there is no moment in which somebody else could read it.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
