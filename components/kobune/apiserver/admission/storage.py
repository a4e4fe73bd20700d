"""Claims and volumes: their default class, what may grow, and what is not pulled away under its users."""

from typing import Any, Final

from kobune.apimachinery.quantity import parse
from kobune.apiserver.admission.chain import Write
from kobune.apiserver.admission.refusal import refused

IS_DEFAULT: Final = ("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class")
CLASS_ANNOTATION: Final = "volume.beta.kubernetes.io/storage-class"
PROTECTION: Final = {
    "persistentvolumeclaims": "kubernetes.io/pvc-protection",
    "persistentvolumes": "kubernetes.io/pv-protection",
    "volumeattributesclasses": "kubernetes.io/vac-protection",
}


class DefaultStorageClass:
    """Gives claims that name no class the one that counts for everyone: the newest, should there be several."""

    resources = frozenset({"persistentvolumeclaims"})

    def mutate(self, write: Write) -> None:
        if write.operation != "CREATE" or not write.is_plain:
            return
        claim = write.new
        if claim.spec.HasField("storageClassName") or CLASS_ANNOTATION in claim.metadata.annotations:
            return
        found = write.api.select("storageclasses", where=_is_default)
        if found:
            claim.spec.storageClassName = newest(found).metadata.name


class StorageObjectInUseProtection:
    """Marks claims and volumes, so that they go only when nobody uses them any more."""

    resources = frozenset(PROTECTION)

    def mutate(self, write: Write) -> None:
        if write.operation != "CREATE" or not write.is_plain:
            return
        finalizer = PROTECTION[write.call.plural]
        if finalizer not in write.new.metadata.finalizers:
            write.new.metadata.finalizers.append(finalizer)


class PersistentVolumeClaimResize:
    """Lets claims grow only if they were provisioned by a class that allows it."""

    resources = frozenset({"persistentvolumeclaims"})

    def validate(self, write: Write) -> None:
        if write.operation != "UPDATE" or not write.is_plain:
            return
        new, old = (_size(claim) for claim in (write.new, write.old))
        if new <= old or write.old.status.phase != "Bound":
            return
        name = write.new.spec.storageClassName or write.new.metadata.annotations.get(CLASS_ANNOTATION, "")
        found = write.api.find("storageclasses", "", name) if name else None
        if found is None or not found.allowVolumeExpansion:
            why = (
                "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must "
                "support resize"
            )
            raise refused(write, why)


def newest(found: list[Any]) -> Any:
    """Return the object that was made last, of several made at once the first by name."""
    by_name = sorted(found, key=lambda item: str(item.metadata.name))
    return max(by_name, key=lambda item: item.metadata.creationTimestamp.seconds)


def _is_default(storage_class: Any) -> bool:
    return any(storage_class.metadata.annotations.get(name) == "true" for name in IS_DEFAULT)


def _size(claim: Any) -> Any:
    requests = claim.spec.resources.requests
    return parse(requests["storage"].string) if "storage" in requests else 0
