"""Volumes that are put together from several sources, and what they and others are told of the pod."""

from collections.abc import Iterator
from typing import Any, Final

from kobune.apimachinery.errors import FieldError
from kobune.apiserver.registry.validation import formats
from kobune.apiserver.registry.validation.causes import each, forbidden, invalid, required, unsupported
from kobune.apiserver.registry.validation.labels import label_selector
from kobune.apiserver.registry.validation.pods.environment import VOLUME_PATHS, field_ref, resource_ref
from kobune.apiserver.registry.validation.signers import signer_name, trust_bundle_name
from kobune.apiserver.registry.validation.volume_sources import key_to_path, mode

SHORTEST: Final = 600
LONGEST: Final = 2**32
CERTIFICATE_SHORTEST: Final = 3600
CERTIFICATE_LONGEST: Final = 91 * 86400
KEY_TYPES: Final = ("RSA3072", "RSA4096", "ECDSAP256", "ECDSAP384", "ECDSAP521", "ED25519")
SOURCES: Final = ("secret", "configMap", "downwardAPI", "serviceAccountToken", "clusterTrustBundle", "podCertificate")
CONFLICT: Final = "conflicting duplicate paths"


def downward(at: str, source: Any) -> Iterator[FieldError]:
    """Check a volume that tells of the pod."""
    yield from mode(at, source, "defaultMode")
    for item in source.items:
        yield from downward_file(at, item)


def downward_file(at: str, item: Any) -> Iterator[FieldError]:
    """Check one file that tells of the pod. Kubernetes leaves its index out of the path."""
    if not item.path:
        yield required(f"{at}.path")
    yield from formats.local_path(f"{at}.path", item.path)
    if item.HasField("fieldRef"):
        yield from field_ref(f"{at}.fieldRef", item.fieldRef, VOLUME_PATHS)
        if item.HasField("resourceFieldRef"):
            yield invalid(at, "resource", "fieldRef and resourceFieldRef can not be specified simultaneously")
    elif item.HasField("resourceFieldRef"):
        yield from resource_ref(f"{at}.resourceFieldRef", item.resourceFieldRef, needs_container=True)
    else:
        yield required(at, "one of fieldRef and resourceFieldRef is required")
    yield from mode(at, item, "mode")


def projected(at: str, source: Any) -> Iterator[FieldError]:
    """Check a volume that is put together."""
    yield from mode(at, source, "defaultMode")
    taken: set[str] = set()
    for index, part in enumerate(source.sources):
        here = f"{at}.sources[{index}]"
        present = [name for name in SOURCES if part.HasField(name)]
        for name in present:
            value = getattr(part, name)
            match name:
                case "secret" | "configMap":
                    yield from _files(at, f"{here}.{name}", value, taken)
                case "downwardAPI":
                    for item in value.items:
                        yield from downward_file(f"{here}.{name}", item)
                        yield from _once(at, item.path, item.path, taken)
                case "serviceAccountToken":
                    yield from _token(at, f"{here}.{name}", value)
                case "clusterTrustBundle":
                    yield from _trust_bundle(f"{here}.clusterTrustBundlePEM", value)
                    yield from _once(at, value.path, value.path, taken)
                case _:
                    yield from _certificate(at, f"{here}.{name}", value, taken)
        if len(present) > 1:
            yield forbidden(here, "may not specify more than 1 volume type")


def _once(at: str, path: str, shown: str, taken: set[str]) -> Iterator[FieldError]:
    if path and path in taken:
        yield invalid(at, shown, CONFLICT)
    taken.add(path)


def _files(at: str, here: str, source: Any, taken: set[str]) -> Iterator[FieldError]:
    name = source.localObjectReference.name
    if not name:
        yield required(f"{here}.name")
    for index, item in enumerate(source.items):
        yield from key_to_path(f"{here}.items[{index}]", item)
        yield from _once(at, item.path, name, taken)


def _token(at: str, here: str, token: Any) -> Iterator[FieldError]:
    seconds = token.expirationSeconds
    if seconds < SHORTEST:
        yield invalid(f"{here}.expirationSeconds", seconds, "may not specify a duration less than 10 minutes")
    if seconds > LONGEST:
        yield invalid(f"{here}.expirationSeconds", seconds, "may not specify a duration larger than 2^32 seconds")
    if not token.path:
        yield required(f"{at}.path")
    else:
        yield from formats.local_path(f"{at}.path", token.path)


def _trust_bundle(at: str, bundle: Any) -> Iterator[FieldError]:
    by_name, by_signer = bundle.HasField("name"), bundle.HasField("signerName")
    if by_name and by_signer:
        yield invalid(at, bundle, "only one of name and signerName may be used")
    elif by_name:
        if not bundle.name:
            yield required(f"{at}.name", "must be a valid object name")
        problems = (f"not a valid clustertrustbundlename: {problem}" for problem in trust_bundle_name(bundle.name))
        yield from each(f"{at}.name", bundle.name, problems)
        if bundle.HasField("labelSelector"):
            yield invalid(
                f"{at}.labelSelector", bundle.labelSelector, "labelSelector must be unset if name is specified"
            )
    elif by_signer:
        if not bundle.signerName:
            yield required(f"{at}.signerName", "must be a valid signer name")
        yield from signer_name(f"{at}.signerName", bundle.signerName)
        if bundle.HasField("labelSelector"):
            yield from label_selector(f"{at}.labelSelector", bundle.labelSelector)
    else:
        yield required(at, "either name or signerName must be specified")
    if not bundle.path:
        yield required(f"{at}.path")
    yield from formats.local_path(f"{at}.path", bundle.path)


def _certificate(at: str, here: str, certificate: Any, taken: set[str]) -> Iterator[FieldError]:
    yield from signer_name(f"{here}.signerName", certificate.signerName)
    if certificate.keyType not in KEY_TYPES:
        yield unsupported(f"{here}.keyType", certificate.keyType, KEY_TYPES)
    if certificate.HasField("maxExpirationSeconds"):
        field, seconds = f"{here}.maxExpirationSeconds", certificate.maxExpirationSeconds
        if seconds < CERTIFICATE_SHORTEST:
            yield invalid(field, seconds, f"if provided, maxExpirationSeconds must be >= {CERTIFICATE_SHORTEST}")
        if seconds > CERTIFICATE_LONGEST:
            yield invalid(field, seconds, f"if provided, maxExpirationSeconds must be <= {CERTIFICATE_LONGEST}")
    paths = ("credentialBundlePath", "keyPath", "certificateChainPath")
    given = [name for name in paths if getattr(certificate, name)]
    if not given:
        yield required(here, "specify at least one of credentialBundlePath, keyPath, and certificateChainPath")
    for name in given:
        path = getattr(certificate, name)
        yield from formats.local_path(f"{here}.{name}", path)
        yield from _once(at, path, path, taken)
