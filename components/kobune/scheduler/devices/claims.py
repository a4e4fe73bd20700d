"""Which claims a pod uses: those that it names, and those that were made for it."""

from collections.abc import Iterator

from kobune.api.core.v1 import Pod, PodResourceClaim
from kobune.api.resource.v1 import ResourceClaim
from kobune.apimachinery.meta import controller_of
from kobune.scheduler.devices.demand import Impossible
from kobune.scheduler.devices.inventory import CLAIMS
from kobune.scheduler.podinfo import PodInfo
from kobune.scheduler.snapshot import Snapshot


def claims_of(pod: PodInfo, cluster: Snapshot) -> Iterator[ResourceClaim]:
    """Yield the claims that a pod uses; `Impossible` says why it cannot."""
    for wanted in pod.spec.resourceClaims:
        if (name := name_of(pod, wanted)) is None:
            raise Impossible(f'pod claim "{wanted.name}": ResourceClaim not created yet')
        if not name:
            continue  # whoever makes its claims says that it needs none
        claim = cluster.objects.get(CLAIMS, pod.metadata.namespace, name)
        if claim is None:
            raise Impossible(f'resourceclaim "{name}" not found')
        if claim.metadata.HasField("deletionTimestamp"):
            raise Impossible(f'resourceclaim "{name}" is being deleted')
        if wanted.resourceClaimTemplateName:
            owner = controller_of(claim.metadata)
            if owner is None or owner.uid != pod.metadata.uid:
                raise Impossible(
                    f"ResourceClaim {pod.metadata.namespace}/{name} was not created for pod {pod.key} "
                    "(pod is not owner)"
                )
        yield claim


def name_of(pod: PodInfo | Pod, wanted: PodResourceClaim) -> str | None:
    """Return the name of a claim that a pod uses: empty if it uses none after all, None if that is not known yet."""
    if wanted.resourceClaimName:
        return wanted.resourceClaimName
    for made in pod.status.resourceClaimStatuses:
        if made.name == wanted.name:
            return made.resourceClaimName
    return None


def names_of(pod: PodInfo) -> frozenset[str]:
    """Return the names of the claims that a pod uses, as far as they are known."""
    return frozenset(name for wanted in pod.spec.resourceClaims if (name := name_of(pod, wanted)))
