"""A pod's priority class becomes a number."""

from kobune.apimachinery.errors import Forbidden
from kobune.apiserver.admission.chain import Write


class SystemPriority:
    """Keeps the classes that the cluster's own pods need."""

    resources = frozenset({"priorityclasses"})

    def validate(self, write: Write) -> None:
        name = write.call.name
        if write.operation == "DELETE" and name.startswith("system-"):
            why = "this is a system priority class and cannot be deleted"
            where = "priorityclasses.scheduling.k8s.io"
            raise Forbidden.of("scheduling.k8s.io", "priorityclasses", name, f'{where} "{name}" is forbidden: {why}')


class Priority:
    """Resolves `priorityClassName`, or finds the class that counts for everyone."""

    resources = frozenset({"pods"})

    def mutate(self, write: Write) -> None:
        if write.operation != "CREATE" or write.call.subresource:
            return
        spec = write.new.spec
        name = spec.priorityClassName
        if name:
            found = write.api.find("priorityclasses", "", name)
            if found is None:
                who = write.new.metadata.name
                why = f"no PriorityClass with name {name} was found"
                raise Forbidden.of("", "pods", who, f'pods "{who}" is forbidden: {why}')
        else:
            found = next(iter(write.api.select("priorityclasses", where=lambda item: item.globalDefault)), None)
            if found is not None:
                spec.priorityClassName = found.metadata.name
        spec.priority = found.value if found else 0
        spec.preemptionPolicy = (found.preemptionPolicy if found else "") or "PreemptLowerPriority"
