"""One version of a custom kind as it is served: the row of the table of resources for it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, cast

import orjson

from kobune.api.autoscaling.v1 import Scale
from kobune.api.meta.v1 import ObjectMeta
from kobune.apimachinery import codec
from kobune.apimachinery.apply import Type
from kobune.apimachinery.custom import CustomObject
from kobune.apimachinery.kinds import Kind, Object
from kobune.apiserver.cache.stored import Stored
from kobune.apiserver.customresources import columns, reading, scale
from kobune.apiserver.customresources.conversion import Converter, renamed
from kobune.apiserver.customresources.jsonpath import fields_at
from kobune.apiserver.customresources.ownership import resource_type
from kobune.apiserver.customresources.schema.embedded import read_metadata
from kobune.apiserver.customresources.schema.pruning import prune_defaults
from kobune.apiserver.customresources.schema.structural import Structural, structural
from kobune.apiserver.registry.resource import Resource

if TYPE_CHECKING:
    from kobune.apiserver.cel.schema_rules import Rules
    from kobune.apiserver.printing.column import Column


MAKING = ("create", "patch", "update")


class Versions(dict[str, "CustomResource"]):
    """The rows of all versions of a custom kind, by version; `storage` is the one whose version is stored."""

    storage: "CustomResource"


@dataclass(frozen=True, eq=False)
class CustomResource(Resource):
    """A custom resource as it is served: `crontabs` of `stable.example.com/v1`."""

    version: Any = None
    """Its `CustomResourceDefinitionVersion`."""
    versions: Versions = field(default_factory=Versions)
    converter: Converter = field(default_factory=Converter)
    preserves_unknown: bool = False
    warning: str = ""
    """What everybody is told who uses a deprecated version."""
    is_terminating: bool = False
    """Whether the definition is being deleted: then nothing new is made."""
    is_custom: ClassVar[bool] = True

    @property
    def calls_out(self) -> bool:  # type: ignore[override]
        """Whether a webhook converts between its versions."""
        return self.converter.calls_out and len(self.versions) > 1

    @property
    def stored(self) -> Resource:
        """The row whose version is written to the store."""
        return self.versions.storage

    @cached_property
    def schema(self) -> dict[str, Any]:
        """The JSON schema of the version; empty if there is none."""
        return cast(dict[str, Any], codec.encode(self.version.schema.openAPIV3Schema))

    @cached_property
    def structural(self) -> Structural:
        """The structure of its objects; server-side apply and rules read it."""
        return prune_defaults(structural(self.schema))

    @cached_property
    def rules(self) -> "Rules | None":
        """The rules that the definition brings itself; None if there are none."""
        if not any(node.validations for node in self.structural.walk()):
            return None
        from kobune.apiserver.cel.schema_rules import rules_of  # who has no rules does not load the language

        return rules_of(self.schema)

    @cached_property
    def ownership(self) -> Type:
        """What server-side apply has to know about the kind."""
        return resource_type(self.structural)

    @cached_property
    def path(self) -> bytes:
        """The first part of its keys: the group, too, since plurals may occur twice."""
        return f"{self.kind.group}/{self.kind.plural}".encode()

    @property
    def shown_kind(self) -> Kind:
        """The kind as discovery describes it: while the definition goes, there is nothing to be made or changed."""
        if not self.is_terminating:
            return self.kind
        return replace(self.kind, verbs=tuple(verb for verb in self.kind.verbs if verb not in MAKING))

    # Versions.

    def view(self, stored: Stored) -> Stored:
        """Return a stored object as this version shows it."""
        message = cast(CustomObject, stored.message)
        if message.api_version == self.kind.api_version:
            return stored
        views = getattr(stored, "views", None)
        if views is None:
            views = stored.views = {}
        if self not in views:
            if self._must_convert(stored):
                raise RuntimeError(f"{self.kind.api_version} was shown before it was converted")
            views[self] = self._shown(stored, renamed(message, self))
        return cast(Stored, views[self])

    def _shown(self, stored: Stored, item: CustomObject) -> Stored:
        return Stored(self, self.dump(item), stored.revision)

    async def convert(self, items: Iterable[Stored]) -> None:
        """Have the webhook convert those objects that are of other versions, all in one call."""
        missing = [stored for stored in items if self._must_convert(stored)]
        if not missing:
            return
        before = [cast(CustomObject, stored.message) for stored in missing]
        for stored, item in zip(missing, await self.converter.convert(before, self), strict=True):
            if getattr(stored, "views", None) is None:
                stored.views = {}
            stored.views[self] = self._shown(stored, item)

    def _must_convert(self, stored: Stored) -> bool:
        message = cast(CustomObject, stored.message)
        # A bookmark is no object: it has nothing but a version.
        return (
            self.calls_out
            and message.api_version != self.kind.api_version
            and bool(message.metadata.uid)
            and self not in (getattr(stored, "views", None) or ())
        )

    def working(self, stored: Stored) -> Stored:
        """Return a stored object in the version of the request: that is the one whose rules count."""
        return self.view(stored)

    async def into_store(self, item: Any) -> Any:
        """Return an object in the version that is stored."""
        target = self.versions.storage
        if item.api_version == target.kind.api_version:
            return item
        return (await target.converter.convert([item], target))[0]

    # Objects.

    @cached_property
    def json_head(self) -> bytes:
        """Nothing: trees bring their kind themselves."""
        return b"{"

    def wrap(self, raw: bytes) -> bytes:
        """Return what is stored: JSON, as it is."""
        return raw

    def unwrap(self, value: bytes) -> bytes:
        """Return the JSON that is stored."""
        return value

    def load(self, stored: Stored) -> Object:
        """Return the object of a revision, new: pruned and filled in as the definition says now."""
        tree = orjson.loads(stored.raw)
        metadata, _ = read_metadata(tree.pop("metadata", None))
        codec.normalize(metadata)
        metadata.resourceVersion = str(stored.revision)
        api_version, kind = tree.pop("apiVersion", ""), tree.pop("kind", "")
        row = self.versions.get(api_version.rpartition("/")[2], self)
        reading.coerce(row, tree)
        return cast(Object, CustomObject(api_version, kind, metadata, tree))

    def dump(self, item: Any) -> bytes:
        """Return what the store keeps of an object."""
        raw: bytes = item.encode()
        return raw

    def empty(self) -> Any:
        """Return an object without anything."""
        return CustomObject(self.kind.api_version, self.kind.name, ObjectMeta(), {})

    def copy(self, item: Any) -> Any:
        """Return an object that says the same."""
        return item.copy()

    def same(self, one: Any, other: Any) -> bool:
        """Whether two objects in normal form say the same."""
        return bool(one.says_the_same(other))

    def normalize(self, item: Any) -> None:
        """Bring the metadata into the one form that all with the same content have."""
        codec.normalize(item.metadata)

    has_spec = True

    def wants_otherwise(self, new: Any, old: Any) -> bool:
        """Whether a change is one of anything but the metadata."""
        return bool(new.fields != old.fields)

    def bare_json(self, stored: Stored) -> bytes:
        """Return the JSON of an object; as an item of a list, it has its kind, too."""
        return cast(CustomObject, stored.message).encode()

    def field(self, stored: Stored, path: str) -> str:
        """Return a field of an object by its path, as field selectors see it."""
        if path == "metadata.name":
            return stored.message.metadata.name
        if path == "metadata.namespace":
            return stored.message.metadata.namespace
        # A selector cannot wait for a webhook: it sees the object as it is stored then.
        seen = stored if self._must_convert(stored) else self.view(stored)
        found = fields_at(cast(CustomObject, seen.message).fields, path)
        if found is None:
            return ""
        return str(found).lower() if isinstance(found, bool) else str(found)

    @cached_property
    def columns(self) -> "tuple[Column, ...]":
        """The columns that the definition describes."""
        return columns.of(self.version.additionalPrinterColumns)

    def read(self, content_type: str, body: bytes, field_validation: str) -> tuple[Any, list[str]]:
        """Return the object that a body holds, and warnings."""
        return reading.read(self, content_type, body, field_validation)

    def read_tree(self, tree: dict[str, Any]) -> tuple[Any, list[str]]:
        """Return the object of a tree, and the paths of what was dropped; `Undecodable` if it is none."""
        return reading.from_tree(self, tree)

    def scale(self, item: Any, *, to_change: bool = False) -> Scale | None:
        """Return the scale of an object."""
        paths = scale.paths_of(self.version)
        return scale.scale_of(item, paths, to_change=to_change) if paths is not None else None

    @property
    def replicas_path(self) -> Sequence[str]:
        paths = scale.paths_of(self.version)
        assert paths is not None
        return paths.replicas.removeprefix(".").split(".")

    def set_replicas(self, item: Any, replicas: int) -> None:
        """Let an object want that many replicas."""
        paths = scale.paths_of(self.version)
        assert paths is not None
        scale.set_replicas(item, paths, replicas)
