"""Signs the requests for certificates that were approved and are for one of Kubernetes' own signers."""

from typing import Any

from kobune.api.certificates.v1 import CertificateSigningRequest, CertificateSigningRequestCondition
from kobune.apimachinery.meta import time_of
from kobune.client import Action, Controller, UpdateStatus, View
from kobune.controller_manager import requests
from kobune.controller_manager.signing import Authority


def reconcile(request: CertificateSigningRequest, authority: Authority, now: float) -> list[Action]:
    """Plan the certificate of an approved request, or the condition that says why its signer will have none of it."""
    objection = requests.SIGNERS.get(request.spec.signerName)
    if objection is None or request.status.certificate:
        return []
    if not requests.is_true(request, "Approved") or requests.is_true(request, "Failed"):
        return []
    asked = requests.parsed(request)
    copy = CertificateSigningRequest()
    copy.CopyFrom(request)
    if problem := requests.name_problem(asked) or objection(asked, request.spec.usages):
        failed = CertificateSigningRequestCondition(
            type="Failed",
            status="True",
            reason="SignerValidationFailure",
            message=problem,
            lastUpdateTime=time_of(now),
            lastTransitionTime=time_of(now),
        )
        copy.status.conditions.append(failed)
        return [UpdateStatus(copy)]
    seconds = request.spec.expirationSeconds if request.spec.HasField("expirationSeconds") else None
    copy.status.certificate = authority.sign(asked, request.spec.usages, seconds, now)
    return [UpdateStatus(copy)]


def csrsigning(authority: Authority) -> Controller:
    """Return the controller that signs as this CA."""

    async def observe(view: View, key: str) -> tuple[Any, ...] | None:
        request = view.get(CertificateSigningRequest, key)
        return None if request is None else (request, authority, view.now)

    return Controller(
        name="certificatesigningrequest-signing", root=CertificateSigningRequest, observe=observe, reconcile=reconcile
    )
