"""Setting what is not set. Objects in normal form stay so."""

from typing import Any


def fill(message: Any, **values: Any) -> None:
    """Set each field that is absent; for a string field, also one that is empty."""
    for name, value in values.items():
        if not message.HasField(name) or getattr(message, name) == "":
            setattr(message, name, value)


def fill_number_or_percent(message: Any, name: str, value: int | str) -> None:
    """Set an `IntOrString` that is absent."""
    if not message.HasField(name):
        field = getattr(message, name)
        field.SetInParent()
        if isinstance(value, str):
            field.type, field.strVal = 1, value
        elif value:
            field.intVal = value
