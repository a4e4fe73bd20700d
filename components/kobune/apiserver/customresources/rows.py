"""From a definition to the rows that it adds to the table of resources. Pure."""

from typing import Any

from kobune.apimachinery.kinds import Kind, Subresource
from kobune.apiserver.customresources.conversion import Converter
from kobune.apiserver.customresources.resource import CustomResource, Versions
from kobune.apiserver.customresources.state import is_terminating
from kobune.apiserver.customresources.strategy import CustomStrategy
from kobune.apiserver.customresources.versions import newest_first, priority

VERBS = ("delete", "deletecollection", "get", "list", "patch", "create", "update", "watch")
PART_VERBS = ("get", "patch", "update")


def rows_of(definition: Any, converter: Converter) -> Versions:
    """Return the rows of all versions of a definition, whether they are served or not."""
    versions = Versions()
    for version in definition.spec.versions:
        strategy = CustomStrategy()
        row = CustomResource(
            kind=_kind(definition, version),
            strategy=strategy,
            version=version,
            versions=versions,
            converter=converter,
            preserves_unknown=definition.spec.preserveUnknownFields,
            warning=_warning(definition, version),
            is_terminating=is_terminating(definition),
        )
        strategy.resource = row
        versions[version.name] = row
        if version.storage:
            versions.storage = row
    return versions


def served(versions: Versions) -> list[CustomResource]:
    """Return the rows that clients see."""
    return [row for row in versions.values() if row.version.served]


def _kind(definition: Any, version: Any) -> Kind:
    names, group = definition.status.acceptedNames, definition.spec.group
    parts = []
    if version.subresources.HasField("status"):
        parts.append(Subresource("status", names.kind, group, version.name, PART_VERBS))
    if version.subresources.HasField("scale"):
        parts.append(Subresource("scale", "Scale", "autoscaling", "v1", PART_VERBS))
    return Kind(
        group=group,
        version=version.name,
        name=names.kind,
        plural=names.plural,
        singular=names.singular,
        namespaced=definition.spec.scope == "Namespaced",
        short_names=tuple(names.shortNames),
        categories=tuple(names.categories),
        verbs=VERBS,
        subresources=tuple(parts),
        message=None,
        list_kind=names.listKind,
    )


def _warning(definition: Any, version: Any) -> str:
    """Return what users of a deprecated version are told; empty if it is not deprecated."""
    if not version.deprecated:
        return ""
    if version.HasField("deprecationWarning"):
        return str(version.deprecationWarning)
    group, kind = definition.spec.group, definition.spec.names.kind
    words = f"{group}/{version.name} {kind} is deprecated"
    better = [
        other.name
        for other in definition.spec.versions
        if other.served and not other.deprecated and priority(other.name) > priority(version.name)
    ]
    return f"{words}; use {group}/{newest_first(better)[0]} {kind}" if better else words
