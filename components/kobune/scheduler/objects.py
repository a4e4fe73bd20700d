"""Objects of other kinds than pods and nodes, as far as decisions look at them, and what is worked out from them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Protocol, Self, TypeVar, cast


class Derived(Protocol):
    """What is worked out from objects of other kinds, and kept in step with them."""

    def __init__(self, objects: "Objects") -> None: ...

    def changed(self, plural: str, old: Any, new: Any) -> None:
        """Take in that an object is new, changed or gone."""

    def copy(self, objects: "Objects") -> Self:
        """Return the same for a copy of the objects, to change."""


D = TypeVar("D", bound=Derived)


class Objects:
    """Objects of other kinds, by plural name: claims, volumes, classes, namespaces, budgets and so on."""

    def __init__(self, kinds: Mapping[str, Mapping[tuple[str, str], Any]] | None = None) -> None:
        self._kinds = {plural: dict(objects) for plural, objects in (kinds or {}).items()}
        self.changes: Counter[str] = Counter()
        """By plural name, how often there was one more or less, or the labels or the spec of one changed."""
        self._derived: dict[type[Derived], Derived] = {}

    def set(self, plural: str, item: Any) -> None:
        """Take in a new or changed object."""
        key = (item.metadata.namespace, item.metadata.name)
        objects = self._kinds.setdefault(plural, {})
        if (known := objects.get(key)) is None or _wanted(known) != _wanted(item):
            self.changes[plural] += 1
        objects[key] = item
        for derived in self._derived.values():
            derived.changed(plural, known, item)

    def remove(self, plural: str, item: Any) -> None:
        """Forget an object."""
        known = self._kinds.get(plural, {}).pop((item.metadata.namespace, item.metadata.name), None)
        if known is not None:
            self.changes[plural] += 1
            for derived in self._derived.values():
                derived.changed(plural, known, None)

    def get(self, plural: str, namespace: str, name: str) -> Any:
        """Return an object, or None."""
        return self._kinds.get(plural, {}).get((namespace, name))

    def list(self, plural: str, namespace: str = "") -> Iterable[Any]:
        """Return the objects of a kind, of one namespace or of all."""
        found = self._kinds.get(plural, {})
        return [item for (where, _), item in found.items() if not namespace or where == namespace]

    def expect(self, plural: str) -> None:
        """Note that objects of a kind would be here if there were any."""
        self._kinds.setdefault(plural, {})

    def are_known(self, plural: str) -> bool:
        """Whether objects of a kind would be here if there were any."""
        return plural in self._kinds

    def derived(self, kind: type[D]) -> D:
        """Return what a class works out from the objects: made by whoever asks first, kept in step from then on."""
        if kind not in self._derived:
            self._derived[kind] = kind(self)
        return cast(D, self._derived[kind])

    def copy(self) -> "Objects":
        """Return the same objects, to change."""
        copy = Objects(self._kinds)
        copy._derived = {kind: derived.copy(copy) for kind, derived in self._derived.items()}
        return copy


def _wanted(item: Any) -> Any:
    """Return an object without its status, which may change all the time."""
    return (dict(item.metadata.labels), item.spec) if "spec" in item.DESCRIPTOR.fields_by_name else item
