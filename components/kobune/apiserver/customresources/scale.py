"""The scale of custom resources: three paths of the definition say where its numbers are."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kobune.api.autoscaling.v1 import Scale, ScaleSpec, ScaleStatus
from kobune.apimachinery.custom import CustomObject
from kobune.apimachinery.errors import BadRequest, FieldError, InternalError
from kobune.apiserver.customresources.causes import invalid

LARGEST = 2**31 - 1
UNSET = -(2**31)
"""Stands for no number of replicas, while a patch is applied."""
GO_TYPES = {dict: "map[string]interface {}", list: "[]interface {}", str: "string", bool: "bool", float: "float64"}


@dataclass(frozen=True)
class Paths:
    """Where the numbers of a scale are."""

    replicas: str
    status_replicas: str
    selector: str


def paths_of(version: Any) -> Paths | None:
    """Return the paths of a version of a definition; None if it has no scale."""
    if not version.subresources.HasField("scale"):
        return None
    scale = version.subresources.scale
    return Paths(scale.specReplicasPath, scale.statusReplicasPath, scale.labelSelectorPath)


class WrongType(ValueError):
    """A value on a path is of a wrong type."""


def find(item: CustomObject, path: str) -> Any:
    """Return the value at a path, None if there is none; `WrongType` if the way leads through no object."""
    value: Any = item.fields
    names = path.removeprefix(".").split(".")
    for index, name in enumerate(names):
        if type(value) is not dict:
            at = ".".join(names[:index])
            kind = _type_name(value)
            raise WrongType(
                f".{at} accessor error: {_shown(value)} is of the type {kind}, expected map[string]interface{{}}"
            )
        if name not in value:
            return None
        value = value[name]
    return value


def number(item: CustomObject, path: str) -> int | None:
    """Return the whole number at a path, None if there is none; `WrongType` if it is something else."""
    value = find(item, path)
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise WrongType(f"{path} accessor error: {_shown(value)} is of the type {_type_name(value)}, expected int64")


def spec_violations(item: CustomObject, paths: Paths) -> Iterator[FieldError]:
    """Yield what is wrong with the number of wanted replicas."""
    yield from _count_violations(item, paths.replicas)


def status_violations(item: CustomObject, paths: Paths) -> Iterator[FieldError]:
    """Yield what is wrong with the number of replicas that are, and the selector."""
    yield from _count_violations(item, paths.status_replicas)
    if paths.selector:
        try:
            _text(item, paths.selector)
        except WrongType as error:
            yield invalid(paths.selector, "", str(error))


def _count_violations(item: CustomObject, path: str) -> Iterator[FieldError]:
    try:
        count = number(item, path) or 0
    except WrongType as error:
        yield invalid(path, 0, str(error))
        return
    if count < 0:
        yield invalid(path, count, "should be a non-negative integer")
    elif count > LARGEST:
        yield invalid(path, count, f"should be less than or equal to {LARGEST}")


def _text(item: CustomObject, path: str) -> str:
    value = find(item, path)
    if value is None or isinstance(value, str):
        return value or ""
    raise WrongType(f"{path} accessor error: {_shown(value)} is of the type {_type_name(value)}, expected string")


def scale_of(item: CustomObject, paths: Paths, *, to_change: bool) -> Scale:
    """Return the scale that an object shows; unless it is `to_change`, `InternalError` if it wants no replicas yet."""
    try:
        replicas = number(item, paths.replicas)
        if replicas is None and to_change:
            replicas = UNSET
        elif replicas is None:
            raise InternalError(f'Internal error occurred: the spec replicas field "{paths.replicas}" does not exist')
        scale = Scale(
            spec=ScaleSpec(replicas=replicas),
            status=ScaleStatus(replicas=number(item, paths.status_replicas) or 0),
        )
        if paths.selector and (selector := _text(item, paths.selector)):
            scale.status.selector = selector
    except WrongType as error:
        raise BadRequest(str(error)) from None
    meta = item.metadata
    for name in ("name", "namespace", "uid", "resourceVersion"):
        setattr(scale.metadata, name, getattr(meta, name))
    scale.metadata.creationTimestamp.CopyFrom(meta.creationTimestamp)
    return scale


def set_replicas(item: CustomObject, paths: Paths, replicas: int) -> None:
    """Write the wanted number of replicas to where it belongs; `BadRequest` if there is something in the way."""
    if replicas == UNSET:
        raise BadRequest(f'the spec replicas field "{paths.replicas}" cannot be empty')
    tree = item.fields
    *way, last = paths.replicas.removeprefix(".").split(".")
    for name in way:
        inner = tree.setdefault(name, {})
        if type(inner) is not dict:
            raise BadRequest(f"value cannot be set because {paths.replicas} is not a map[string]interface{{}}")
        tree = inner
    tree[last] = replicas


def _type_name(value: Any) -> str:
    return GO_TYPES.get(type(value), "int64")


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
