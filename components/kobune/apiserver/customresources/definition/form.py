"""A definition in the form in which Kubernetes checks it.

There, what all versions have in common is said once for the whole definition; so errors about it have other paths than
what users write: `spec.validation.openAPIV3Schema` instead of `spec.versions[0].schema.openAPIV3Schema`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from kobune.apimachinery import codec

Tree = Mapping[str, Any]

PARTS = ("schema", "subresources", "additionalPrinterColumns", "selectableFields")


@dataclass(frozen=True)
class Form:
    """The spec of a definition, with what its versions share pulled out of them."""

    spec: Tree
    versions: list[Tree] = field(default_factory=list)
    shared: Tree = field(default_factory=dict)
    """The parts that are the same in all versions, by the name that they have in a version."""

    def schemas(self) -> Iterator[Tree]:
        """Yield every schema."""
        for part in (self.shared, *self.versions):
            if (schema := schema_of(part)) is not None:
                yield schema

    def subresources_of(self, version: Tree) -> Tree:
        """Return the subresources of a version."""
        return version.get("subresources") or self.shared.get("subresources") or {}

    def schema_by_version(self, name: str) -> Tree | None:
        """Return the schema of a version by its name; None if there is no such version, or none with a schema."""
        version = next((version for version in self.versions if version.get("name") == name), None)
        return None if version is None else schema_of(version) or schema_of(self.shared)


def schema_of(part: Tree) -> Tree | None:
    """Return the schema of a version, or the shared one; None if there is none."""
    found: Tree | None = (part.get("schema") or {}).get("openAPIV3Schema")
    return found


def form_of(definition: Any) -> Form:
    """Return the form of a definition."""
    spec: Tree = codec.encode(definition.spec)
    versions = list(spec.get("versions") or ())
    if not versions:
        return Form(spec)
    shared = {
        name: versions[0][name]
        for name in PARTS
        if versions[0].get(name) and all(version.get(name) == versions[0][name] for version in versions)
    }
    rest: list[Tree] = [{name: value for name, value in version.items() if name not in shared} for version in versions]
    return Form(spec, rest, shared)
