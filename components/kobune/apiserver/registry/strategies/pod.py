"""Pods: they leave in their own time, and hardly change."""

from collections.abc import Mapping
from typing import Any, Final

from kobune.apiserver.registry.advice.pods import pod_warnings
from kobune.apiserver.registry.defaults.pod import default_pod
from kobune.apiserver.registry.label_keys import take_label_keys
from kobune.apiserver.registry.rules import Rules
from kobune.apiserver.registry.strategy import Strategy
from kobune.apiserver.registry.validation.pods import spec, updates
from kobune.apiserver.registry.validation.pods.quality import quality_of_service

FIELDS: Final = (
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.schedulerName",
    "spec.serviceAccountName",
    "spec.hostNetwork",
    "status.phase",
    "status.podIP",
    "status.nominatedNodeName",
)
RESIZED: Final = ("containers", "initContainers")


class PodStrategy(Strategy):
    """A pod."""

    returns_deleted = True
    graceful = True

    def __init__(self) -> None:
        rules = Rules(
            always=spec.pod,
            new=spec.new_pod,
            change=updates.pod_update,
            status=updates.pod_status,
            parts={"ephemeralcontainers": updates.ephemeral_update, "resize": updates.resize_update},
        )
        super().__init__(default_pod, rules, warnings=pod_warnings)

    def prepare_create(self, new: Any, view: Any) -> None:
        new.ClearField("status")
        new.status.phase = "Pending"
        new.status.qosClass = quality_of_service(new)
        take_label_keys(new)
        if new.spec.schedulingGates:
            new.status.conditions.add(
                type="PodScheduled",
                status="False",
                reason="SchedulingGated",
                message="Scheduling is blocked due to non-empty scheduling gates",
                lastTransitionTime=new.metadata.creationTimestamp,
            )

    def prepare_part(self, part: str, new: Any, old: Any) -> None:
        if part not in ("ephemeralcontainers", "resize"):
            return
        asked = type(new)()
        asked.CopyFrom(new)
        new.CopyFrom(old)
        new.metadata.resourceVersion = asked.metadata.resourceVersion
        _take_owners(new, asked)
        if part == "ephemeralcontainers":
            del new.spec.ephemeralContainers[:]
            new.spec.ephemeralContainers.extend(asked.spec.ephemeralContainers)
            return
        for name in RESIZED:
            wanted = {container.name: container for container in getattr(asked.spec, name)}
            for container in getattr(new.spec, name):
                if (like := wanted.get(container.name)) is not None:
                    container.resources.CopyFrom(like.resources)
                    del container.resizePolicy[:]
                    container.resizePolicy.extend(like.resizePolicy)

    def grace_seconds(self, old: Any, asked: int | None) -> int:
        if not old.spec.nodeName or old.status.phase in ("Failed", "Succeeded"):
            return 0
        if asked is not None:
            return asked if asked >= 0 else 1
        return old.spec.terminationGracePeriodSeconds if old.spec.HasField("terminationGracePeriodSeconds") else 30

    def selectable_fields(self) -> Mapping[str, str]:
        # Kubernetes knows this one, too, and finds nothing by it.
        return {**{path: path for path in FIELDS}, "status.podIPs": ""}


def _take_owners(new: Any, asked: Any) -> None:
    del new.metadata.managedFields[:]
    new.metadata.managedFields.extend(asked.metadata.managedFields)
