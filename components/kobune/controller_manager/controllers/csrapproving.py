"""Approves the requests by which kubelets get their client certificates, for those who may ask for that."""

from collections.abc import Iterator
from typing import Any, Final

from kobune.api.authorization.v1 import SubjectAccessReview
from kobune.api.certificates.v1 import CertificateSigningRequest, CertificateSigningRequestCondition
from kobune.apimachinery import codec
from kobune.apimachinery.meta import time_of
from kobune.client import Action, Controller, Patch, RequeueAfter, View
from kobune.controller_manager import requests

GROUP: Final = "certificates.k8s.io"
SELF: Final = "selfnodeclient"
NODE: Final = "nodeclient"
WORDS: Final = {
    SELF: "Auto approving self kubelet client certificate after SubjectAccessReview.",
    NODE: "Auto approving kubelet client certificate after SubjectAccessReview.",
}
AGAIN: Final = 60.0
"""Roles may change; nothing tells of it."""


def recognized(request: CertificateSigningRequest) -> Iterator[str]:
    """Yield what somebody has to be allowed to create so that their request is approved: any of these is enough."""
    undecided = not requests.is_decided(request) and not request.status.certificate
    if not undecided or request.spec.signerName != requests.KUBELET_CLIENT:
        return
    asked = requests.parsed(request)
    if requests.kubelet_client_problem(asked, request.spec.usages):
        return
    if request.spec.username == requests.user_of(asked):
        yield SELF
    yield NODE


def reconcile(request: CertificateSigningRequest, allowed: str, now: float) -> list[Action]:
    """Plan the approval of a request because of what its author is allowed to create; empty for: nothing."""
    if not allowed:
        return [RequeueAfter(AGAIN)]
    approved = CertificateSigningRequestCondition(
        type="Approved",
        status="True",
        reason="AutoApproved",
        message=WORDS[allowed],
        lastUpdateTime=time_of(now),
        lastTransitionTime=time_of(now),
    )
    conditions = [codec.encode(each) for each in (*request.status.conditions, approved)]
    patch = {"metadata": {"resourceVersion": request.metadata.resourceVersion}, "status": {"conditions": conditions}}
    return [Patch(CertificateSigningRequest, request.metadata.name, "", patch, subresource="approval")]


async def observe(view: View, key: str) -> tuple[Any, ...] | None:
    """Return an undecided request of a kubelet, and what its author may create."""
    request = view.get(CertificateSigningRequest, key)
    if request is None:
        return None
    ways = list(recognized(request))
    for way in ways:
        if (await view.client.create(_question(request, way))).status.allowed:
            return request, way, view.now
    return (request, "", view.now) if ways else None


def _question(request: CertificateSigningRequest, subresource: str) -> SubjectAccessReview:
    spec = request.spec
    review = SubjectAccessReview()
    review.spec.user, review.spec.uid = spec.username, spec.uid
    review.spec.groups.extend(spec.groups)
    for name, values in spec.extra.items():
        review.spec.extra[name].items.extend(values.items)
    asked = review.spec.resourceAttributes
    asked.group, asked.version, asked.verb = GROUP, "*", "create"
    asked.resource, asked.subresource = "certificatesigningrequests", subresource
    return review


csrapproving = Controller(
    name="certificatesigningrequest-approving", root=CertificateSigningRequest, observe=observe, reconcile=reconcile
)
