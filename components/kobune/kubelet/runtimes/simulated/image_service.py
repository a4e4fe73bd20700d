"""`runtime.v1.ImageService` of the simulated runtime."""

from typing import Any

from kobune.apimachinery.clock import Clock
from kobune.kubelet.runtimes.simulated.engine import Engine
from kobune.kubelet.runtimes.simulated.images import Reference, image_of, parse
from kobune.kubelet.runtimes.simulated.refusal import Invalid, Missing, answers, unsupported
from kobune.vendor.cri import (
    ImageFsInfoRequest,
    ImageFsInfoResponse,
    ImageStatusRequest,
    ImageStatusResponse,
    ListImagesRequest,
    ListImagesResponse,
    PullImageRequest,
    PullImageResponse,
    RemoveImageRequest,
    RemoveImageResponse,
)
from kobune.vendor.cri.runtime_pb2_grpc import ImageServiceServicer


class ImageService(ImageServiceServicer):
    """Images by name only. Every image exists, but `does-not-exist` and those with the tag `missing`."""

    def __init__(self, engine: Engine, clock: Clock, pull_seconds: float) -> None:
        self._engine = engine
        self._clock = clock
        self._pull_seconds = pull_seconds

    @answers
    async def PullImage(self, request: PullImageRequest) -> PullImageResponse:  # noqa: N802 - the contract's name
        reference = reference_of(request.image.image)
        await self._clock.sleep(self._pull_seconds)
        if not reference.exists:
            name = reference.canonical
            raise Missing(f'failed to pull and unpack image "{name}": failed to resolve reference "{name}": not found')
        self._engine.pulled(reference.canonical)
        return PullImageResponse(image_ref=f"{reference.repository}@{reference.id}")

    @answers
    async def ImageStatus(self, request: ImageStatusRequest) -> ImageStatusResponse:  # noqa: N802
        found = self._find(request.image.image)
        return ImageStatusResponse(image=image_of(found) if found else None)

    @answers
    async def ListImages(self, request: ListImagesRequest) -> ListImagesResponse:  # noqa: N802
        if wanted := request.filter.image.image:
            found = self._find(wanted)
            return ListImagesResponse(images=[image_of(found)] if found else [])
        return ListImagesResponse(images=[image_of(parse(name)) for name in self._engine.inventory.images])

    @answers
    async def RemoveImage(self, request: RemoveImageRequest) -> RemoveImageResponse:  # noqa: N802
        if found := self._find(request.image.image):
            self._engine.remove_image(found.canonical)
        return RemoveImageResponse()

    @answers
    async def ImageFsInfo(self, request: ImageFsInfoRequest) -> ImageFsInfoResponse:  # noqa: N802
        return ImageFsInfoResponse()

    StreamImages: Any = unsupported("StreamImages", "use ListImages")

    def _find(self, name: str) -> Reference | None:
        """Return an image that was pulled, by any of its names or by its id."""
        images = [parse(known) for known in self._engine.inventory.images]
        by_id = next((image for image in images if name in (image.id, f"{image.repository}@{image.id}")), None)
        if by_id is not None:
            return by_id
        reference = reference_of(name)
        return reference if reference.canonical in self._engine.inventory.images else None


def reference_of(name: str) -> Reference:
    """Return the parts of an image's name, or refuse it."""
    try:
        return parse(name)
    except ValueError as error:
        raise Invalid(str(error)) from None
