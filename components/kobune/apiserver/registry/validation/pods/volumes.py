"""The volumes of a pod."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from kobune.api.core.v1 import ProjectedVolumeSource
from kobune.apimachinery import names
from kobune.apimachinery.errors import FieldError
from kobune.apiserver.registry.validation.causes import duplicate, each, forbidden, invalid, required
from kobune.apiserver.registry.validation.claims import claim_template
from kobune.apiserver.registry.validation.projections import downward, projected
from kobune.apiserver.registry.validation.volume_sources import iscsi_name_length, source_rules

NAMED_OTHERWISE = {"cephfs": "cephFS", "downwardAPI": "downwarAPI"}
"""What Kubernetes calls a source, by its field, when there is another one already."""
ORDER = (
    *("emptyDir", "hostPath", "gitRepo", "gcePersistentDisk", "awsElasticBlockStore", "secret", "nfs", "iscsi"),
    *("glusterfs", "flocker", "persistentVolumeClaim", "rbd", "cinder", "cephfs", "quobyte", "downwardAPI", "fc"),
    *("flexVolume", "configMap", "azureFile", "vsphereVolume", "photonPersistentDisk", "portworxVolume", "azureDisk"),
    *("storageos", "projected", "scaleIO", "csi", "ephemeral", "image"),
)
"""In which order the sources are looked at: the first one counts."""
RANKS = {name: rank for rank, name in enumerate(ORDER)}


def volumes(at: str, found: Any, pod_name: str, good: dict[str, Any]) -> Iterator[FieldError]:
    """Check the volumes of a pod, and add the sources of the good ones to `good`, by name."""
    made = set()
    if pod_name:
        made = {f"{pod_name}-{volume.name}" for volume in found if volume.volumeSource.HasField("ephemeral")}
    for index, volume in enumerate(found):
        here = f"{at}[{index}]"
        causes = [*_source(here, volume, pod_name), *_name(f"{here}.name", volume.name, good)]
        if causes:
            yield from causes
        else:
            good[volume.name] = volume.volumeSource
        claim = volume.volumeSource.persistentVolumeClaim.claimName if made else ""
        if claim in made:
            why = "must not reference a PVC that gets created for an ephemeral volume"
            yield invalid(f"{here}.persistentVolumeClaim.claimName", claim, why)


def _name(at: str, name: str, good: dict[str, Any]) -> Iterator[FieldError]:
    if not name:
        yield required(at)
    elif problems := names.dns_label(name):
        yield from each(at, name, problems)
    if name in good:
        yield duplicate(at, name)


def _source(at: str, volume: Any, pod_name: str) -> Iterator[FieldError]:
    present = [field.name for field, _ in volume.volumeSource.ListFields()]
    if not present:
        yield required(at, "must specify a volume type")
        return
    first, *others = sorted(present, key=RANKS.__getitem__) if len(present) > 1 else present
    source = getattr(volume.volumeSource, first)
    match first:
        case "projected":
            if not _is_good(source.SerializeToString()):
                yield from projected(f"{at}.projected", source)
        case "downwardAPI":
            yield from downward(f"{at}.downwardAPI", source)
        case "ephemeral":
            yield from _ephemeral(at, source, volume.name, pod_name)
        case _:
            yield from source_rules(at, first, source)
    for name in others:
        yield forbidden(f"{at}.{NAMED_OTHERWISE.get(name, name)}", "may not specify more than 1 volume type")
    if "iscsi" in present:
        yield from iscsi_name_length(at, volume.name, volume.volumeSource.iscsi, field="name")


@lru_cache(maxsize=64)
def _is_good(projection: bytes) -> bool:
    """Whether nothing is wrong with a projected volume: nearly every pod has the very same one."""
    return not any(projected("", ProjectedVolumeSource.FromString(projection)))


def _ephemeral(at: str, source: Any, volume: str, pod_name: str) -> Iterator[FieldError]:
    here = f"{at}.ephemeral.volumeClaimTemplate"
    if not source.HasField("volumeClaimTemplate"):
        yield required(here)
    else:
        yield from claim_template(here, source.volumeClaimTemplate)
    if pod_name and volume:
        claim = f"{pod_name}-{volume}"
        problems = (f'PVC name "{claim}": {problem}' for problem in names.dns_subdomain(claim))
        yield from each(f"{at}.name", volume, problems)
