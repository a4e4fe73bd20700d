"""Requests for certificates, and what becomes of them."""

from collections.abc import Iterator
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from kobune.apimachinery import codec
from kobune.apimachinery.errors import FieldError
from kobune.apiserver.registry.validation.causes import duplicate, forbidden, invalid, required, unsupported
from kobune.apiserver.registry.validation.shown import difference
from kobune.apiserver.registry.validation.signers import signer_name

USAGES: Final = (
    *("any", "cert sign", "client auth", "code signing", "content commitment", "crl sign", "data encipherment"),
    *("decipher only", "digital signature", "email protection", "encipher only", "ipsec end system", "ipsec tunnel"),
    *("ipsec user", "key agreement", "key encipherment", "microsoft sgc", "netscape sgc", "ocsp signing", "s/mime"),
    *("server auth", "signing", "timestamping"),
)
LEGACY: Final = "kubernetes.io/legacy-unknown"
DECISIONS: Final = ("Approved", "Denied", "Failed")
PEM: Final = b"-----BEGIN CERTIFICATE REQUEST-----"
CERTIFICATE: Final = b"-----BEGIN CERTIFICATE-----"


def signing_request(new: Any) -> Iterator[FieldError]:
    """Check a CertificateSigningRequest."""
    spec = new.spec
    if problem := _request_problem(spec.request):
        yield invalid("spec.request", spec.request, problem)
    if not spec.usages:
        yield required("spec.usages")
    for index, usage in enumerate(spec.usages):
        if usage not in USAGES:
            yield unsupported(f"spec.usages[{index}]", usage, USAGES)
        if usage in spec.usages[:index]:
            yield duplicate(f"spec.usages[{index}]", usage)
    if spec.signerName == LEGACY:
        why = "the legacy signerName is not allowed via this API version"
        yield invalid("spec.signerName", spec.signerName, why)
    else:
        yield from signer_name("spec.signerName", spec.signerName)
    if spec.HasField("expirationSeconds") and spec.expirationSeconds < 600:
        why = "may not specify a duration less than 600 seconds (10 minutes)"
        yield invalid("spec.expirationSeconds", spec.expirationSeconds, why)
    yield from _conditions("status.conditions", new.status.conditions)


def _request_problem(request: bytes) -> str:
    if PEM not in request:
        return "PEM block type must be CERTIFICATE REQUEST"
    try:
        parsed = x509.load_pem_x509_csr(request)
        if not parsed.is_signature_valid:
            return "x509: signature is not valid"
    except (ValueError, InvalidSignature, UnsupportedAlgorithm, TypeError):
        return "asn1: structure error"
    return ""


def _conditions(at: str, conditions: Any) -> Iterator[FieldError]:
    seen: set[str] = set()
    for index, condition in enumerate(conditions):
        here, kind = f"{at}[{index}]", condition.type
        if not kind:
            yield required(f"{here}.type")
        statuses = ("True",) if kind in DECISIONS else ("False", "True", "Unknown")
        if not condition.status:
            yield required(f"{here}.status")
        elif condition.status not in statuses:
            yield unsupported(f"{here}.status", condition.status, statuses)
        if {"Approved": "Denied", "Denied": "Approved"}.get(kind) in seen:
            yield invalid(f"{here}.type", kind, "Approved and Denied conditions are mutually exclusive")
        if kind in seen:
            yield duplicate(f"{here}.type", kind)
        seen.add(kind)


def _of(request: Any, kind: str) -> list[Any]:
    return [condition for condition in request.status.conditions if condition.type == kind]


def request_update(new: Any, old: Any) -> Iterator[FieldError]:
    """Check that decisions are not taken back, nor made in passing."""
    yield from _decisions_stay(new, old)
    yield from _decisions_not_made(new, old)
    if new.status.certificate != old.status.certificate:
        yield forbidden("status.certificate", "updates may not set certificate content")


def request_status(new: Any, old: Any) -> Iterator[FieldError]:
    """Check that the status of a request only gets a certificate."""
    yield from signing_request(new)
    yield from _decisions_stay(new, old)
    yield from _decisions_not_made(new, old)
    if new.status.certificate != old.status.certificate:
        if old.status.certificate:
            yield forbidden("status.certificate", "updates may not modify existing certificate content")
        if problem := _certificate_problem(new.status.certificate):
            yield invalid("status.certificate", "<certificate data>", problem)


def request_approval(new: Any, old: Any) -> Iterator[FieldError]:
    """Check a decision about a request."""
    yield from signing_request(new)
    yield from _decisions_stay(new, old)
    if new.status.certificate != old.status.certificate:
        yield forbidden("status.certificate", "updates may not set certificate content")


def _decisions_stay(new: Any, old: Any) -> Iterator[FieldError]:
    for kind in DECISIONS:
        if len(_of(new, kind)) < len(_of(old, kind)):
            yield forbidden("status.conditions", f'updates may not remove a condition of type "{kind}"')


def _decisions_not_made(new: Any, old: Any) -> Iterator[FieldError]:
    for kind in DECISIONS[:2]:
        now, was = _of(new, kind), _of(old, kind)
        if len(now) > len(was):
            yield forbidden("status.conditions", f'updates may not add a condition of type "{kind}"')
        elif len(now) == len(was):
            for after, before in zip(now, was, strict=True):
                if not codec.same(after, before):
                    changed = difference(before, after)
                    why = f'updates may not modify a condition of type "{kind}"\n{changed}'
                    yield forbidden("status.conditions", why)


def _certificate_problem(pem: bytes) -> str:
    if not pem:
        return ""
    if CERTIFICATE not in pem:
        return (
            "certificate PEM data must contain one or more certificates"
            if b"-----BEGIN" not in pem
            else ("only CERTIFICATE PEM blocks are allowed")
        )
    try:
        x509.load_pem_x509_certificates(pem)
    except (ValueError, UnsupportedAlgorithm):
        return "x509: malformed certificate"
    return ""
