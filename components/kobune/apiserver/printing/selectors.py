"""Labels and selectors as text."""

from collections.abc import Mapping
from typing import Any

from kobune.apimachinery.selectors import Requirement, from_label_selector


def labels_text(labels: Mapping[str, str]) -> str:
    """Return `a=b,c=d`, or `<none>`."""
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items())) or "<none>"


def selector_text(selector: Any) -> str:
    """Return a `LabelSelector` as kubectl takes it, or `<none>` if it selects everything."""
    return ",".join(map(requirement_text, from_label_selector(selector).requirements)) or "<none>"


def requirement_text(requirement: Requirement) -> str:
    """Return one condition of a selector as text."""
    values = ",".join(sorted(requirement.values))
    match requirement.operator:
        case "In" if len(requirement.values) == 1:
            return f"{requirement.key}={values}"
        case "In":
            return f"{requirement.key} in ({values})"
        case "NotIn":
            return f"{requirement.key} notin ({values})"
        case "Exists":
            return requirement.key
    return f"!{requirement.key}"
