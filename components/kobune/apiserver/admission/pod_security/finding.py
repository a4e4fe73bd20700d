"""What a check has against a pod, and how that is said."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Finding:
    """One check that a pod fails."""

    reason: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.reason} ({self.detail})" if self.detail else self.reason


@dataclass(frozen=True)
class Check:
    """One rule of a level, from a minor version of Kubernetes on."""

    id: str
    find: Callable[[Any, Any, int], Finding | None]
    """From the metadata, the spec and the minor version to what is wrong."""
    since: int = 0
    replaces: str = ""
    """The check of the lower level that this one makes superfluous."""


def containers(spec: Any) -> Iterator[tuple[str, Any]]:
    """Yield all containers of a pod by name."""
    for container in (*spec.initContainers, *spec.containers):
        yield container.name, container
    for container in spec.ephemeralContainers:
        yield container.ephemeralContainerCommon.name, container.ephemeralContainerCommon


def named(word: str, names: Iterable[str]) -> str:
    """Return `container "a"`, or `containers "a", "b"`."""
    names = list(names)
    return f"{plural(word, names)} {quoted(names)}"


def plural(word: str, items: Any) -> str:
    """Return a word for one or for several."""
    return word if len(items) == 1 else f"{word}s"


def verb(items: Any) -> str:
    """Return what one uses, or several use."""
    return "uses" if len(items) == 1 else "use"


def quoted(values: Iterable[str]) -> str:
    """Return values in quotes."""
    return ", ".join(f'"{value}"' for value in values)


def is_windows(spec: Any, minor: int) -> bool:
    """Whether a pod says that it is for Windows, where some rules make no sense."""
    return minor >= 25 and bool(spec.os.name == "windows")


def in_user_namespace(spec: Any) -> bool:
    """Whether the users of a pod are others than those of its node."""
    return spec.HasField("hostUsers") and not spec.hostUsers
