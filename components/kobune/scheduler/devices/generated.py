"""The claims that a controller would make for a pod, for those who ask what would be if there were such a pod."""

from kobune.api.core.v1 import Pod
from kobune.api.meta.v1 import ObjectMeta
from kobune.api.resource.v1 import ResourceClaim
from kobune.apimachinery.meta import controller_reference
from kobune.scheduler.devices.inventory import CLAIMS
from kobune.scheduler.podinfo import PodInfo
from kobune.scheduler.snapshot import Snapshot

TEMPLATES = "resourceclaimtemplates"


def with_claims(pod: PodInfo, cluster: Snapshot) -> PodInfo:
    """Return a pod with its claims made, which the cluster has from now on; those without a template stay unmade."""
    made = {status.name for status in pod.status.resourceClaimStatuses}
    missing = [one for one in pod.spec.resourceClaims if one.resourceClaimTemplateName and one.name not in made]
    if not missing:
        return pod
    copy = Pod()
    copy.CopyFrom(pod.pod)
    for wanted in missing:
        template = cluster.objects.get(TEMPLATES, pod.metadata.namespace, wanted.resourceClaimTemplateName)
        if template is None:
            continue
        name = f"{pod.metadata.name}-{wanted.name}"
        meta = ObjectMeta(
            name=name,
            namespace=pod.metadata.namespace,
            uid=f"{pod.metadata.uid}/{wanted.name}",
            ownerReferences=[controller_reference(pod.pod)],
        )
        cluster.objects.set(CLAIMS, ResourceClaim(metadata=meta, spec=template.spec.spec))
        copy.status.resourceClaimStatuses.add(name=wanted.name, resourceClaimName=name)
    return PodInfo(copy)
