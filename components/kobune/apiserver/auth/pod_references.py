"""What else a pod needs: the secrets, config maps and claims that its specification names."""

from collections.abc import Iterator
from typing import Any

Reference = tuple[str, str]
"""The plural of a resource, and the name of an object of it in the pod's namespace."""


def references(spec: Any) -> set[Reference]:
    """Return what a pod's kubelet has to read for it."""
    return {reference for reference in _all(spec) if reference[1]}


def _all(spec: Any) -> Iterator[Reference]:
    for secret in spec.imagePullSecrets:
        yield "secrets", secret.name
    for container in (*spec.initContainers, *spec.containers):
        yield from _environment(container)
    for added in spec.ephemeralContainers:
        yield from _environment(added.ephemeralContainerCommon)
    for volume in spec.volumes:
        yield from _volume(volume)
    for claim in spec.resourceClaims:
        yield "resourceclaims", claim.resourceClaimName


def _environment(container: Any) -> Iterator[Reference]:
    for source in container.envFrom:
        yield "secrets", source.secretRef.name
        yield "configmaps", source.configMapRef.name
    for variable in container.env:
        yield "secrets", variable.valueFrom.secretKeyRef.name
        yield "configmaps", variable.valueFrom.configMapKeyRef.name


def _volume(volume: Any) -> Iterator[Reference]:
    source = volume.volumeSource
    yield "secrets", source.secret.secretName
    yield "configmaps", source.configMap.name
    yield "persistentvolumeclaims", source.persistentVolumeClaim.claimName
    yield "secrets", source.azureFile.secretName
    for kind in ("cephfs", "cinder", "csi", "flexVolume", "iscsi", "rbd", "scaleIO", "storageos"):
        driver = getattr(source, kind)
        field = "nodePublishSecretRef" if kind == "csi" else "secretRef"
        yield "secrets", getattr(driver, field).name
    for part in source.projected.sources:
        yield "secrets", part.secret.name
        yield "configmaps", part.configMap.name
