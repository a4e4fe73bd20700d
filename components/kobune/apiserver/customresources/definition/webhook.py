"""How a conversion webhook is described."""

from cryptography.x509 import load_pem_x509_certificates


def is_certificate_bundle(bundle: bytes) -> bool:
    """Whether the bytes are certificates in PEM; nothing but white space counts as none being given."""
    if not bundle.strip():
        return True
    try:
        return bool(load_pem_x509_certificates(bundle))
    except ValueError:
        return False
