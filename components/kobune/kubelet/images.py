"""The images of our nodes: each is pulled when its policy says so, and by one pod at a time."""

import asyncio
import logging
from collections.abc import Callable

from kobune.api.core.v1 import Container, Pod
from kobune.apimachinery.clock import Clock
from kobune.kubelet.cri.runtime import Runtime, RuntimeFailed
from kobune.kubelet.lifecycle.events import ImageFailed, ImageReady
from kobune.kubelet.members import Member
from kobune.vendor.cri import PodSandboxConfig

log = logging.getLogger(__name__)

Record = Callable[[str, str, str], None]
"""Told the type, the reason and the message of an event."""
INVALID = "INVALID_ARGUMENT"


class Images:
    """Which node has which image, as far as this kubelet has pulled it."""

    def __init__(self, runtime: Runtime, clock: Clock) -> None:
        self._runtime = runtime
        self._clock = clock
        self._present: set[tuple[str, str]] = set()
        self._pulls: dict[tuple[str, str], asyncio.Future[None]] = {}

    def has(self, member: Member, image: str) -> None:
        """Note that a node has an image: a container of it was found there."""
        self._present.add((member.name, image))

    async def ensure(
        self, pod: Pod, container: Container, member: Member, sandbox: PodSandboxConfig, record: Record
    ) -> ImageReady | ImageFailed:
        """Have a container's image on its node, and return whether it is there."""
        name, image = container.name, container.image
        key = (member.name, image)
        policy = container.imagePullPolicy or ("Always" if is_latest(image) else "IfNotPresent")
        if policy != "Always" and (pull := self._pulls.get(key)) is not None:
            await asyncio.wait([pull])  # what another pod is pulling is as good as present, or as bad
        if policy != "Always" and key in self._present:
            record("Normal", "Pulled", f'Container image "{image}" already present on machine')
            return ImageReady(name)
        if policy == "Never":
            message = f'Container image "{image}" is not present with pull policy of Never'
            return ImageFailed(name, "ErrImageNeverPull", message)
        record("Normal", "Pulling", f'Pulling image "{image}"')
        log.info("kubelet: pulling %s for %s/%s", image, pod.metadata.namespace, pod.metadata.name)
        began = self._clock.now()
        try:
            await self._pull(key, image, sandbox)
        except RuntimeFailed as error:
            reason = "InvalidImageName" if error.code.name == INVALID else "ErrImagePull"
            return ImageFailed(name, reason, str(error))
        took = duration(self._clock.now() - began)
        record("Normal", "Pulled", f'Successfully pulled image "{image}" in {took} ({took} including waiting)')
        return ImageReady(name)

    async def _pull(self, key: tuple[str, str], image: str, sandbox: PodSandboxConfig) -> None:
        """Pull an image, or wait for who is at it."""
        if (pull := self._pulls.get(key)) is None:
            pull = self._pulls[key] = asyncio.get_running_loop().create_future()
            try:
                await self._runtime.pull_image(image, sandbox)
            except BaseException as error:
                pull.set_exception(
                    error if isinstance(error, RuntimeFailed) else RuntimeError("the pull was broken off")
                )
                pull.exception()  # there may be nobody else to look
                raise
            else:
                self._present.add(key)
                pull.set_result(None)
            finally:
                del self._pulls[key]
        else:
            await asyncio.shield(pull)


def is_latest(image: str) -> bool:
    """Whether an image has no tag, or `latest`: then a new pull may bring another one."""
    if "@" in image:
        return False
    _, colon, tag = image.rpartition("/")[2].partition(":")
    return not colon or tag == "latest"


def duration(seconds: float) -> str:
    """Return a duration as Kubernetes writes it: 12ms, 1.5s."""
    return f"{seconds * 1000:.0f}ms" if seconds < 1 else f"{seconds:.3f}".rstrip("0").rstrip(".") + "s"
