"""Kinds that are served in more versions than the one that is stored."""

from collections.abc import Callable, Mapping
from typing import Any

Convert = Callable[[Any], Any]

CONVERSIONS: Mapping[tuple[str, str], tuple[tuple[str, str], Convert, Convert]] = {}
"""(api version, plural) of a version that is not stored: the group and version that is, and the way there and back."""
