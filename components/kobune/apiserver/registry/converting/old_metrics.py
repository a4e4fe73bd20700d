"""Metrics of autoscalers as version 1 writes them into annotations: flat, with a name for each combination."""

from collections.abc import Mapping
from typing import Any, Final

Tree = dict[str, Any]

SOURCES: Final[Mapping[str, str]] = {
    "Object": "object",
    "Pods": "pods",
    "Resource": "resource",
    "ContainerResource": "containerResource",
    "External": "external",
}
"""By type of a metric: the field that describes it."""
SPEC: Final[Mapping[str, Mapping[str, str]]] = {
    "object": {"value": "targetValue", "averageValue": "averageValue"},
    "pods": {"averageValue": "targetAverageValue"},
    "resource": {"averageUtilization": "targetAverageUtilization", "averageValue": "targetAverageValue"},
    "containerResource": {"averageUtilization": "targetAverageUtilization", "averageValue": "targetAverageValue"},
    "external": {"value": "targetValue", "averageValue": "targetAverageValue"},
}
"""By source: what version 1 calls the numbers of a target."""
STATUS: Final[Mapping[str, Mapping[str, str]]] = {
    "object": {"value": "currentValue", "averageValue": "averageValue"},
    "pods": {"averageValue": "currentAverageValue"},
    "resource": {"averageUtilization": "currentAverageUtilization", "averageValue": "currentAverageValue"},
    "containerResource": {"averageUtilization": "currentAverageUtilization", "averageValue": "currentAverageValue"},
    "external": {"value": "currentValue", "averageValue": "currentAverageValue"},
}
"""The same for what is measured."""
NUMBERS: Final = (("averageUtilization", "Utilization"), ("averageValue", "AverageValue"), ("value", "Value"))
"""The numbers of a target, and the type of one that has them."""
PLACES: Final = {"target": SPEC, "current": STATUS}


def to_old(metric: Tree, place: str) -> Tree:
    """Return version 1 of a metric; its numbers are those of a `target` or are `current`."""
    name = SOURCES.get(metric.get("type", ""), "")
    source = metric.get(name)
    if source is None:
        return metric
    numbers = source.get(place, {})
    given = {old: numbers[new] for new, old in PLACES[place][name].items() if new in numbers}
    about = source.get("metric", {})
    selector = {"selector": about["selector"]} if "selector" in about else {}
    match name:
        case "object":
            reference = source.get("describedObject", {})
            number = PLACES[place][name]["value"]
            old = {"target": reference, "metricName": about.get("name", ""), number: "0", **given, **selector}
        case "pods":
            old = {"metricName": about.get("name", ""), **given, **selector}
        case "external":
            chosen = {"metricSelector": about["selector"]} if "selector" in about else {}
            old = {"metricName": about.get("name", ""), **chosen, **given}
        case _:
            container = {"container": source["container"]} if "container" in source else {}
            old = {"name": source.get("name", ""), **given, **container}
    return {"type": metric["type"], name: old}


def from_old(old: Tree, place: str) -> Tree:
    """Return version 2 of a metric."""
    name = SOURCES.get(old.get("type", ""), "")
    source = old.get(name)
    if not isinstance(source, dict):
        return old
    numbers = {new: source[was] for new, was in PLACES[place][name].items() if was in source}
    if place == "target":
        numbers["type"] = next((kind for number, kind in NUMBERS if number in numbers), "Value")
    new: Tree = {place: numbers}
    if name in ("resource", "containerResource"):
        new["name"] = source.get("name", "")
        if "container" in source:
            new["container"] = source["container"]
    else:
        selector = source.get("metricSelector" if name == "external" else "selector")
        new["metric"] = {"name": source.get("metricName", ""), **({"selector": selector} if selector else {})}
    if name == "object":
        new["describedObject"] = source.get("target", {})
    return {"type": old["type"], name: new}
