"""What of a pod says where it can run: all that replicas have in common, and nothing else."""

from typing import Any, Final

from kobune.api.core.v1 import Pod

DISKS: Final = ("gcePersistentDisk", "awsElasticBlockStore", "iscsi", "rbd")
"""Volumes that are disks, which few can use at once."""
PLACED: Final = ("persistentVolumeClaim", "ephemeral", "image", *DISKS)
"""Volumes that not all nodes have, or not as soon."""


def template_of(pod: Pod) -> Pod:
    """Return a pod with only what says where it can run. Names of volumes and containers differ between replicas."""
    spec = pod.spec
    template = Pod()
    meta = template.metadata
    meta.namespace = pod.metadata.namespace
    for key, value in pod.metadata.labels.items():
        meta.labels[key] = value
    for owner in pod.metadata.ownerReferences:
        if owner.controller:
            meta.ownerReferences.add(apiVersion=owner.apiVersion, kind=owner.kind, uid=owner.uid)
    kept = template.spec
    for name in ("nodeName", "schedulerName", "preemptionPolicy", "hostNetwork", "priority"):
        if spec.HasField(name):
            setattr(kept, name, getattr(spec, name))
    for key, value in spec.nodeSelector.items():
        kept.nodeSelector[key] = value
    for name in ("affinity", "os"):
        if spec.HasField(name):
            getattr(kept, name).CopyFrom(getattr(spec, name))
    for name in ("tolerations", "topologySpreadConstraints", "resourceClaims"):
        getattr(kept, name).extend(getattr(spec, name))
    for key, amount in spec.overhead.items():
        kept.overhead[key].CopyFrom(amount)
    for container in spec.containers:
        _copy_container(container, kept.containers.add())
    for container in spec.initContainers:
        _copy_container(container, kept.initContainers.add())
    for volume in spec.volumes:
        source = volume.volumeSource
        if any(source.HasField(name) for name in PLACED):
            known = kept.volumes.add()
            known.volumeSource.CopyFrom(source)
            if source.HasField("ephemeral"):
                meta.name, known.name = pod.metadata.name, volume.name  # its claim is named after these
    return template


def forget_claims(template: Pod) -> None:
    """Take the names of its claims of volumes out of a template."""
    for volume in template.spec.volumes:
        source = volume.volumeSource
        if source.HasField("persistentVolumeClaim"):
            source.persistentVolumeClaim.claimName = ""
        elif source.HasField("ephemeral"):
            source.ephemeral.Clear()
            source.ephemeral.SetInParent()
            template.metadata.name = volume.name = ""


def _copy_container(container: Any, copy: Any) -> None:
    copy.image = container.image
    if container.restartPolicy:
        copy.restartPolicy = container.restartPolicy
    if container.HasField("resources"):
        copy.resources.CopyFrom(container.resources)
    for port in container.ports:
        if port.hostPort:
            copy.ports.add(hostPort=port.hostPort, hostIP=port.hostIP, protocol=port.protocol)
