"""Events: those of `events.k8s.io` are those of the core group under newer names."""

from typing import Any

from kobune.api.core.v1 import Event as CoreEvent
from kobune.api.events.v1 import Event

MESSAGES = (("regarding", "involvedObject"), ("related", "related"), ("deprecatedSource", "source"))
TIMES = (("deprecatedFirstTimestamp", "firstTimestamp"), ("deprecatedLastTimestamp", "lastTimestamp"))
TEXTS = (
    ("action", "action"),
    ("reason", "reason"),
    ("note", "message"),
    ("type", "type"),
    ("reportingController", "reportingComponent"),
    ("reportingInstance", "reportingInstance"),
    ("deprecatedCount", "count"),
)
SAME = (("metadata", "metadata"), ("eventTime", "eventTime"))


def to_core(event: Any) -> CoreEvent:
    """Return the core group's form of an event."""
    core = CoreEvent()
    _carry(event, core, [*SAME, *MESSAGES, *TIMES], TEXTS)
    if event.HasField("series"):
        core.series.count = event.series.count
        core.series.lastObservedTime.CopyFrom(event.series.lastObservedTime)
    return core


def from_core(core: Any) -> Event:
    """Return the form of `events.k8s.io`."""
    event = Event()
    backwards = [(there, here) for here, there in (*SAME, *MESSAGES, *TIMES)]
    _carry(core, event, backwards, [(there, here) for here, there in TEXTS])
    if core.HasField("series"):
        event.series.count = core.series.count
        event.series.lastObservedTime.CopyFrom(core.series.lastObservedTime)
    return event


def _carry(source: Any, target: Any, messages: Any, scalars: Any) -> None:
    for here, there in messages:
        if source.HasField(here):
            getattr(target, there).CopyFrom(getattr(source, here))
    for here, there in scalars:
        if source.HasField(here):
            setattr(target, there, getattr(source, here))
