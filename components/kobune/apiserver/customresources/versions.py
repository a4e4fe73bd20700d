"""Which of two versions is newer: v2 before v1, v1 before v1beta2, that before v1alpha1, everything else behind."""

import re

VERSION = re.compile(r"v([1-9][0-9]*)(?:(alpha|beta)([1-9][0-9]*))?")
STAGES = {None: 2, "beta": 1, "alpha": 0}

Priority = tuple[int, int, int, int, tuple[int, ...]]


def priority(version: str) -> Priority:
    """Return what is the larger the more a version is preferred."""
    match = VERSION.fullmatch(version)
    if match is None:
        # Of the others, the one that comes first in the alphabet.
        return 0, 0, 0, 0, (*(-ord(letter) for letter in version), 1)
    return 1, STAGES[match[2]], int(match[1]), int(match[3] or 0), ()


def newest_first(versions: "list[str]") -> list[str]:
    """Return versions with the most preferred first."""
    return sorted(versions, key=priority, reverse=True)
