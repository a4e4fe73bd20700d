"""Handlers that kopf loads beside `examples/memo_operator.py`: a validating webhook, with a certificate of its own."""

import tempfile
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import kopf
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def certificate(folder: Path) -> tuple[Path, Path]:
    """Return the files of a certificate for 127.0.0.1 that vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "webhook")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(
            name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(hours=1)
        )
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = folder / "webhook.crt", folder / "webhook.key"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    files[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    return files


@kopf.on.startup()
def configure(settings: kopf.OperatorSettings, **_: object) -> None:
    crt, key = certificate(Path(tempfile.mkdtemp()))
    settings.admission.server = kopf.WebhookServer(
        addr="127.0.0.1", host="127.0.0.1", certfile=crt, pkeyfile=key, cafile=crt
    )
    settings.admission.managed = "memos.example.com"


@kopf.on.validate("example.com", "v1", "memos")
def short_enough(spec: kopf.Spec, **_: object) -> None:
    if len(spec.get("text", "")) > 20:
        raise kopf.AdmissionError("a memo has at most 20 letters")
