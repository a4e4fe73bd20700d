"""The other kinds: configuration, storage, access, admission."""

from typing import Any

from kobune.apiserver.registry.defaults.fill import fill
from kobune.apiserver.registry.defaults.pod import default_pod_spec


def default_secret(secret: Any) -> None:
    """Fill in a Secret; its `stringData` becomes `data`."""
    fill(secret, type="Opaque")
    for name, value in secret.stringData.items():
        secret.data[name] = value.encode()
    secret.ClearField("stringData")


def default_limit_range(limits: Any) -> None:
    """Fill in a LimitRange: the default is the most that is allowed, the request what the default or the least is."""
    for item in limits.spec.limits:
        if item.type != "Container":
            continue
        for name, value in item.max.items():
            if name not in item.default:
                item.default[name].CopyFrom(value)
        for source in (item.default, item.min):
            for name, value in source.items():
                if name not in item.defaultRequest:
                    item.defaultRequest[name].CopyFrom(value)


def default_persistent_volume(volume: Any) -> None:
    """Fill in a PersistentVolume."""
    fill(volume.spec, persistentVolumeReclaimPolicy="Retain", volumeMode="Filesystem")
    source = volume.spec.persistentVolumeSource
    if source.HasField("hostPath"):
        fill(source.hostPath, type="")


def default_persistent_volume_claim(claim: Any) -> None:
    """Fill in a PersistentVolumeClaim."""
    fill(claim.spec, volumeMode="Filesystem")


def default_storage_class(storage_class: Any) -> None:
    """Fill in a StorageClass."""
    fill(storage_class, reclaimPolicy="Delete", volumeBindingMode="Immediate")


def default_csi_driver(driver: Any) -> None:
    """Fill in a CSIDriver."""
    fill(
        driver.spec,
        attachRequired=True,
        podInfoOnMount=False,
        storageCapacity=False,
        fsGroupPolicy="ReadWriteOnceWithFSType",
        requiresRepublish=False,
        seLinuxMount=False,
    )
    if not driver.spec.volumeLifecycleModes:
        driver.spec.volumeLifecycleModes.append("Persistent")


def default_priority_class(priority_class: Any) -> None:
    """Fill in a PriorityClass."""
    fill(priority_class, preemptionPolicy="PreemptLowerPriority")


def default_binding(binding: Any) -> None:
    """Fill in a role binding: what it refers to is of RBAC's group."""
    fill(binding.roleRef, apiGroup="rbac.authorization.k8s.io")
    for subject in binding.subjects:
        if subject.kind in ("User", "Group"):
            fill(subject, apiGroup="rbac.authorization.k8s.io")


def default_pod_template(template: Any) -> None:
    """Fill in a PodTemplate."""
    default_pod_spec(template.template.spec)


def default_certificate_request(request: Any) -> None:
    """Fill in a CertificateSigningRequest."""
    if not request.spec.usages:
        request.spec.usages.extend(["digital signature", "key encipherment"])


def default_event(event: Any) -> None:
    """Fill in an Event: it counts itself once."""
