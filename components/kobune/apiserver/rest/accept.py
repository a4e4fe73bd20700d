"""In which form a client wants its answer."""

from dataclasses import dataclass
from functools import lru_cache

from kobune.apimachinery.errors import NotAcceptable
from kobune.apiserver import media

ENCODINGS = {
    media.JSON: media.JSON,
    media.YAML: media.YAML,
    media.PROTOBUF: media.PROTOBUF,
    "*/*": media.JSON,
    "application/*": media.JSON,
}
TRANSFORMS = ("Table", "PartialObjectMetadata", "PartialObjectMetadataList")


@dataclass(frozen=True, slots=True)
class Wish:
    """An encoding, and whether objects are to be shown as rows of a table or by their metadata only."""

    encoding: str = media.JSON
    transform: str = ""
    """Empty, Table, or PartialObjectMetadata."""
    pretty: bool = False


@lru_cache(maxsize=1024)
def parse(header: str, pretty: bool = False) -> Wish:
    """Return the first form in an `Accept` header that we have; `NotAcceptable` if there is none."""
    if not header:
        return Wish(pretty=pretty)
    for choice in header.split(","):
        media_type, _, parameters = choice.strip().partition(";")
        encoding = ENCODINGS.get(media_type.strip())
        if encoding is None:
            continue
        options = dict(part.strip().split("=", 1) for part in parameters.split(";") if "=" in part)
        transform = options.get("as", "")
        if transform and (transform not in TRANSFORMS or options.get("g") != "meta.k8s.io" or options.get("v") != "v1"):
            continue
        if transform == "Table" and encoding == media.PROTOBUF:
            continue
        return Wish(encoding, transform.removesuffix("List"), pretty)
    raise NotAcceptable(
        "only the following media types are accepted: application/json, application/yaml, "
        "application/vnd.kubernetes.protobuf"
    )
