"""Pods."""

from typing import TYPE_CHECKING, Any

from kobune.apiserver.registry.strategy import Strategy

if TYPE_CHECKING:
    from kobune.apiserver.cache.view import View


class PodStrategy(Strategy):
    """A pod."""

    returns_deleted = True

    def prepare_create(self, new: Any, view: "View") -> None:
        new.ClearField("status")
        new.status.phase = "Pending"

    def grace_seconds(self, old: Any, asked: int | None) -> int:
        if not old.spec.nodeName or old.status.phase in ("Failed", "Succeeded"):
            return 0
        if asked is not None:
            return max(asked, 0)
        return old.spec.terminationGracePeriodSeconds if old.spec.HasField("terminationGracePeriodSeconds") else 30

    def selectable_fields(self) -> dict[str, str]:
        return {
            path: path
            for path in (
                "spec.nodeName",
                "spec.restartPolicy",
                "spec.schedulerName",
                "spec.serviceAccountName",
                "spec.hostNetwork",
                "status.phase",
                "status.podIP",
                "status.nominatedNodeName",
            )
        }
