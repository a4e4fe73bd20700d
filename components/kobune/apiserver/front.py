"""What both faces do with a request before and after its verb: who asks, may they, and what is wrong with it."""

from collections.abc import Iterable
from dataclasses import dataclass

from kobune.api.meta.v1 import DeleteOptions
from kobune.apimachinery.errors import BadRequest
from kobune.apiserver.auth.attributes import Attributes
from kobune.apiserver.auth.authenticate import Authenticator
from kobune.apiserver.auth.rbac import Authorizer
from kobune.apiserver.metrics import Metrics
from kobune.apiserver.registry.resource import Resource
from kobune.apiserver.verbs.api import Api
from kobune.apiserver.verbs.call import Call


@dataclass(frozen=True)
class Front:
    """The verbs' surroundings, the same for REST and gRPC."""

    api: Api
    authenticator: Authenticator
    authorizer: Authorizer
    metrics: Metrics

    def count(self, verb: str, resource: Resource, code: int) -> None:
        """Count a request that was answered."""
        self.metrics.requests[verb, resource.kind.group, resource.kind.plural, code] += 1

    def authorize(self, call: Call, verb: str) -> None:
        """Raise `Forbidden` if whoever calls may not."""
        self.authorizer.check(
            Attributes(
                call.user,
                verb,
                call.group,
                call.resource.kind.version,
                call.plural,
                call.subresource,
                call.namespace,
                call.name,
            )
        )


def dry_run(values: Iterable[str]) -> bool:
    """Return whether a request is for show only; `BadRequest` for anything but `All`."""
    for value in values:
        if value != "All":
            raise BadRequest(f'dryRun: Unsupported value: "{value}": supported values: "All"')
    return any(True for _ in values)


def delete_call(call: Call, options: DeleteOptions) -> Call:
    """Return the call with what the options of a deletion say about it."""
    call.dry_run = call.dry_run or dry_run(options.dryRun)
    return call
