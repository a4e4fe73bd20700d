"""Nothing is created in a namespace that is not there or is going away, and some namespaces never go."""

from kobune.api.meta.v1 import StatusCause, StatusDetails
from kobune.apimachinery.errors import Forbidden, NotFound
from kobune.apiserver.admission.chain import Write

IMMORTAL = frozenset({"default", "kube-system", "kube-public"})


class NamespaceLifecycle:
    """Guards the lives of namespaces."""

    resources: frozenset[str] = frozenset()

    def mutate(self, write: Write) -> None:
        """Look before anybody else does, so that it is this that is told; webhooks take time, so look again later."""
        self.validate(write)

    def validate(self, write: Write) -> None:
        call = write.call
        if write.operation == "DELETE" and call.plural == "namespaces" and call.name in IMMORTAL:
            why = "this namespace may not be deleted"
            raise Forbidden.of("", "namespaces", call.name, f'namespaces "{call.name}" is forbidden: {why}')
        if write.operation != "CREATE" or not call.resource.kind.namespaced:
            return
        namespace = write.api.find("namespaces", "", call.namespace)
        if namespace is None:
            raise NotFound.named("", "namespaces", call.namespace)
        if namespace.metadata.HasField("deletionTimestamp"):
            raise self._terminating(write)

    def _terminating(self, write: Write) -> Forbidden:
        call = write.call
        why = f"unable to create new content in namespace {call.namespace} because it is being terminated"
        details = StatusDetails(name=call.name, group=call.group, kind=call.plural)
        details.causes.append(
            StatusCause(
                reason="NamespaceTerminating",
                message=f"namespace {call.namespace} is being terminated",
                field="metadata.namespace",
            )
        )
        kind = f"{call.plural}.{call.group}" if call.group else call.plural
        return Forbidden(f'{kind} "{call.name}" is forbidden: {why}', details)
