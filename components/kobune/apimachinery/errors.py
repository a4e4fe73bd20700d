"""Every way a request can fail, drawn as one tree.

    ApiError
    ├── BadRequest ── what was sent makes no sense
    ├── Unauthorized, Forbidden
    ├── NotFound, MethodNotAllowed, NotAcceptable, UnsupportedMediaType, RequestEntityTooLarge
    ├── AlreadyExists, Conflict
    ├── Invalid ── it makes sense, but breaks rules; carries every cause
    ├── Expired ── the revision asked for is compacted: list again
    ├── TooManyRequests, Timeout, ServerTimeout, ServiceUnavailable
    └── InternalError, Unexplained

Class names are the reasons of a Kubernetes `Status`. `HTTP` and `GRPC` below are the one table that maps them to
protocols; both faces of the apiserver and the client read it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Self

from kobune.api.meta.v1 import Status, StatusCause, StatusDetails


class ApiError(Exception):
    """A request that failed, as Kubernetes describes failures."""

    reason: ClassVar[str]
    http: ClassVar[int]
    grpc: ClassVar[int]
    """The number of the gRPC status code."""

    def __init__(self, message: str, details: StatusDetails | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.details = details
        self.warnings: tuple[str, ...] = ()
        """What the server says besides of what was asked for."""

    def status(self) -> Status:
        """Return the `Status` object that clients of the API get."""
        return Status(status="Failure", message=self.message, reason=self.reason, code=self.http, details=self.details)

    @classmethod
    def of(cls, group: str, resource: str, name: str, message: str) -> Self:
        """Return the error about one object of a resource."""
        return cls(message, StatusDetails(group=group, kind=resource, name=name))


class BadRequest(ApiError):
    reason, http, grpc = "BadRequest", 400, 3


class Unauthorized(ApiError):
    reason, http, grpc = "Unauthorized", 401, 16


class Forbidden(ApiError):
    reason, http, grpc = "Forbidden", 403, 7


class NotFound(ApiError):
    reason, http, grpc = "NotFound", 404, 5

    @classmethod
    def named(cls, group: str, resource: str, name: str) -> Self:
        """Return the error that says: no such object."""
        return cls.of(group, resource, name, f'{qualified(group, resource)} "{name}" not found')


class MethodNotAllowed(ApiError):
    reason, http, grpc = "MethodNotAllowed", 405, 12


class NotAcceptable(ApiError):
    reason, http, grpc = "NotAcceptable", 406, 3


class AlreadyExists(ApiError):
    reason, http, grpc = "AlreadyExists", 409, 6

    @classmethod
    def named(cls, group: str, resource: str, name: str) -> Self:
        """Return the error that says: the name is taken."""
        return cls.of(group, resource, name, f'{qualified(group, resource)} "{name}" already exists')


class Conflict(ApiError):
    reason, http, grpc = "Conflict", 409, 10

    @classmethod
    def named(cls, group: str, resource: str, name: str, why: str) -> Self:
        """Return the error that says: somebody else was faster, or a precondition does not hold."""
        return cls.of(
            group, resource, name, f'Operation cannot be fulfilled on {qualified(group, resource)} "{name}": {why}'
        )

    @classmethod
    def between_managers(cls, message: str, conflicts: "Iterable[tuple[object, str]]") -> Self:
        """Return the error that says: who applies this gives another value to fields that others own."""
        causes = [
            StatusCause(reason="FieldManagerConflict", message=f"conflict with {manager}", field=path)
            for manager, path in conflicts
        ]
        return cls(message, StatusDetails(causes=causes))


class Expired(ApiError):
    reason, http, grpc = "Expired", 410, 11


class RequestEntityTooLarge(ApiError):
    reason, http, grpc = "RequestEntityTooLarge", 413, 8


class UnsupportedMediaType(ApiError):
    reason, http, grpc = "UnsupportedMediaType", 415, 3


class Invalid(ApiError):
    reason, http, grpc = "Invalid", 422, 3

    @classmethod
    def named(cls, group: str, kind: str, name: str, causes: "Iterable[FieldError]") -> Self:
        """Return the error that lists all `causes`."""
        causes = list(causes)
        lines = list(dict.fromkeys(f"{cause.field}: {cause.message}" for cause in causes))
        text = lines[0] if len(lines) == 1 else f"[{', '.join(lines)}]"
        details = StatusDetails(
            group=group,
            kind=kind,
            name=name,
            causes=[StatusCause(reason=c.reason, message=c.message, field=c.field) for c in causes],
        )
        return cls(f'{qualified(group, kind)} "{name}" is invalid: {text}', details)


class TooManyRequests(ApiError):
    reason, http, grpc = "TooManyRequests", 429, 8


class InternalError(ApiError):
    reason, http, grpc = "InternalError", 500, 13


class ServiceUnavailable(ApiError):
    reason, http, grpc = "ServiceUnavailable", 503, 14


class Timeout(ApiError):
    reason, http, grpc = "Timeout", 504, 4


class Unexplained(ApiError):
    """What Kubernetes answers where it foresaw no reason: 500 with nothing but a message."""

    reason, http, grpc = "", 500, 13


class ServerTimeout(ApiError):
    reason, http, grpc = "ServerTimeout", 500, 4


@dataclass(frozen=True)
class FieldError:
    """One rule that a field breaks: a cause of `Invalid`."""

    reason: str
    """FieldValueRequired, FieldValueInvalid, FieldValueNotSupported, …"""
    field: str
    """The path: spec.containers[0].name."""
    message: str


def qualified(group: str, resource: str) -> str:
    """Return `deployments.apps`, or `pods` in the core group."""
    return f"{resource}.{group}" if group else resource


def from_status(status: Status) -> ApiError:
    """Return the error that a server described; an unknown reason becomes `InternalError`."""
    known = {kind.reason: kind for kind in ApiError.__subclasses__()}
    kind = known.get(status.reason, InternalError)
    return kind(status.message, status.details if status.HasField("details") else None)
