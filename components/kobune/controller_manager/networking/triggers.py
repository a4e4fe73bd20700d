"""When what made endpoints change has happened: from there it is measured how long the network takes to follow.

Source: the annotation `endpoints.kubernetes.io/last-change-trigger-time` in *Well-Known Labels*.
"""

from collections.abc import Iterable, Mapping

from kobune.api.core.v1 import Pod, Service
from kobune.api.meta.v1 import ObjectMeta
from kobune.apimachinery.codec.scalars import format_time
from kobune.controller_manager.pods import is_ready, ready_condition

TRIGGER = "endpoints.kubernetes.io/last-change-trigger-time"


def trigger_time(service: Service, pods: Iterable[Pod], before: Mapping[str, bool] | None) -> int:
    """Return the time of the first change that endpoints do not show yet, in seconds since 1970; 0 if it is not known.

    `before` says which pods they show, by uid, and whether as ready; None if there are none yet.
    """
    if before is None:
        return service.metadata.creationTimestamp.seconds
    changed = (pod for pod in pods if before.get(pod.metadata.uid) != is_ready(pod))
    conditions = (ready_condition(pod) for pod in changed)
    times = (condition.lastTransitionTime.seconds for condition in conditions if condition is not None)
    return min((time for time in times if time), default=0)


def mark(meta: ObjectMeta, time: int) -> None:
    """Write into the metadata of endpoints when what changed them has happened; a time that was there before goes."""
    if time:
        meta.annotations[TRIGGER] = format_time(time)
    else:
        meta.annotations.pop(TRIGGER, None)
