"""MutatingAdmissionWebhook and ValidatingAdmissionWebhook: ask the webhooks that a write concerns."""

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Any

import orjson

from kobune.apimachinery.errors import InternalError
from kobune.apimachinery.patch import PatchTooLarge, Unpatchable, apply_json_patch
from kobune.apiserver.admission import objects
from kobune.apiserver.admission.chain import Write
from kobune.apiserver.admission.configurations import Configurations
from kobune.apiserver.admission.webhooks.calling import Caller, version_for
from kobune.apiserver.admission.webhooks.webhook import Webhook, webhooks_of
from kobune.apiserver.cache.view import View
from kobune.apiserver.registry.resource import Resource

Concerned = Sequence[tuple[Webhook, tuple[Resource, ...]]]


class MutatingAdmissionWebhook:
    """Lets webhooks change what is written, one after the other in order of their configurations' names."""

    resources: frozenset[str] = frozenset()

    def __init__(self, view: View, caller: Caller) -> None:
        self._caller = caller
        self._webhooks = Configurations[Webhook](
            view.registry, view.cacher, "mutatingwebhookconfigurations", webhooks_of
        )

    def mutate(self, write: Write) -> Awaitable[None] | None:
        call = write.call
        found = self._webhooks.concerned(write.operation, call.resource, call.subresource)
        if not found or (write.new is None and write.old is None):
            return None
        if write.again:
            found = [(webhook, versions) for webhook, versions in found if webhook.is_called_again]
        return self._ask(write, found) if found else None

    async def _ask(self, write: Write, found: Concerned) -> None:
        for webhook, versions in found:
            if (resource := version_for(webhook, write, versions)) is None:
                continue
            patch = await self._caller.ask(webhook, write, resource, mutating=True)
            if patch:
                _patch(webhook, write, resource, patch)


class ValidatingAdmissionWebhook:
    """Lets webhooks refuse what is written; all are asked at once."""

    resources: frozenset[str] = frozenset()

    def __init__(self, view: View, caller: Caller) -> None:
        self._caller = caller
        self._webhooks = Configurations[Webhook](
            view.registry, view.cacher, "validatingwebhookconfigurations", webhooks_of
        )

    def validate(self, write: Write) -> Awaitable[None] | None:
        call = write.call
        found = self._webhooks.concerned(write.operation, call.resource, call.subresource)
        return self._ask(write, found) if found else None

    async def _ask(self, write: Write, found: Concerned) -> None:
        asked = [
            (webhook, resource)
            for webhook, versions in found
            if (resource := version_for(webhook, write, versions)) is not None
        ]
        answers = await asyncio.gather(
            *(self._caller.ask(webhook, write, resource, mutating=False) for webhook, resource in asked),
            return_exceptions=True,
        )
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer


def _patch(webhook: Webhook, write: Write, resource: Resource, patch: Any) -> None:
    """Change the object as a webhook wants it."""
    if write.new is None:
        raise InternalError(
            f'admission webhook "{webhook.name}" attempted to modify the object, which is not supported for this '
            "operation"
        )
    before = objects.tree_of(resource, write.new)
    try:
        after = apply_json_patch(orjson.loads(orjson.dumps(before)), patch)
    except (Unpatchable, PatchTooLarge, RecursionError) as error:
        raise InternalError(f"Internal error occurred: {error}") from None
    if not isinstance(after, dict):
        raise InternalError(f'Internal error occurred: the patch of webhook "{webhook.name}" leaves no object')
    if after != before:
        objects.replace(write, resource, after)
        write.changed = True
