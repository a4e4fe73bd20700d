"""The messages between the apiserver and a webhook: `AdmissionReview`, version 1."""

from base64 import b64decode
from binascii import Error as BadBase64
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from kobune.api.meta.v1 import Status
from kobune.apimachinery import codec
from kobune.apimachinery.errors import InternalError
from kobune.apiserver import json_problems

API_VERSION: Final = "admission.k8s.io/v1"
KIND: Final = "AdmissionReview"
SUPPORTED: Final = "v1"


class BadReview(Exception):
    """An answer that makes no sense."""


@dataclass(frozen=True)
class Verdict:
    """What a webhook says."""

    allowed: bool
    status: Status | None = None
    patch: Any = None
    warnings: list[str] = field(default_factory=list)


class Denied(InternalError):
    """A write that a webhook has refused, with the status that it gave."""

    def __init__(self, status: Status) -> None:
        super().__init__(status.message, status.details if status.HasField("details") else None)
        self._status = status
        self.http = status.code  # type: ignore[misc]
        self.reason = status.reason  # type: ignore[misc]
        self.grpc = 7 if status.code in (401, 403) else 3 if status.code < 500 else 13  # type: ignore[misc]

    def status(self) -> Status:
        return self._status


def encode(request: dict[str, Any], new: Any, old: Any) -> bytes:
    """Return the question about a request with its objects."""
    asked = {**request, "object": new, "oldObject": old}
    return orjson.dumps({"kind": KIND, "apiVersion": API_VERSION, "request": asked})


def decode(body: bytes, uid: str, *, mutating: bool) -> Verdict:
    """Return the answer to the request with that uid; `BadReview` if it is none."""
    try:
        tree = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadReview(f"couldn't get version/kind; json parse error: {json_problems.problem(body, error)}") from None
    if not isinstance(tree, dict):
        raise BadReview("couldn't get version/kind; json parse error: the answer is no object")
    found = f"{tree.get('apiVersion', '')}, Kind={tree.get('kind', '')}"
    if found != f"{API_VERSION}, Kind={KIND}":
        raise BadReview(
            f"received invalid webhook response: expected webhook response of {API_VERSION}, Kind={KIND}, got {found}"
        )
    response = tree.get("response")
    if not isinstance(response, dict):
        raise BadReview("received invalid webhook response: webhook response was absent")
    if response.get("uid") != uid:
        shown = response.get("uid") or ""
        raise BadReview(f'received invalid webhook response: expected response.uid="{uid}", got "{shown}"')
    warnings = response.get("warnings")
    return Verdict(
        response.get("allowed") is True,
        _status(response),
        _patch(response, mutating=mutating),
        [str(word) for word in warnings] if isinstance(warnings, list) else [],
    )


def refusal(name: str, status: Status | None) -> Denied:
    """Return the error for a write that a webhook has refused."""
    answer = Status()
    if status is not None:
        answer.CopyFrom(status)
    denied = f'admission webhook "{name}" denied the request'
    why = answer.message or answer.reason
    answer.message = f"{denied}: {why}" if why else f"{denied} without explanation"
    answer.code = answer.code if answer.code >= 400 else 400
    if answer.status in ("", "Success"):
        answer.status = "Failure"
    return Denied(answer)


def _status(response: dict[str, Any]) -> Status | None:
    if not isinstance(response.get("status"), dict):
        return None
    try:
        return codec.decode(Status, orjson.dumps(response["status"]))[0]
    except codec.Undecodable as error:
        raise BadReview(f"received invalid webhook response: {error}") from None


def _patch(response: dict[str, Any], *, mutating: bool) -> Any:
    patch, kind = response.get("patch"), response.get("patchType")
    if not patch and not kind:
        return None
    if not mutating:
        what = "response.patch" if patch else "response.patchType"
        raise BadReview(f"received invalid webhook response: validating webhooks may not set {what}")
    if not patch:
        raise BadReview("received invalid webhook response: webhook returned response.patchType but not response.patch")
    if not kind:
        raise BadReview("received invalid webhook response: webhook returned response.patch but not response.patchType")
    if kind != "JSONPatch":
        raise BadReview(f'received invalid webhook response: invalid value of response.patchType ["{kind}"]')
    try:
        return orjson.loads(b64decode(patch, validate=True))
    except (BadBase64, ValueError, TypeError) as error:
        raise BadReview(f"received undecodable patch in webhook response: {error}") from None
