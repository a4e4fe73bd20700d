"""What requests for certificates ask for, and whether each signer of Kubernetes may grant it.

Source: *Certificates and Certificate Signing Requests*.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from cryptography import x509
from cryptography.x509.oid import NameOID

from kobune.api.certificates.v1 import CertificateSigningRequest

CLIENT: Final = "kubernetes.io/kube-apiserver-client"
KUBELET_CLIENT: Final = "kubernetes.io/kube-apiserver-client-kubelet"
KUBELET_SERVING: Final = "kubernetes.io/kubelet-serving"
LEGACY: Final = "kubernetes.io/legacy-unknown"
FRONT_PROXY: Final = "front-proxy-client"
NODES: Final = "system:nodes"
NODE: Final = "system:node:"

Problem = str
"""Why a request is refused; empty if it is in order."""


def is_true(request: CertificateSigningRequest, kind: str) -> bool:
    """Whether a request has a condition."""
    return any(each.type == kind and each.status in ("", "True") for each in request.status.conditions)


def is_decided(request: CertificateSigningRequest) -> bool:
    """Whether somebody has approved or denied a request."""
    return any(each.type in ("Approved", "Denied") for each in request.status.conditions)


def parsed(request: CertificateSigningRequest) -> x509.CertificateSigningRequest:
    """Return what is in a request; the apiserver has looked at it already."""
    return x509.load_pem_x509_csr(request.spec.request)


def user_of(asked: x509.CertificateSigningRequest) -> str:
    """Return whose certificate it is to be."""
    return next(iter(_values(asked, NameOID.COMMON_NAME)), "")


def name_problem(asked: x509.CertificateSigningRequest) -> Problem:
    """Return what is wrong with the name that a request is for, whoever signs it: one CA signs for everybody here."""
    if user_of(asked) == FRONT_PROXY:
        return f"the name {FRONT_PROXY} is the apiserver's own: whoever has it can say of themselves who they are"
    return ""


def client_problem(asked: x509.CertificateSigningRequest, usages: Sequence[str]) -> Problem:
    """Return what is wrong with a request for the certificate of a client of the apiserver."""
    for usage in usages:
        if usage not in ("client auth", "digital signature", "key encipherment"):
            return f"invalid usage for client certificate: {usage}"
    return "" if "client auth" in usages else "missing required usage for client certificate: client auth"


def kubelet_client_problem(asked: x509.CertificateSigningRequest, usages: Sequence[str]) -> Problem:
    """Return what is wrong with a request for the certificate by which a kubelet is known."""
    if _values(asked, NameOID.ORGANIZATION_NAME) != [NODES]:
        return "subject organization is not system:nodes"
    for kind, word in ((x509.DNSName, "DNS"), (x509.RFC822Name, "Email"), (x509.IPAddress, "IP"), (_URI, "URI")):
        if _names(asked, kind):
            return f"{word} subjectAltNames are not allowed"
    return _name_problem(asked) or _usages_problem("client auth", usages)


def kubelet_serving_problem(asked: x509.CertificateSigningRequest, usages: Sequence[str]) -> Problem:
    """Return what is wrong with a request for the certificate with which a kubelet serves."""
    if _values(asked, NameOID.ORGANIZATION_NAME) != [NODES]:
        return "subject organization is not system:nodes"
    if not _names(asked, x509.DNSName) and not _names(asked, x509.IPAddress):
        return "DNS or IP subjectAltName is required"
    for kind, word in ((x509.RFC822Name, "Email"), (_URI, "URI")):
        if _names(asked, kind):
            return f"{word} subjectAltNames are not allowed"
    return _name_problem(asked) or _usages_problem("server auth", usages)


SIGNERS: Final[Mapping[str, Callable[[x509.CertificateSigningRequest, Sequence[str]], Problem]]] = {
    CLIENT: client_problem,
    KUBELET_CLIENT: kubelet_client_problem,
    KUBELET_SERVING: kubelet_serving_problem,
    LEGACY: lambda asked, usages: "",
}
"""By the name of the signer: what it objects to."""

_URI = x509.UniformResourceIdentifier


def _values(asked: x509.CertificateSigningRequest, which: x509.ObjectIdentifier) -> list[str]:
    return [str(each.value) for each in asked.subject.get_attributes_for_oid(which)]


def _names(asked: x509.CertificateSigningRequest, kind: Any) -> list[Any]:
    try:
        found = asked.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    return list(found.value.get_values_for_type(kind))


def _name_problem(asked: x509.CertificateSigningRequest) -> Problem:
    return "" if user_of(asked).startswith(NODE) else "subject common name does not begin with system:node:"


def _usages_problem(purpose: str, usages: Sequence[str]) -> Problem:
    required = [purpose, "digital signature", "key encipherment"]
    # Keys of elliptic curves cannot encipher.
    if set(usages) in (set(required), set(required[:2])):
        return ""
    return f"usages did not match [{' '.join(sorted(required))}]"
