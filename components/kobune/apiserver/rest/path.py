"""What a URL of the API means."""

from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

NAMESPACE_SUBRESOURCES = frozenset({"status", "finalize"})


@dataclass(frozen=True, slots=True)
class Target:
    """A resource, an object of it, or a part of an object."""

    group: str
    version: str
    resource: str
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    rest: str = ""
    """What is behind the subresource: the path that a proxy is to pass on."""
    is_watch: bool = False
    """Whether the path itself asks for a watch, as those of older clients do."""


@lru_cache(maxsize=1024)
def parse(path: str) -> Target | None:
    """Return what a path addresses, None if it is no path of a resource.

    `/api/v1/…` is the core group, `/apis/group/version/…` every other; then `namespaces/ns` where it applies, the
    resource, a name, a subresource; before all that `watch`, in an older form. Remembered: who asks once asks again.
    """
    parts = [unquote(part) for part in path.strip("/").split("/")]
    if parts[0] == "api" and len(parts) > 2:
        group, version, parts = "", parts[1], parts[2:]
    elif parts[0] == "apis" and len(parts) > 3:
        group, version, parts = parts[1], parts[2], parts[3:]
    else:
        return None
    if is_watch := parts[0] == "watch" and len(parts) > 1:
        parts = parts[1:]
    if "" in parts[:3]:
        return None
    namespace = ""
    if parts[0] == "namespaces" and len(parts) > 2 and not (len(parts) == 3 and parts[2] in NAMESPACE_SUBRESOURCES):
        namespace, parts = parts[1], parts[2:]
    elif parts[0] == "namespaces" and len(parts) > 1:
        # A namespace lives in itself, for whoever asks who may change it.
        namespace = parts[1]
    resource, name, subresource = (*parts[:3], "", "")[:3]
    return Target(group, version, resource, namespace, name, subresource, "/".join(parts[3:]), is_watch)
