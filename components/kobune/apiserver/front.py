"""What both faces do with a request before and after its verb: who asks, may they, and what is wrong with it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from kobune.api.meta.v1 import DeleteOptions, PatchOptions
from kobune.apimachinery.errors import FieldError, Invalid
from kobune.apiserver.audit.trail import Audit, Trail
from kobune.apiserver.auth.attributes import Attributes
from kobune.apiserver.auth.authenticate import Authenticator
from kobune.apiserver.auth.authorize import Authorizer
from kobune.apiserver.flowcontrol.flows import FlowControl
from kobune.apiserver.metrics import Metrics
from kobune.apiserver.registry.resource import Resource
from kobune.apiserver.registry.validation import forbidden, invalid, required, unsupported
from kobune.apiserver.verbs.api import Api
from kobune.apiserver.verbs.call import Call
from kobune.apiserver.verbs.patch_document import APPLY_PATCH

META: Final = "meta.k8s.io"
STRICT: Final = "Strict"
VALIDATIONS: Final = ("", "Ignore", STRICT, "Warn")
MANAGER_LIMIT: Final = 128


@dataclass(frozen=True)
class Front:
    """The verbs' surroundings, the same for REST and gRPC."""

    api: Api
    authenticator: Authenticator
    authorizer: Authorizer
    metrics: Metrics
    flows: FlowControl
    audit: Audit | None = None

    def count(self, verb: str, resource: Resource, code: int) -> None:
        """Count a request that was answered."""
        self.metrics.requests[verb, resource.kind.group, resource.kind.plural, code] += 1

    def authorize(self, call: Call, verb: str) -> None:
        """Raise `Forbidden` if whoever calls may not."""
        if call.resource.kind.namespaced:
            self.allow(call.attributes(verb), call.trail)
            return
        # Rights in a namespace are none in the cluster; but a namespace lives in itself.
        call.namespace = call.name if call.plural == "namespaces" and not call.group else ""
        self.allow(call.attributes(verb), call.trail)
        call.namespace = ""

    def allow(self, wish: Attributes, trail: Trail | None) -> None:
        """Raise `Forbidden` if a wish is not granted; leave in the audit log what was decided."""
        if trail is not None:
            trail.authorized(*self.authorizer.decide(wish))
        self.authorizer.check(wish)


class WriteOptions(Protocol):
    """What `CreateOptions`, `UpdateOptions` and `PatchOptions` have in common."""

    @property
    def dryRun(self) -> Sequence[str]: ...  # noqa: N802 - Kubernetes' name
    @property
    def fieldManager(self) -> str: ...  # noqa: N802
    @property
    def fieldValidation(self) -> str: ...  # noqa: N802


def write_call(
    call: Call, verb: str, options: WriteOptions, field_validation: str = STRICT, content_type: str = ""
) -> Call:
    """Return the call with what the options of a write say about it; `Invalid` with every cause.

    `field_validation` is for options that do not say what happens to unknown fields, `content_type` the language of a
    patch.
    """
    causes = list(_dry_run_causes(options.dryRun))
    if len(options.fieldManager.encode()) > MANAGER_LIMIT:
        why = f"Too long: may not be more than {MANAGER_LIMIT} bytes"
        causes.append(FieldError("FieldValueTooLong", "fieldManager", why))
    if not options.fieldManager.isprintable():
        causes += _unprintable("fieldManager", options.fieldManager)
    if options.fieldValidation not in VALIDATIONS:
        causes.append(unsupported("fieldValidation", options.fieldValidation, VALIDATIONS))
    if isinstance(options, PatchOptions):
        causes += _patch_causes(content_type, options)
        call.force = options.force
    if causes:
        raise Invalid.named(META, f"{verb.capitalize()}Options", "", causes)
    call.dry_run = bool(options.dryRun)
    call.field_manager = options.fieldManager
    call.field_validation = options.fieldValidation or field_validation
    return call


def delete_call(call: Call, options: DeleteOptions) -> Call:
    """Return the call with what the options of a deletion say about it; `Invalid` if they make no sense."""
    if causes := list(_dry_run_causes(options.dryRun)):
        raise Invalid.named(META, "DeleteOptions", "", causes)
    call.dry_run = call.dry_run or bool(options.dryRun)
    return call


def _unprintable(field: str, text: str) -> Iterator[FieldError]:
    """Yield a cause for each character that cannot be shown; where it is counts bytes."""
    at = 0
    for character in text:
        if not character.isprintable():
            yield invalid(field, text, f"invalid character U+{ord(character):04X} (at position {at})")
        at += len(character.encode())


def _patch_causes(content_type: str, options: PatchOptions) -> Iterator[FieldError]:
    """Yield what only matters to patches: an applier says who it is, and only appliers use force."""
    if content_type == APPLY_PATCH:
        if not options.fieldManager:
            yield required("fieldManager", "is required for apply patch")
    elif options.HasField("force"):
        yield forbidden("force", "may not be specified for non-apply patch")


def _dry_run_causes(values: Sequence[str]) -> Iterator[FieldError]:
    if any(value != "All" for value in values):
        yield unsupported("dryRun", list(values), ("All",))
