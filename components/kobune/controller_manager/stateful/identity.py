"""Who a pod of a StatefulSet is: its name, its labels, and the claims that are its own.

Source: the documentation's *StatefulSets*, *Pod Identity*.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from kobune.api.apps.v1 import ControllerRevision, StatefulSet
from kobune.api.core.v1 import PersistentVolumeClaim, Pod, PodTemplateSpec, Volume
from kobune.controller_manager.history import POD_LABEL, template_of
from kobune.controller_manager.pods import pod_from

NAME_LABEL = "statefulset.kubernetes.io/pod-name"
INDEX_LABEL = "apps.kubernetes.io/pod-index"


def ordinals(wanted: StatefulSet) -> range:
    """Return the numbers of the pods that a set wants."""
    replicas = wanted.spec.replicas if wanted.spec.HasField("replicas") else 1
    return range(wanted.spec.ordinals.start, wanted.spec.ordinals.start + replicas)


def ordinal_of(pod: Pod, wanted: StatefulSet) -> int | None:
    """Return a pod's number in a set: 3 for `web-3`; None if it is not called like a pod of that set."""
    found = re.fullmatch(r"(.+)-(0|[1-9][0-9]*)", pod.metadata.name)
    return int(found[2]) if found is not None and found[1] == wanted.metadata.name else None


def new_pod(wanted: StatefulSet, ordinal: int, revision: ControllerRevision) -> Pod:
    """Return the pod of that number, made after a revision's template."""
    pod = pod_from(template_of(revision) or PodTemplateSpec(), wanted)
    meta = pod.metadata
    meta.name = f"{wanted.metadata.name}-{ordinal}"
    meta.labels[POD_LABEL] = revision.metadata.name
    meta.labels.update(own_labels(wanted, ordinal))
    pod.spec.hostname = meta.name
    pod.spec.subdomain = wanted.spec.serviceName
    mount(pod, claim_names(wanted, ordinal))
    return pod


def own_labels(wanted: StatefulSet, ordinal: int) -> dict[str, str]:
    """Return the labels that a pod has because of its number."""
    return {NAME_LABEL: f"{wanted.metadata.name}-{ordinal}", INDEX_LABEL: str(ordinal)}


def identified(pod: Pod, wanted: StatefulSet, ordinal: int) -> Pod | None:
    """Return a pod with the labels of its number; None if it has them."""
    labels = own_labels(wanted, ordinal)
    if all(pod.metadata.labels.get(key) == value for key, value in labels.items()):
        return None
    copy = Pod()
    copy.CopyFrom(pod)
    copy.metadata.labels.update(labels)
    return copy


def mount(pod: Pod, claims: Mapping[str, str]) -> None:
    """Give a pod the volumes of its claims, instead of volumes of the same name."""
    others = [volume for volume in pod.spec.volumes if volume.name not in claims]
    volumes = [Volume(name=name) for name in claims]
    for volume in volumes:
        volume.volumeSource.persistentVolumeClaim.claimName = claims[volume.name]
    kept = Pod()
    kept.spec.volumes.extend([*volumes, *others])
    del pod.spec.volumes[:]
    pod.spec.volumes.extend(kept.spec.volumes)


def claim_names(wanted: StatefulSet, ordinal: int) -> dict[str, str]:
    """Return the names of the claims of the pod of that number, by the name of the volume."""
    return {
        claim.metadata.name: f"{claim.metadata.name}-{wanted.metadata.name}-{ordinal}"
        for claim in wanted.spec.volumeClaimTemplates
    }


def new_claims(wanted: StatefulSet, ordinal: int) -> Iterator[PersistentVolumeClaim]:
    """Yield the claims of the pod of that number."""
    names = claim_names(wanted, ordinal)
    for template in wanted.spec.volumeClaimTemplates:
        claim = PersistentVolumeClaim(spec=template.spec)
        claim.metadata.name = names[template.metadata.name]
        claim.metadata.namespace = wanted.metadata.namespace
        claim.metadata.labels.update(template.metadata.labels)
        claim.metadata.labels.update(wanted.spec.selector.matchLabels)
        claim.metadata.annotations.update(template.metadata.annotations)
        yield claim


def revision_of(pod: Pod) -> str:
    """Return the name of the revision that a pod was made after."""
    return pod.metadata.labels.get(POD_LABEL, "")


def by_ordinal(wanted: StatefulSet, pods: Sequence[Pod]) -> dict[int, Pod]:
    """Return the pods of a set by their numbers, lowest first."""
    numbered = [(ordinal, pod) for pod in pods if (ordinal := ordinal_of(pod, wanted)) is not None]
    return dict(sorted(numbered, key=lambda each: each[0]))
