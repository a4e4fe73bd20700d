"""The volumes of a pod, before its containers start: claims must be bound, and what is attached must be there.

Simulated containers see nothing of their volumes. Other runtimes get host paths mounted, whether a pod names them
itself or has them by a claim; of other kinds of volumes there is nothing to mount. Source: *Volumes*.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from kobune.api.core.v1 import Container, HostPathVolumeSource, PersistentVolume, PersistentVolumeClaim, Pod
from kobune.api.storage.v1 import VolumeAttachment
from kobune.apimachinery.clock import Clock
from kobune.apimachinery.errors import ApiError, NotFound
from kobune.apimachinery.volumes import DRIVER, claim_name, is_bound_to
from kobune.client import Client
from kobune.vendor.cri import Mount

BOUND_WITHIN_SECONDS: Final = 1.0
"""Between a claim's being given its volume and its being called bound."""
LOOKS_AGAIN_SECONDS: Final = 0.01
LONGEST_LOOK_SECONDS: Final = 1.0
ATTACHED_WITHIN_SECONDS: Final = 15.0


class NotReady(Exception):
    """A pod cannot start yet; its text is for the event."""


@dataclass(frozen=True)
class Prepared:
    """The volumes of a pod."""

    paths: Mapping[str, str]
    """By the name in the pod: where a volume is on the node, for those that are a path there."""
    in_use: Sequence[str] = ()
    """What nodes call those that had to be attached."""


class Volumes:
    """Gets the volumes of pods ready."""

    def __init__(self, client: Client, clock: Clock, *, mounts: bool) -> None:
        """`mounts` says whether the runtime mounts anything: only then do paths matter."""
        self._client = client
        self._clock = clock
        self._mounts = mounts

    async def prepare(self, pod: Pod, node: str, is_wanted: Callable[[], bool]) -> Prepared:
        """Return a pod's volumes once they are there; `NotReady` if they are not, or the pod is not wanted any more."""
        paths, in_use = {}, []
        for volume in pod.spec.volumes:
            if volume.volumeSource.HasField("hostPath"):
                paths[volume.name] = self._checked(volume.volumeSource.hostPath, volume.name)
            elif name := claim_name(pod, volume):
                try:
                    found = await self._volume_of(pod, name)
                    source = found.spec.persistentVolumeSource
                    if source.HasField("csi") and source.csi.driver == DRIVER:
                        await self._attached(found, node, is_wanted)
                        in_use.append(f"kubernetes.io/csi/{DRIVER}^{source.csi.volumeHandle}")
                    elif source.HasField("hostPath"):
                        paths[volume.name] = self._checked(source.hostPath, found.metadata.name)
                    elif source.HasField("local"):
                        paths[volume.name] = source.local.path
                except NotReady as why:
                    raise NotReady(_told(volume.name, str(why))) from None
                except ApiError as error:
                    full = f"error processing PVC {pod.metadata.namespace}/{name}: {error.message}"
                    raise NotReady(_told(volume.name, full)) from None
        return Prepared(paths, in_use)

    def _checked(self, source: HostPathVolumeSource, name: str) -> str:
        """Return a path on the node, once it is what is said of it."""
        if self._mounts and (why := host_path_problem(source.path, source.type)):
            raise NotReady(f'MountVolume.SetUp failed for volume "{name}" : hostPath type check failed: {why}')
        return source.path

    async def _volume_of(self, pod: Pod, name: str) -> PersistentVolume:
        namespace = pod.metadata.namespace
        begin = f"error processing PVC {namespace}/{name}"
        try:
            claim = await self._claim(namespace, name)
        except NotFound as error:
            raise NotReady(f"{begin}: failed to fetch PVC from API server: {error.message}") from None
        spec = claim.spec
        if claim.status.phase != "Bound" or not spec.volumeName:
            why = f'has non-bound phase ("{claim.status.phase}") or empty pvc.Spec.VolumeName ("{spec.volumeName}")'
            raise NotReady(f"{begin}: PVC {namespace}/{name} {why}")
        volume = await self._client.get(PersistentVolume, spec.volumeName)
        if not is_bound_to(volume, claim):
            why = f"PV {spec.volumeName} is not bound to the expected PVC {namespace}/{name}"
            raise NotReady(f"{begin}: {why}")
        return volume

    async def _claim(self, namespace: str, name: str) -> PersistentVolumeClaim:
        """Return a claim; one that names its volume already is given a moment to be called bound, too."""
        until, wait = self._clock.now() + BOUND_WITHIN_SECONDS, LOOKS_AGAIN_SECONDS
        while True:
            claim = await self._client.get(PersistentVolumeClaim, name, namespace)
            is_nearly_bound = claim.spec.volumeName and claim.status.phase != "Bound"
            if not is_nearly_bound or self._clock.now() > until:
                return claim
            await self._clock.sleep(wait)
            wait *= 2

    async def _attached(self, volume: PersistentVolume, node: str, is_wanted: Callable[[], bool]) -> None:
        """Return as soon as a volume is attached to a node."""
        csi = volume.spec.persistentVolumeSource.csi
        name = f"csi-{hashlib.sha256(f'{csi.volumeHandle}{csi.driver}{node}'.encode()).hexdigest()}"
        until, wait = self._clock.now() + ATTACHED_WITHIN_SECONDS, LOOKS_AGAIN_SECONDS
        while is_wanted():
            try:
                attachment = await self._client.get(VolumeAttachment, name)
            except ApiError:
                attachment = None  # it is not there, or this node may not see it before it is
            if attachment is not None and attachment.status.attached:
                return
            if self._clock.now() > until:
                break
            await self._clock.sleep(wait)
            wait = min(2 * wait, LONGEST_LOOK_SECONDS)
        raise NotReady("timed out waiting for the condition")


def host_path_problem(path: str, type: str) -> str:
    """Make what may be made, and return why a path is not what it is to be; empty if it is."""
    match type:
        case "DirectoryOrCreate":
            Path(path).mkdir(mode=0o755, parents=True, exist_ok=True)
        case "FileOrCreate":
            Path(path).touch(mode=0o644)
    kind, is_so = KINDS.get(type.removesuffix("OrCreate"), ("", None))
    return "" if is_so is None or is_so(Path(path)) else f"{path} is not a {kind}"


KINDS: Final[Mapping[str, tuple[str, Callable[[Path], bool]]]] = {
    "Directory": ("directory", Path.is_dir),
    "File": ("file", Path.is_file),
    "Socket": ("socket", Path.is_socket),
    "CharDevice": ("character device", Path.is_char_device),
    "BlockDevice": ("block device", Path.is_block_device),
}
"""What a host path may have to be."""


def _told(volume: str, why: str) -> str:
    unmounted = f"unmounted volumes=[{volume}], unattached volumes=[], failed to process volumes=[{volume}]"
    return f"Unable to attach or mount volumes: {unmounted}: {why}"


def mounts_of(container: Container, paths: Mapping[str, str]) -> Iterable[Mount]:
    """Yield what is mounted into a container, of volumes that are paths on the node."""
    for mount in container.volumeMounts:
        path = paths.get(mount.name)
        if path is not None:
            below = f"{path}/{mount.subPath}" if mount.subPath else path
            yield Mount(container_path=mount.mountPath, host_path=below, readonly=mount.readOnly)


def has_volumes(pod: Pod) -> bool:
    """Whether anything has to be looked up for a pod, or mounted."""
    source: Any
    for volume in pod.spec.volumes:
        source = volume.volumeSource
        if any(source.HasField(name) for name in ("persistentVolumeClaim", "ephemeral", "hostPath")):
            return True
    return False
