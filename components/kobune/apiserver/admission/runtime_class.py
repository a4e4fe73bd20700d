"""RuntimeClasses: what they cost and where they run becomes part of their pods. Source: *Runtime Class*."""

from typing import Any

from kobune.apimachinery.quantity import parse
from kobune.apiserver.admission.chain import Write
from kobune.apiserver.admission.refusal import refused


class RuntimeClass:
    """Gives pods the overhead, node selector and tolerations of their runtime class."""

    resources = frozenset({"pods"})

    def mutate(self, write: Write) -> None:
        if not _concerns(write) or (found := _class_of(write)) is None:
            return
        spec = write.new.spec
        if found.HasField("overhead"):
            fixed = found.overhead.podFixed
            if spec.overhead and not _same(spec.overhead, fixed):
                raise refused(write, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead")
            for name, value in fixed.items():
                spec.overhead[name].CopyFrom(value)
        if found.HasField("scheduling"):
            for key, value in sorted(found.scheduling.nodeSelector.items()):
                if spec.nodeSelector.get(key, value) != value:
                    why = (
                        f"conflict: runtimeClass.scheduling.nodeSelector[{key}] = {value}; "
                        f"pod.spec.nodeSelector[{key}] = {spec.nodeSelector[key]}"
                    )
                    raise refused(write, why)
                spec.nodeSelector[key] = value
            for toleration in found.scheduling.tolerations:
                if toleration not in spec.tolerations:
                    spec.tolerations.append(toleration)

    def validate(self, write: Write) -> None:
        if not _concerns(write):
            return
        overhead = write.new.spec.overhead
        found = _class_of(write)
        if found is not None and found.HasField("overhead"):
            if not _same(overhead, found.overhead.podFixed):
                raise refused(write, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead")
        elif overhead:
            raise refused(write, "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead")


def _concerns(write: Write) -> bool:
    return write.operation == "CREATE" and write.is_plain


def _class_of(write: Write) -> Any:
    name = write.new.spec.runtimeClassName
    if not name:
        return None
    found = write.api.find("runtimeclasses", "", name)
    if found is None:
        raise refused(write, f'pod rejected: RuntimeClass "{name}" not found')
    return found


def _same(one: Any, other: Any) -> bool:
    return {name: parse(value.string) for name, value in one.items()} == {
        name: parse(value.string) for name, value in other.items()
    }
