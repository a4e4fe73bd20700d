"""Images that are never there: their names, and what pulling them would give."""

import hashlib
from dataclasses import dataclass

from kobune.vendor.cri import Image, ImageSpec

MISSING_NAME = "does-not-exist"
MISSING_TAG = "missing"


@dataclass(frozen=True)
class Reference:
    """The name of an image, taken apart."""

    repository: str
    """docker.io/library/nginx."""
    tag: str
    digest: str

    @property
    def canonical(self) -> str:
        """The full name: docker.io/library/nginx:latest."""
        return f"{self.repository}@{self.digest}" if self.digest else f"{self.repository}:{self.tag}"

    @property
    def exists(self) -> bool:
        """Whether the registry that nobody asks has it."""
        return self.tag != MISSING_TAG and MISSING_NAME not in self.repository.rpartition("/")[2]

    @property
    def id(self) -> str:
        """What the image would be known by, whatever its tags."""
        return self.digest or f"sha256:{hashlib.sha256(self.canonical.encode()).hexdigest()}"


def parse(name: str) -> Reference:
    """Return the parts of a name such as `nginx`, `quay.io/a/b:1.2` or `nginx@sha256:…`; `ValueError` for no name."""
    path, _, digest = name.partition("@")
    host, slash, rest = path.partition("/")
    if not slash or not (("." in host) or (":" in host) or host == "localhost"):
        host, rest = "docker.io", path if slash else f"library/{path}"
    rest, _, tag = rest.partition(":")
    if not rest or rest.endswith("/") or rest != rest.lower() or any(sign.isspace() for sign in name):
        raise ValueError(f'couldn\'t parse image name "{name}": invalid reference format')
    return Reference(f"{host}/{rest}", "" if digest else tag or "latest", digest)


def image_of(reference: Reference) -> Image:
    """Return what CRI tells of an image."""
    return Image(
        id=reference.id,
        repo_tags=[] if reference.digest else [reference.canonical],
        repo_digests=[f"{reference.repository}@{reference.id}"],
        size=size_of(reference),
        spec=ImageSpec(image=reference.id),
    )


def size_of(reference: Reference) -> int:
    """Return how many bytes the image would have: always the same for a name, 5 to 105 MB."""
    return 5_000_000 + int(reference.id.rpartition(":")[2][:12] or "0", 16) % 100_000_000
