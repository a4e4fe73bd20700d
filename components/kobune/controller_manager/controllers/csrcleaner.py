"""Deletes requests for certificates that nobody needs any more."""

from collections.abc import Iterator
from typing import Any, Final

from cryptography import x509

from kobune.api.certificates.v1 import CertificateSigningRequest
from kobune.apimachinery.meta import is_deleting, seconds_of
from kobune.client import Action, Controller, RequeueAfter, View, delete

DECIDED: Final = 3600.0
"""How long a request is kept that is settled."""
WAITING: Final = 24 * 3600.0
"""How long one is kept of which somebody still has to approve or sign it."""


def reconcile(request: CertificateSigningRequest, now: float) -> list[Action]:
    """Plan the end of a request, now or when its time has come."""
    ends = list(_ends(request))
    if is_deleting(request.metadata) or not ends:
        return []
    end = min(ends)
    return [delete(request)] if end <= now else [RequeueAfter(end - now)]


def _ends(request: CertificateSigningRequest) -> Iterator[float]:
    status = request.status
    if not status.conditions:
        yield seconds_of(request.metadata.creationTimestamp) + WAITING
    for condition in status.conditions:
        since = seconds_of(condition.lastUpdateTime)
        is_settled = condition.type in ("Denied", "Failed") or (condition.type == "Approved" and status.certificate)
        if is_settled or condition.type == "Approved":
            yield since + (DECIDED if is_settled else WAITING)
    if status.certificate:
        try:
            issued = x509.load_pem_x509_certificates(status.certificate)
        except ValueError:
            return
        yield min(each.not_valid_after_utc.timestamp() for each in issued)


async def observe(view: View, key: str) -> tuple[Any, ...] | None:
    """Return a request and the time."""
    request = view.get(CertificateSigningRequest, key)
    return None if request is None else (request, view.now)


csrcleaner = Controller(
    name="certificatesigningrequest-cleaner", root=CertificateSigningRequest, observe=observe, reconcile=reconcile
)
