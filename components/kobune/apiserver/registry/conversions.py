"""Kinds that are served in more versions than the one that is stored."""

from collections.abc import Callable, Mapping
from typing import Any

from kobune.apiserver.registry.converting import autoscaling, events

Convert = Callable[[Any], Any]

CONVERSIONS: Mapping[tuple[str, str], tuple[tuple[str, str], Convert, Convert]] = {
    ("events.k8s.io/v1", "events"): (("", "v1"), events.to_core, events.from_core),
    ("autoscaling/v1", "horizontalpodautoscalers"): (("autoscaling", "v2"), autoscaling.to_v2, autoscaling.from_v2),
}
"""(api version, plural) of a version that is not stored: the group and version that is, and the way there and back."""
