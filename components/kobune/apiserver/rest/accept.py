"""In which form a client wants its answer."""

from dataclasses import dataclass
from functools import lru_cache

from kobune.api.meta.v1 import StatusDetails
from kobune.apimachinery.errors import NotAcceptable
from kobune.apiserver import media

ENCODINGS = {
    media.JSON: media.JSON,
    media.YAML: media.YAML,
    media.PROTOBUF: media.PROTOBUF,
    "*/*": media.JSON,
    "application/*": media.JSON,
}
KNOWN = ", ".join((media.JSON, media.YAML, media.PROTOBUF))
GROUP = "meta.k8s.io"
TRANSFORMS = ("Table", "PartialObjectMetadata", "PartialObjectMetadataList")
VERSIONS = ("v1", "v1beta1")
"""Of the group that has these forms; they differ by nothing but their names."""


@dataclass(frozen=True, slots=True)
class Wish:
    """An encoding, and whether objects are to be shown as rows of a table or by their metadata only."""

    encoding: str = media.JSON
    transform: str = ""
    """Empty, Table, PartialObjectMetadata, or the same with List."""
    pretty: bool = False
    version: str = "v1"
    """Of the group of these forms."""

    @property
    def api_version(self) -> str:
        """What these forms say of their version."""
        return f"{GROUP}/{self.version}"


@lru_cache(maxsize=1024)
def parse(header: str, pretty: bool = False, protobuf: bool = True) -> Wish:
    """Return the first form in an `Accept` header that we have; `NotAcceptable` if there is none.

    Without `protobuf`, objects cannot have that form, but their metadata can.
    """
    if not header:
        return Wish(pretty=pretty)
    is_known = False
    for media_type, options in choices(header):
        encoding = ENCODINGS.get(media_type)
        if encoding is None:
            continue
        is_known = True
        transform = options.get("as", "")
        if transform and (transform not in TRANSFORMS or options.get("g") != GROUP or options.get("v") not in VERSIONS):
            continue
        if encoding == media.PROTOBUF and (transform == "Table" or not (transform or protobuf)):
            continue
        return Wish(encoding, transform, pretty or options.get("pretty") == "1", options["v"] if transform else "v1")
    if is_known:
        raise NotAcceptable(f"only the following media types are accepted: {KNOWN}")
    raise NotAcceptable(f"406: Not Acceptable\n\nAvailable representations: {KNOWN}", StatusDetails())


def choices(header: str) -> list[tuple[str, dict[str, str]]]:
    """Return the media types of an `Accept` header with their parameters, the most wanted first."""
    found = []
    for choice in header.split(","):
        media_type, _, parameters = choice.partition(";")
        options = dict(part.strip().split("=", 1) for part in parameters.split(";") if "=" in part)
        found.append((media_type.strip(), options))
    return sorted(found, key=lambda choice: -_weight(choice[1].get("q", "1")))


def _weight(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
