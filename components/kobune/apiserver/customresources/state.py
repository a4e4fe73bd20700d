"""Small questions about a definition and its conditions."""

from typing import Any


def condition(definition: Any, type: str) -> Any:
    """Return a condition of a definition; None if it has none of the type."""
    return next((found for found in definition.status.conditions if found.type == type), None)


def is_true(definition: Any, type: str) -> bool:
    """Whether a condition of a definition holds."""
    found = condition(definition, type)
    return found is not None and found.status == "True"


def is_served(definition: Any) -> bool:
    """Whether the resources of a definition are there for clients."""
    return is_true(definition, "NamesAccepted") or is_true(definition, "Established")


def is_terminating(definition: Any) -> bool:
    """Whether a definition is being deleted."""
    return definition.metadata.HasField("deletionTimestamp") or is_true(definition, "Terminating")
