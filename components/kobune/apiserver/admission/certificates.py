"""Who may approve and sign certificates, and for whom. Source: *Certificates and Certificate Signing Requests*."""

from typing import Any, Final

from cryptography import x509
from cryptography.x509.oid import NameOID

from kobune.apiserver.admission.chain import Write
from kobune.apiserver.admission.refusal import refused
from kobune.apiserver.auth.attributes import Attributes

GROUP: Final = "certificates.k8s.io"
CLIENT_SIGNER: Final = "kubernetes.io/kube-apiserver-client"
MASTERS: Final = "system:masters"


class CertificateApproval:
    """Lets those approve and deny who may do so for the signer."""

    resources = frozenset({"certificatesigningrequests"})

    def validate(self, write: Write) -> None:
        if write.operation == "UPDATE" and write.call.subresource == "approval":
            _check(write, "approve", "approve")


class CertificateSigning:
    """Lets those issue certificates who may sign for the signer."""

    resources = frozenset({"certificatesigningrequests"})

    def validate(self, write: Write) -> None:
        if write.operation != "UPDATE" or write.call.subresource != "status":
            return
        new, old = write.new.status, write.old.status
        if new.certificate != old.certificate or _failures(new) != _failures(old):
            _check(write, "sign", "sign")


class CertificateSubjectRestriction:
    """Refuses requests for certificates that would make their holders masters."""

    resources = frozenset({"certificatesigningrequests"})

    def validate(self, write: Write) -> None:
        if write.operation != "CREATE" or not write.is_plain or write.new.spec.signerName != CLIENT_SIGNER:
            return
        try:
            subject = x509.load_pem_x509_csr(write.new.spec.request).subject
        except ValueError as error:
            raise refused(write, f"failed to parse CSR: {error}") from None
        groups = [attribute.value for attribute in subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)]
        if MASTERS in groups:
            raise refused(write, f"use of {CLIENT_SIGNER} signer with {MASTERS} group is not allowed")


def _check(write: Write, verb: str, shown: str) -> None:
    signer = write.old.spec.signerName
    domain = signer.partition("/")[0]
    authorizer = write.api.authorizer
    for name in (signer, f"{domain}/*"):
        if authorizer.allows(Attributes(write.call.user, verb, GROUP, "*", "signers", name=name)):
            return
    raise refused(write, f'user not permitted to {shown} requests with signerName "{signer}"')


def _failures(status: Any) -> list[Any]:
    return [condition for condition in status.conditions if condition.type == "Failed"]
