"""What kinds there are, read off the descriptors of their messages.

A kind's names, scope, verbs and subresources are options of its message (`kobune/api/schema/schema.proto`), so the
schema is the only table of them. Custom resources are not here: the apiserver makes their `Kind` from a definition.
"""

import importlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final, Protocol, Self, TypeVar, cast

from google.protobuf.message import Message

from kobune.api.meta.v1 import ObjectMeta, PartialObjectMetadata
from kobune.apimachinery.schema import descriptor_of, resource_options

PACKAGES = (
    "core.v1",
    "admissionregistration.v1",
    "apiextensions.v1",
    "apiregistration.v1",
    "apps.v1",
    "authentication.v1",
    "authorization.v1",
    "autoscaling.v1",
    "autoscaling.v2",
    "batch.v1",
    "certificates.v1",
    "coordination.v1",
    "discovery.v1",
    "events.v1",
    "flowcontrol.v1",
    "networking.v1",
    "node.v1",
    "policy.v1",
    "rbac.v1",
    "resource.v1",
    "scheduling.v1",
    "storage.v1",
)
"""The packages under `kobune.api` whose messages are served."""
ALPHA: Final = {"scheduling.k8s.io/v1alpha2": "scheduling.v1alpha2"}
"""Those that are served only if somebody asks for them, by group and version."""


class Object(Protocol):
    """Any message that is a Kubernetes object: it has metadata, and travels as bytes."""

    @property
    def metadata(self) -> ObjectMeta: ...

    def SerializeToString(self) -> bytes: ...  # noqa: N802 - protobuf's name
    def MergeFromString(self, serialized: bytes, /) -> int: ...  # noqa: N802
    def CopyFrom(self, other: Self, /) -> None: ...  # noqa: N802
    def HasField(self, field_name: str, /) -> bool: ...  # noqa: N802


M = TypeVar("M", bound=Object)


@dataclass(frozen=True)
class Subresource:
    """A part of a kind with an address of its own."""

    name: str
    kind: str
    group: str
    version: str
    verbs: tuple[str, ...]


@dataclass(frozen=True)
class Kind:
    """A kind of object and how it is addressed."""

    group: str
    version: str
    name: str
    """As in `kind:` of a manifest: Pod."""
    plural: str
    """As in URLs: pods."""
    singular: str
    namespaced: bool
    short_names: tuple[str, ...]
    categories: tuple[str, ...]
    verbs: tuple[str, ...]
    subresources: tuple[Subresource, ...]
    message: type[Message] | None
    """None for a custom resource."""
    list_kind: str = ""
    """The kind of a list of these, where it is not the usual one."""

    @property
    def api_version(self) -> str:
        """`apps/v1`; `v1` in the core group."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def list_name(self) -> str:
        """The kind of a list of these."""
        return self.list_kind or f"{self.name}List"

    def subresource(self, name: str) -> Subresource | None:
        """Return the subresource of that name, or None."""
        return next((sub for sub in self.subresources if sub.name == name), None)


@cache
def kind_of(message: type[Object]) -> Kind:
    """Return the kind of a message such as `Pod`; `ValueError` if it is not served."""
    if (custom := getattr(message, "KIND", None)) is not None:
        return cast(Kind, custom)
    descriptor = descriptor_of(message)
    known = resource_options(descriptor)
    if known is None:
        raise ValueError(f"{descriptor.full_name} is not a kind that is served")
    return Kind(
        group=known.group,
        version=known.version,
        name=descriptor.name,
        plural=known.plural,
        singular=known.singular,
        namespaced=known.namespaced,
        short_names=tuple(known.short_names),
        categories=tuple(known.categories),
        verbs=tuple(known.verbs),
        subresources=tuple(
            Subresource(
                name=sub.name,
                kind=sub.kind,
                group=sub.group if sub.HasField("version") else known.group,
                version=sub.version or known.version,
                verbs=tuple(sub.verbs),
            )
            for sub in known.subresources
        ),
        message=cast(type[Message], message),
    )


@cache  # so that whoever asks for the same kind shares an informer
def custom_kind(kind: Kind) -> type[Object]:
    """Return what stands for a custom kind where others have a message: it knows the metadata of its objects."""
    members = {"KIND": kind, "FromString": staticmethod(PartialObjectMetadata.FromString)}
    return cast(type[Object], type(kind.name, (), members))


def is_custom(kind: type[Object]) -> bool:
    """Whether a kind has no message."""
    return hasattr(kind, "KIND")


def messages(asked: Collection[str] = ()) -> Iterator[type[Object]]:
    """Every message that is a kind: Pod, Service, …; in the order of their packages.

    `asked` are groups and versions of `ALPHA`.
    """
    for package in (*PACKAGES, *(package for version, package in ALPHA.items() if version in asked)):
        module = importlib.import_module(f"kobune.api.{package}")
        for name in module.__all__:
            message = getattr(module, name)
            if resource_options(message.DESCRIPTOR) is not None:
                yield message


def list_of(message: type[Object]) -> type[Message]:
    """Return the list message of a kind: `PodList` for `Pod`."""
    descriptor = descriptor_of(message)
    package = importlib.import_module(descriptor.full_name.rpartition(".")[0])
    return cast(type[Message], getattr(package, f"{descriptor.name}List"))
