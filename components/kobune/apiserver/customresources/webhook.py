"""Conversion by a webhook: a `ConversionReview` with all objects that need it, in one call.

Source: *Versions in CustomResourceDefinitions*, section "Webhook conversion".
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import orjson

from kobune.api.meta.v1 import ObjectMeta
from kobune.apimachinery import codec
from kobune.apimachinery.custom import CustomObject
from kobune.apimachinery.errors import Unexplained
from kobune.apiserver.admission.webhooks.addresses import Unreachable, address_of
from kobune.apiserver.admission.webhooks.http import HttpTransport
from kobune.apiserver.cache.view import View
from kobune.apiserver.customresources import reading
from kobune.apiserver.customresources.conversion import Converter
from kobune.apiserver.customresources.schema.embedded import read_metadata
from kobune.apiserver.registry.validation.labels import annotations, labels

if TYPE_CHECKING:
    from kobune.apiserver.customresources.resource import CustomResource

GROUP: Final = "apiextensions.k8s.io"
REVIEW_VERSIONS: Final = ("v1", "v1beta1")
SECONDS: Final = 30.0
"""How long a webhook may take."""


class BadAnswer(ValueError):
    """What a webhook answered makes no sense; the message says why."""


@dataclass(frozen=True)
class WebhookConverter(Converter):
    """The strategy `Webhook`."""

    config: Any
    """The `WebhookConversion` of the definition."""
    view: View
    transport: HttpTransport
    calls_out = True

    async def convert(self, items: Sequence[CustomObject], target: "CustomResource") -> list[CustomObject]:
        """Return the objects in the version of `target`; `Unexplained` if the webhook fails."""
        kind = items[0].kind
        group, _, version = items[0].api_version.rpartition("/")
        what = f"conversion webhook for {group}/{version}, Kind={kind}"
        try:
            answers = await self._ask(items, target.kind.api_version)
        except (Unreachable, BadAnswer) as error:
            raise Unexplained(f"{what} failed: {error}") from None
        if len(answers) != len(items):
            raise Unexplained(f"{what} returned {len(answers)} objects, expected {len(items)}")
        try:
            return [_accepted(before, answer, target) for before, answer in zip(items, answers, strict=True)]
        except BadAnswer as error:
            raise Unexplained(f"{what} returned invalid object: {error}") from None

    async def _ask(self, items: Sequence[CustomObject], wanted: str) -> list[Any]:
        review_version = next(known for known in self.config.conversionReviewVersions if known in REVIEW_VERSIONS)
        uid = self.view.new_uid()
        objects = [item.tree() for item in items]
        review = {
            "kind": "ConversionReview",
            "apiVersion": f"{GROUP}/{review_version}",
            "request": {"uid": uid, "desiredAPIVersion": wanted, "objects": objects},
        }
        address = address_of(self.config.clientConfig, self.view, SECONDS)
        # Unlike webhooks of admission, these are not told how much time they have.
        address = replace(address, url=address.url.partition("?")[0], shown=address.shown.partition("?")[0])
        answer = await self.transport.post(address, orjson.dumps(review), SECONDS)
        return converted_objects(answer, uid, review_version)


def converted_objects(answer: bytes, uid: str, review_version: str) -> list[Any]:
    """Return the trees that a webhook answered with; `BadAnswer` if it did not do what it was asked."""
    try:
        tree = orjson.loads(answer)
    except orjson.JSONDecodeError as error:
        raise BadAnswer(str(error)) from None
    if type(tree) is not dict:
        raise BadAnswer("the answer is no object")
    found = f"{tree.get('apiVersion', '')}, Kind={tree.get('kind', '')}"
    wanted = f"{GROUP}/{review_version}, Kind=ConversionReview"
    if review_version == "v1" and found != wanted:
        raise BadAnswer(f"expected webhook response of {wanted}, got {found}")
    response = tree.get("response")
    if type(response) is not dict:
        raise BadAnswer("no response provided")
    if review_version == "v1" and response.get("uid") != uid:
        raise BadAnswer(f'expected response.uid="{uid}", got "{response.get("uid", "")}"')
    result = response.get("result")
    result = result if type(result) is dict else {}
    if result.get("status") != "Success":
        words = f"response.result.status was '{result.get('status', '')}', not 'Success'"
        raise BadAnswer(str(result.get("message") or words))
    objects = response.get("convertedObjects") or []
    if type(objects) is not list:
        raise BadAnswer("response.convertedObjects is no list")
    return objects


def _accepted(before: CustomObject, answer: Any, target: "CustomResource") -> CustomObject:
    """Return the object of an answer, which may have changed labels and annotations, but nothing else of metadata."""
    if type(answer) is not dict:
        raise BadAnswer("no object")
    fields = dict(answer)
    version, kind = str(fields.pop("apiVersion", "")), str(fields.pop("kind", ""))
    if version != target.kind.api_version:
        raise BadAnswer(f"invalid groupVersion (expected {target.kind.api_version}, received {version})")
    if kind != before.kind:
        raise BadAnswer(f"must have the same kind: {before.kind} != {kind}")
    if type(fields.get("metadata")) is not dict:
        raise BadAnswer("missing metadata in converted object")
    try:
        meta, _ = read_metadata(fields.pop("metadata"))
    except codec.Undecodable as error:
        raise BadAnswer(f"invalid metadata: {error}") from None
    for name in ("name", "namespace", "uid"):
        was, is_now = getattr(before.metadata, name), getattr(meta, name)
        if was != is_now:
            raise BadAnswer(f"must have the same {name if name != 'uid' else 'UID'}: {was} != {is_now}")
    reading.coerce(target, fields)
    return CustomObject(version, kind, _merged(before.metadata, meta), fields)


def _merged(before: ObjectMeta, answer: ObjectMeta) -> ObjectMeta:
    wrong = [*labels("metadata.labels", answer.labels), *annotations("metadata.annotations", answer.annotations)]
    if wrong:
        raise BadAnswer(f"{wrong[0].field}: {wrong[0].message}")
    merged = ObjectMeta()
    merged.CopyFrom(before)
    merged.ClearField("labels")
    merged.ClearField("annotations")
    merged.labels.MergeFrom(answer.labels)
    merged.annotations.MergeFrom(answer.annotations)
    return merged


def converter_of(definition: Any, view: View, transport: HttpTransport) -> Converter:
    """Return the converter of a definition."""
    conversion = definition.spec.conversion
    if conversion.strategy == "Webhook":
        return WebhookConverter(conversion.webhook, view, transport)
    return Converter()
