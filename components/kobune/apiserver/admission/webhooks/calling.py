"""Asks one webhook about one write."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from kobune.api.meta.v1 import StatusCause, StatusDetails
from kobune.apimachinery.errors import BadRequest, Forbidden, InternalError, qualified
from kobune.apiserver.admission import request
from kobune.apiserver.admission.chain import Write
from kobune.apiserver.admission.policies.scope import matching_version
from kobune.apiserver.admission.webhooks import review
from kobune.apiserver.admission.webhooks.addresses import Unreachable, address_of
from kobune.apiserver.admission.webhooks.grpc import GrpcTransport, is_grpc
from kobune.apiserver.admission.webhooks.http import HttpTransport
from kobune.apiserver.admission.webhooks.webhook import Webhook
from kobune.apiserver.registry.resource import Resource

LONGEST_WARNING: Final = 4096


@dataclass
class Caller:
    """The ways to webhooks."""

    http: HttpTransport = field(default_factory=HttpTransport)
    grpc: GrpcTransport = field(default_factory=GrpcTransport)

    async def ask(self, webhook: Webhook, write: Write, resource: Resource, *, mutating: bool) -> Any:
        """Return the patch that a webhook wants, if any; raise the error if it refuses.

        One that cannot be asked refuses everything, or is passed over: as its `failurePolicy` says.
        """
        if write.call.dry_run and not webhook.allows_dry_run:
            raise BadRequest(f'admission webhook "{webhook.name}" does not support dry run')
        try:
            verdict = await self._verdict(webhook, write, resource, mutating=mutating)
        except (Unreachable, review.BadReview) as error:
            if not webhook.fails_closed:
                return None
            failed = "failed to call webhook: " if isinstance(error, Unreachable) else ""
            raise _internal(f'failed calling webhook "{webhook.name}": {failed}{error}') from None
        write.call.warnings.extend(warning[:LONGEST_WARNING] for warning in verdict.warnings)
        if not verdict.allowed:
            raise review.refusal(webhook.name, verdict.status)
        return verdict.patch

    async def _verdict(self, webhook: Webhook, write: Write, resource: Resource, *, mutating: bool) -> review.Verdict:
        if review.SUPPORTED not in webhook.message.admissionReviewVersions:
            raise Unreachable("webhook does not accept v1 AdmissionReview requests")
        asked = request.request_of(write, resource)
        body = review.encode(asked, *request.object_trees(write, resource))
        address = address_of(webhook.message.clientConfig, write.api, webhook.timeout)
        transport = self.grpc if is_grpc(address) else self.http
        answer = await transport.post(address, body, webhook.timeout)
        return review.decode(answer, asked["uid"], mutating=mutating)

    async def close(self) -> None:
        """Close all connections."""
        await self.http.close()
        await self.grpc.close()


def version_for(webhook: Webhook, write: Write, versions: Sequence[Resource]) -> Resource | None:
    """Return the version in which a webhook wants to see a write; None if it does not.

    Raises `Forbidden` if its conditions cannot be evaluated, and it fails closed.
    """
    resource = matching_version(write, webhook.matcher, versions)
    if resource is None or not webhook.message.matchConditions:
        return resource
    from kobune.apimachinery.cel import CelError
    from kobune.apiserver.admission.policies.conditions import Undecided
    from kobune.apiserver.admission.policies.environment import Facts

    try:
        return resource if _conditions(webhook).hold(Facts(write, resource)) else None
    except (Undecided, CelError) as error:
        if not webhook.fails_closed:
            return None
        call = write.call
        where = qualified(call.group, call.plural)
        why = f'{where} "{write.shown_name}" is forbidden: {error}'
        raise Forbidden.of(call.group, call.plural, write.shown_name, why) from None


@lru_cache(maxsize=512)
def _conditions(webhook: Webhook) -> Any:
    from kobune.apimachinery.cel.environments import CONDITION
    from kobune.apiserver.admission.policies.conditions import compile_conditions

    return compile_conditions(webhook.message.matchConditions, CONDITION)


def _internal(why: str) -> InternalError:
    details = StatusDetails(causes=[StatusCause(message=why)])
    return InternalError(f"Internal error occurred: {why}", details)
