"""The names of those who sign certificates, and of the bundles of what they trust."""

from collections.abc import Iterator
from typing import Final

from kobune.apimachinery import names
from kobune.apimachinery.errors import FieldError
from kobune.apiserver.registry.validation.causes import invalid, required, too_long

LONGEST: Final = 571
"""A domain, a slash, a namespace, a dot and a name."""


def signer_name(at: str, name: str) -> Iterator[FieldError]:
    """Check the name of a signer: a domain and a path, `example.com/signer-name`."""
    if not name:
        yield required(at)
        return
    domain, slash, path = name.partition("/")
    if not slash or "/" in path:
        yield invalid(at, name, "must be a fully qualified domain and path of the form 'example.com/signer-name'")
        return
    if problems := names.dns_subdomain(domain):
        yield from (invalid(at, domain, f"validating label {domain!r}: {problem}") for problem in problems)
    elif "." not in domain:
        yield invalid(at, domain, "should be a domain with at least two segments separated by dots")
    if len(path.encode()) > LONGEST:
        yield too_long(at, LONGEST)
    for label in path.split("."):
        for problem in names.dns_subdomain(label):
            yield invalid(at, path, f'validating label "{label}": {problem}')


def trust_bundle_name(name: str, signer: str = "") -> list[str]:
    """The rule of a bundle's name: with a signer, it begins with the signer's name and colons between the parts."""
    if not signer:
        # A name with parts belongs to the signer that it begins with.
        parts = name.split(":")
        if len(parts) >= 3:
            signer = f"{parts[0]}/{':'.join(parts[1:-1])}"
        else:
            return (
                ['ClusterTrustBundle without signer name must not have ":" in its name']
                if ":" in name
                else names.dns_subdomain(name)
            )
    prefix = signer.replace("/", ":") + ":"
    if not name.startswith(prefix):
        return [f"ClusterTrustBundle for signerName {signer} must be named with prefix {prefix}"]
    return names.dns_subdomain(name.removeprefix(prefix))
