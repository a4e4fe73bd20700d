"""A pod's priority class becomes a number. Source: *Pod Priority and Preemption*."""

from typing import Any

from kobune.apiserver.admission.chain import Write
from kobune.apiserver.admission.refusal import refused

PREEMPT = "PreemptLowerPriority"


class SystemPriority:
    """Keeps the classes that the cluster's own pods need, and lets only one class count for everyone."""

    resources = frozenset({"priorityclasses"})

    def validate(self, write: Write) -> None:
        name = write.call.name
        if write.operation == "DELETE":
            if name.startswith("system-"):
                raise refused(write, "this is a system priority class and cannot be deleted")
            return
        if write.new.globalDefault:
            other = _default(write)
            if other is not None and other.metadata.name != name:
                why = f"PriorityClass {other.metadata.name} is already marked as default. Only one default can exist"
                raise refused(write, why)


class Priority:
    """Resolves `priorityClassName`, or finds the class that counts for everyone."""

    resources = frozenset({"pods"})

    def __init__(self) -> None:
        self._usual: tuple[int, Any] = (-1, None)
        """The class that counts for everyone, as of a revision of the classes."""

    def mutate(self, write: Write) -> None:
        if write.operation == "DELETE" or not write.is_plain:
            return
        spec = write.new.spec
        if write.operation == "UPDATE":
            # Neither can be changed; whoever leaves them out means what they are.
            old = write.old.spec
            if not spec.HasField("priority") and old.HasField("priority"):
                spec.priority = old.priority
            if not spec.HasField("preemptionPolicy") and old.HasField("preemptionPolicy"):
                spec.preemptionPolicy = old.preemptionPolicy
            return
        name = spec.priorityClassName
        if name:
            found = write.api.find("priorityclasses", "", name)
            if found is None:
                raise refused(write, f"no PriorityClass with name {name} was found")
        else:
            found = self._default(write)
            if found is not None:
                spec.priorityClassName = found.metadata.name
        value = found.value if found else 0
        policy = (found.preemptionPolicy if found else "") or PREEMPT
        if spec.HasField("priority") and spec.priority != value:
            raise refused(
                write,
                f"the integer value of priority ({spec.priority}) must not be provided in pod spec; priority admission "
                f"controller computed {value} from the given PriorityClass name",
            )
        if spec.HasField("preemptionPolicy") and spec.preemptionPolicy != policy:
            raise refused(
                write,
                f"the string value of PreemptionPolicy ({spec.preemptionPolicy}) must not be provided in pod spec; "
                f"priority admission controller computed {policy} from the given PriorityClass name",
            )
        spec.priority, spec.preemptionPolicy = value, policy

    def _default(self, write: Write) -> Any:
        revision = write.api.cacher.ring(write.api.registry["priorityclasses"]).revision
        if revision != self._usual[0]:
            self._usual = revision, _default(write)
        return self._usual[1]


def _default(write: Write) -> Any:
    """Return the class that counts for everyone: the lowest, should there be several."""
    found = write.api.select("priorityclasses", where=lambda item: item.globalDefault)
    return min(found, key=lambda item: item.value, default=None)
