"""Server-side apply: who owns which field of an object, and what applying a configuration does to it. Pure."""

from kobune.apimachinery.apply.check import problems
from kobune.apimachinery.apply.managers import (
    APPLY,
    UPDATE,
    Manager,
    Managers,
    Owned,
    Unreadable,
    read_managers,
    write_managers,
    written,
)
from kobune.apimachinery.apply.types import Type, type_of
from kobune.apimachinery.apply.updater import Conflicts, Versioned, apply, before_first_apply, created, still_as, update

__all__ = [
    "APPLY",
    "UPDATE",
    "Conflicts",
    "Manager",
    "Managers",
    "Owned",
    "Type",
    "Unreadable",
    "Versioned",
    "apply",
    "before_first_apply",
    "created",
    "problems",
    "read_managers",
    "still_as",
    "type_of",
    "update",
    "write_managers",
    "written",
]
