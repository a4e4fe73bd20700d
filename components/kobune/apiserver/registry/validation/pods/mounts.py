"""Where a container finds the volumes of its pod: as folders, or as block devices."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from kobune.apimachinery.errors import FieldError
from kobune.apiserver.registry.validation import formats
from kobune.apiserver.registry.validation.causes import forbidden, invalid, not_found, required, unsupported

PROPAGATIONS: Final = ("Bidirectional", "HostToContainer", "None")
RECURSIVE: Final = ("Disabled", "Enabled", "IfPossible")


def mounts(at: str, container: Any, volumes: Mapping[str, Any]) -> Iterator[FieldError]:
    """Check the folders that a container mounts; `volumes` are the sources of the pod's good volumes by name."""
    devices = {device.name: device.devicePath for device in container.volumeDevices}
    taken: set[str] = set()
    for index, mount in enumerate(container.volumeMounts):
        name, path = mount.name, mount.mountPath
        if not name:
            yield required(f"{at}[{index}].name")
        if name not in volumes:
            yield not_found(f"{at}[{index}].name", name)
        if not path:
            yield required(f"{at}[{index}].mountPath")
        if path in taken:
            yield invalid(f"{at}[{index}].mountPath", path, "must be unique")
        taken.add(path)
        if devices:
            if name in devices:
                yield invalid(f"{at}[{index}].name", name, "must not already exist in volumeDevices")
            if path in devices.values():
                yield invalid(f"{at}[{index}].mountPath", path, "must not already exist as a path in volumeDevices")
        if mount.subPath or mount.subPathExpr:
            yield from _below(at, index, mount)
        if mount.HasField("mountPropagation"):
            yield from _propagation(f"{at}.mountPropagation", mount.mountPropagation, container)
        if mount.HasField("recursiveReadOnly"):
            yield from _recursive(f"{at}.recursiveReadOnly", mount)
        if mount.mountPropagation not in ("", "None") and name in volumes and volumes[name].HasField("image"):
            yield forbidden(f"{at}[{index}].mountPropagation", "may only be 'None' for image volumes")


def _below(at: str, index: int, mount: Any) -> Iterator[FieldError]:
    # Kubernetes leaves the index out of these paths.
    yield from formats.descending_path(f"{at}.subPath", mount.subPath)
    if mount.subPathExpr:
        if mount.subPath:
            why = "subPathExpr and subPath are mutually exclusive"
            yield invalid(f"{at}[{index}].subPathExpr", mount.subPathExpr, why)
        yield from formats.descending_path(f"{at}.subPathExpr", mount.subPathExpr)


def _propagation(at: str, mode: str, container: Any) -> Iterator[FieldError]:
    if mode not in PROPAGATIONS:
        yield unsupported(at, mode, PROPAGATIONS)
    if mode == "Bidirectional" and not container.securityContext.privileged:
        yield forbidden(at, "Bidirectional mount propagation is available only to privileged containers")


def _recursive(at: str, mount: Any) -> Iterator[FieldError]:
    mode = mount.recursiveReadOnly
    if mode not in RECURSIVE:
        yield unsupported(at, mode, RECURSIVE)
    elif mode != "Disabled":
        if not mount.readOnly:
            yield forbidden(at, "may only be specified when readOnly is true")
        if mount.HasField("mountPropagation") and mount.mountPropagation != "None":
            yield forbidden(at, "may only be specified when mountPropagation is None or not specified")


def devices(at: str, container: Any, volumes: Mapping[str, Any]) -> Iterator[FieldError]:
    """Check the block devices of a container."""
    mounted = {mount.name: mount.mountPath for mount in container.volumeMounts}
    paths: set[str] = set()
    taken: set[str] = set()
    for index, device in enumerate(container.volumeDevices):
        name, path, here = device.name, device.devicePath, f"{at}[{index}]"
        if not name:
            yield required(f"{here}.name")
        if name in taken:
            yield invalid(f"{here}.name", name, "must be unique")
        source = volumes.get(name)
        if source is None:
            yield not_found(f"{here}.name", name)
        elif not source.HasField("persistentVolumeClaim") and not source.HasField("ephemeral"):
            why = "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode"
            yield invalid(f"{here}.name", name, why)
        if not path:
            yield required(f"{here}.devicePath")
        if path in paths:
            yield invalid(f"{here}.devicePath", path, "must be unique")
        if ".." in path.split("/"):
            yield invalid(f"{here}.devicePath", path, "can not contain backsteps ('..')")
        else:
            paths.add(path)
        if name in mounted:
            yield invalid(f"{here}.name", name, "must not already exist in volumeMounts")
        if path in mounted.values():
            yield invalid(f"{here}.devicePath", path, "must not already exist as a path in volumeMounts")
        if name:
            taken.add(name)
