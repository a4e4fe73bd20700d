"""The kinds that run pods."""

from collections.abc import Iterator, Mapping
from typing import Any

from kobune.apimachinery import names
from kobune.apimachinery.errors import FieldError
from kobune.apimachinery.selectors import from_labels
from kobune.apiserver.registry import validation as rules
from kobune.apiserver.registry.strategies.pod import validate_template
from kobune.apiserver.registry.strategy import Strategy


class _Selecting(Strategy):
    """A kind with a selector, which never changes, and a template that it must select."""

    restart_policies: tuple[str, ...] = ("Always",)

    def validate(self, new: Any) -> Iterator[FieldError]:
        spec = new.spec
        if "replicas" in spec.DESCRIPTOR.fields_by_name:
            yield from rules.not_negative("spec.replicas", spec.replicas)
        yield from rules.not_negative("spec.minReadySeconds", spec.minReadySeconds)
        if not spec.HasField("selector"):
            yield rules.required("spec.selector")
        else:
            yield from rules.selects_template("spec.selector", spec.selector, spec.template)
        yield from validate_template("spec.template", spec.template, self.restart_policies)

    def validate_update(self, new: Any, old: Any) -> Iterator[FieldError]:
        yield from rules.immutable("spec.selector", new.spec.selector, old.spec.selector)


class DeploymentStrategy(_Selecting):
    """A Deployment."""

    def validate(self, new: Any) -> Iterator[FieldError]:
        yield from super().validate(new)
        strategy = new.spec.strategy
        yield from rules.one_of("spec.strategy.type", strategy.type, ("Recreate", "RollingUpdate"))
        if strategy.type == "Recreate" and strategy.HasField("rollingUpdate"):
            yield rules.forbidden(
                "spec.strategy.rollingUpdate",
                "may not be specified when strategy `type` is 'Recreate'",
            )
        if strategy.type == "RollingUpdate":
            surge, unavailable = strategy.rollingUpdate.maxSurge, strategy.rollingUpdate.maxUnavailable
            if not _amount(surge) and not _amount(unavailable):
                yield rules.invalid(
                    "spec.strategy.rollingUpdate.maxUnavailable",
                    unavailable.intVal if unavailable.type == 0 else unavailable.strVal,
                    "may not be 0 when `maxSurge` is 0",
                )


class ReplicaSetStrategy(_Selecting):
    """A ReplicaSet."""


class DaemonSetStrategy(_Selecting):
    """A DaemonSet."""


class StatefulSetStrategy(_Selecting):
    """A StatefulSet: pods with names of their own, so its name must fit into theirs."""

    name_rule = staticmethod(names.dns_label)


class ReplicationControllerStrategy(Strategy):
    """A ReplicationController."""

    def validate(self, new: Any) -> Iterator[FieldError]:
        spec = new.spec
        yield from rules.not_negative("spec.replicas", spec.replicas)
        if not spec.selector:
            yield rules.required("spec.selector")
        if not spec.HasField("template"):
            yield rules.required("spec.template")
            return
        if not from_labels(spec.selector).matches(spec.template.metadata.labels):
            labels = dict(spec.template.metadata.labels)
            yield rules.invalid("spec.template.metadata.labels", labels, "`selector` does not match template `labels`")
        yield from validate_template("spec.template", spec.template, ("Always",))

    def selectable_fields(self) -> Mapping[str, str]:
        return {"status.replicas": "status.replicas"}


class JobStrategy(Strategy):
    """A Job: unless told otherwise it selects its pods by its uid."""

    def prepare_create(self, new: Any, view: Any) -> None:
        super().prepare_create(new, view)
        spec = new.spec
        if spec.manualSelector:
            return
        uid = new.metadata.uid
        mine = {
            "batch.kubernetes.io/controller-uid": uid,
            "controller-uid": uid,
            "batch.kubernetes.io/job-name": new.metadata.name,
            "job-name": new.metadata.name,
        }
        for key, value in mine.items():
            spec.template.metadata.labels[key] = value
        spec.selector.matchLabels["batch.kubernetes.io/controller-uid"] = uid

    def validate(self, new: Any) -> Iterator[FieldError]:
        spec = new.spec
        for name in ("parallelism", "completions", "backoffLimit"):
            yield from rules.not_negative(f"spec.{name}", getattr(spec, name))
        yield from validate_template("spec.template", spec.template, ("OnFailure", "Never"))

    def selectable_fields(self) -> Mapping[str, str]:
        return {"status.successful": "status.succeeded"}


def _amount(value: Any) -> int:
    text = value.strVal.rstrip("%") if value.type == 1 else str(value.intVal)
    return int(text) if text.lstrip("-").isdigit() else 0
