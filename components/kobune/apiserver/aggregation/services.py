"""Which groups and versions other servers have, as the APIServices say it now."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from kobune.apiserver.cache.view import View

API_SERVICES: Final = "apiservices"
AVAILABLE: Final = "Available"
OPENAPI: Final = ["", "openapi", "v3"]

Resources = list[dict[str, Any]]


@dataclass
class ApiServices:
    """Finds the APIService that a request belongs to. Costs nothing while all of them are local."""

    view: View
    own: dict[tuple[str, str], Resources] = field(default_factory=dict)
    """What is answered here although it is in no registry, by group and version, as long as no APIService names another
    server for it."""
    discovered: dict[str, Resources] = field(default_factory=dict)
    """What a server says it has, by the name of its APIService: the entries of an `APIResourceList`."""
    _remote: dict[tuple[str, str], Any] = field(default_factory=dict)
    _position: int = -1

    def __post_init__(self) -> None:
        self._ring = self.view.cacher.ring(self.view.registry[API_SERVICES])

    def remote(self) -> dict[tuple[str, str], Any]:
        """Return the APIServices of other servers, by group and version."""
        if self._position != self._ring.position:
            self._position = self._ring.position
            built_in = self.view.registry.built_in_versions
            self._remote = {
                (item.spec.group, item.spec.version): item
                for item in self.view.select(API_SERVICES, where=lambda one: bool(one.spec.HasField("service")))
                if (item.spec.group, item.spec.version) not in built_in
            }
        return self._remote

    def of_path(self, path: str) -> Any:
        """Return the APIService of a path, None if the path is ours."""
        remote = self.remote()
        if not remote:
            return None
        parts = path.split("/")
        if parts[:3] == OPENAPI:
            parts = parts[2:]
        if len(parts) < 4 or parts[1] != "apis":
            return None
        return remote.get((parts[2], parts[3]))

    def versions(self) -> Iterator[tuple[str, str]]:
        """Yield the group and version of each, the ones that matter most first."""
        found = sorted(
            self.remote().values(),
            key=lambda one: (-one.spec.groupPriorityMinimum, one.spec.group, -one.spec.versionPriority),
        )
        for item in found:
            yield item.spec.group, item.spec.version
        yield from (version for version in self.own if version not in self.remote())

    def entries(self, group: str, version: str) -> Resources | None:
        """Return what the server of a version has, for aggregated discovery; None if that is not known (any more)."""
        item = self.remote().get((group, version))
        if item is None and (group, version) in self.own:
            return self.own[group, version]
        return self.discovered.get(item.metadata.name) if item is not None and is_available(item) else None


def is_available(item: Any) -> bool:
    """Whether the server was there when it was last looked for."""
    return any(one.type == AVAILABLE and one.status == "True" for one in item.status.conditions)
