"""Where the contents of a volume come from: what each kind of source needs, in pods and in persistent volumes.

Most sources only need some fields to be there: they are rows of a table. Those that need more have a rule.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from kobune.apimachinery import names
from kobune.apimachinery.errors import FieldError
from kobune.apiserver.registry.validation import formats
from kobune.apiserver.registry.validation.causes import each, forbidden, invalid, known, required, too_long, unsupported

Rule = Callable[[str, Any], Iterator[FieldError]]

HOST_PATH_TYPES: Final = (
    *("", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"),
)
MODES: Final = "must be a number between 0 and 0777 (octal), both inclusive"
RESERVED: Final = (".kubernetes.io", ".k8s.io")
MANAGED: Final = "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}"
BLOB: Final = "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd"
ISCSI_NAME: Final = (
    "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is "
    "specified."
)
REGISTRY: Final = "must be a host:port pair or multiple pairs separated by commas"

NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "awsElasticBlockStore": ("volumeID",),
    "azureFile": ("secretName", "shareName"),
    "cephfs": ("monitors",),
    "cinder": ("volumeID",),
    "flexVolume": ("driver",),
    "gcePersistentDisk": ("pdName",),
    "gitRepo": ("repository",),
    "glusterfs": ("endpoints", "path"),
    "iscsi": ("targetPortal", "iqn"),
    "nfs": ("server", "path"),
    "persistentVolumeClaim": ("claimName",),
    "photonPersistentDisk": ("pdID",),
    "portworxVolume": ("volumeID",),
    "rbd": ("monitors", "image"),
    "scaleIO": ("gateway", "system", "volumeName"),
    "storageos": ("volumeName",),
    "vsphereVolume": ("volumePath",),
}
"""By source: the fields that must not be empty."""

_ISCSI: Final = {
    "iqn": re.compile(r"iqn\.\d{4}-\d{2}\.([a-zA-Z0-9.-]+)(:[^,;*&$|\s]+)$", re.ASCII),
    "eui": re.compile(r"^eui.[a-zA-Z0-9]{16}$"),
    "naa": re.compile(r"^naa.[a-zA-Z0-9]{32}$"),
}


def source_rules(at: str, name: str, source: Any) -> Iterator[FieldError]:
    """Check one source, `name` being the field that holds it."""
    # The path of this one differs from the field, in Kubernetes too.
    here = f"{at}.persistentDisk" if name == "gcePersistentDisk" else f"{at}.{name}"
    for field in NEEDED.get(name, ()):
        if not getattr(source, field):
            yield required(f"{here}.{field}")
    if rule := RULES.get(name):
        yield from rule(here, source)


def mode(at: str, source: Any, field: str) -> Iterator[FieldError]:
    """Check the permissions of files."""
    if source.HasField(field) and not 0 <= (value := getattr(source, field)) <= 0o777:
        yield invalid(f"{at}.{field}", value, MODES)


def key_to_path(at: str, item: Any) -> Iterator[FieldError]:
    """Check which key of a config map or secret becomes which file."""
    for field in ("key", "path"):
        if not getattr(item, field):
            yield required(f"{at}.{field}")
    yield from formats.local_path(f"{at}.path", item.path)
    yield from mode(at, item, "mode")


def csi_driver_name(at: str, name: str) -> Iterator[FieldError]:
    """Check the name of a CSI driver."""
    if not name:
        yield required(at)
        return
    if len(name.encode()) > 63:
        yield too_long(at, 63)
    yield from each(at, name, names.dns_subdomain(name.lower()))


def iscsi_name_length(at: str, volume: str, source: Any, *, field: str) -> Iterator[FieldError]:
    """Check that an iSCSI initiator's name does not become too long."""
    portal = source.targetPortal
    if source.HasField("initiatorName") and len(f"{volume}:{portal}".encode()) > 64:
        yield invalid(f"{at}.{field}", portal if field == "targetportal" else volume, ISCSI_NAME)


def _host_path(at: str, source: Any) -> Iterator[FieldError]:
    if not source.path:
        yield required(f"{at}.path")
        return
    yield from formats.backsteps(f"{at}.path", source.path)
    yield from known(f"{at}.type", source, "type", HOST_PATH_TYPES)


def _disk(at: str, source: Any) -> Iterator[FieldError]:
    if not 0 <= source.partition <= 255:
        yield invalid(f"{at}.partition", source.partition, "must be between 1 and 255, inclusive")


def _git(at: str, source: Any) -> Iterator[FieldError]:
    yield from formats.descending_path(f"{at}.directory", source.directory)


def _nfs(at: str, source: Any) -> Iterator[FieldError]:
    if not source.path.startswith("/"):
        yield invalid(f"{at}.path", source.path, "must be an absolute path")


def _files(at: str, source: Any) -> Iterator[FieldError]:
    field = "secretName" if "secretName" in source.DESCRIPTOR.fields_by_name else "name"
    name = source.secretName if field == "secretName" else source.localObjectReference.name
    if not name:
        yield required(f"{at}.{field}")
    yield from mode(at, source, "defaultMode")
    for index, item in enumerate(source.items):
        yield from key_to_path(f"{at}.items[{index}]", item)


def _iscsi(at: str, source: Any) -> Iterator[FieldError]:
    unknown = "must be valid format starting with iqn, eui, or naa"
    is_persistent = "Persistent" in source.DESCRIPTOR.name
    if source.iqn:
        yield from _qualified(f"{at}.iqn", source.iqn, "must be valid format" if is_persistent else unknown)
    if not 0 <= source.lun <= 255:
        yield invalid(f"{at}.lun", source.lun, "must be between 0 and 255, inclusive")
    if (source.chapAuthDiscovery or source.chapAuthSession) and not source.HasField("secretRef"):
        yield required(f"{at}.secretRef")
    if is_persistent and source.HasField("secretRef") and not source.secretRef.name:
        yield required(f"{at}.secretRef.name")
    if source.HasField("initiatorName"):
        why = "must be valid format" if is_persistent else unknown
        yield from _qualified(f"{at}.initiatorname", source.initiatorName, why)


def _qualified(at: str, name: str, unknown: str) -> Iterator[FieldError]:
    pattern = _ISCSI.get(name[:3])
    if pattern is None:
        yield invalid(at, name, unknown)
    elif not pattern.search(name):
        yield invalid(at, name, "must be valid format")


def _fibre_channel(at: str, source: Any) -> Iterator[FieldError]:
    field = f"{at}.targetWWNs"
    if not source.targetWWNs and not source.wwids:
        yield required(field, "must specify either targetWWNs or wwids, but not both")
    if source.targetWWNs and source.wwids:
        yield invalid(field, source.targetWWNs, "targetWWNs and wwids can not be specified simultaneously")
    if source.targetWWNs:
        if not source.HasField("lun"):
            yield required(f"{at}.lun", "lun is required if targetWWNs is specified")
        elif not 0 <= source.lun <= 255:
            yield invalid(f"{at}.lun", source.lun, "must be between 0 and 255, inclusive")


def _quobyte(at: str, source: Any) -> Iterator[FieldError]:
    if not source.registry:
        yield required(f"{at}.registry", REGISTRY)
    elif len(source.tenant.encode()) >= 65:
        yield required(f"{at}.tenant", "must be a UUID and may not exceed a length of 64 characters")
    else:
        for pair in source.registry.split(","):
            if not _is_host_and_port(pair):
                yield invalid(f"{at}.registry", source.registry, REGISTRY)
    if not source.volume:
        yield required(f"{at}.volume")


def _is_host_and_port(pair: str) -> bool:
    host, colon, _ = pair.rpartition(":")
    return bool(colon) and (":" not in host or (host.startswith("[") and host.endswith("]")))


def _glusterfs(at: str, source: Any) -> Iterator[FieldError]:
    if "endpointsNamespace" in source.DESCRIPTOR.fields_by_name and source.HasField("endpointsNamespace"):
        here, namespace = f"{at}.endpointsNamespace", source.endpointsNamespace
        if not namespace:
            yield invalid(here, namespace, "if the endpointnamespace is set, it must be a valid namespace name")
        else:
            yield from each(here, namespace, names.dns_label(namespace))


def _flocker(at: str, source: Any) -> Iterator[FieldError]:
    if not source.datasetName and not source.datasetUUID:
        yield required(at, "one of datasetName and datasetUUID is required")
    if source.datasetName and source.datasetUUID:
        yield invalid(at, "resource", "datasetName and datasetUUID can not be specified simultaneously")
    if "/" in source.datasetName:
        yield invalid(f"{at}.datasetName", source.datasetName, "must not contain '/'")


def _secret_reference(at: str, source: Any) -> Iterator[FieldError]:
    if not source.HasField("secretRef"):
        return
    for field in ("name", "namespace"):
        if field in source.secretRef.DESCRIPTOR.fields_by_name and not getattr(source.secretRef, field):
            yield required(f"{at}.secretRef.{field}")


def _storageos(at: str, source: Any) -> Iterator[FieldError]:
    for field in ("volumeName", "volumeNamespace"):
        if value := getattr(source, field):
            yield from each(f"{at}.{field}", value, names.dns_label(value))
    if source.HasField("secretRef") and not source.secretRef.name:
        yield required(f"{at}.secretRef.name")
    if "Persistent" in source.DESCRIPTOR.name and source.HasField("secretRef") and not source.secretRef.namespace:
        yield required(f"{at}.secretRef.namespace")


def _flex(at: str, source: Any) -> Iterator[FieldError]:
    for key in source.options:
        domain = "." + key.partition("/")[0].lower()
        if domain.endswith(RESERVED):
            yield invalid(f"{at}.options[{key}]", key, "kubernetes.io and k8s.io namespaces are reserved")


def _azure_file(at: str, source: Any) -> Iterator[FieldError]:
    field = "secretNamespace"
    if field in source.DESCRIPTOR.fields_by_name and source.HasField(field) and not source.secretNamespace:
        yield required(f"{at}.{field}")


def _azure_disk(at: str, source: Any) -> Iterator[FieldError]:
    for field in ("diskName", "diskURI"):
        if not getattr(source, field):
            yield required(f"{at}.{field}")
    yield from known(f"{at}.cachingMode", source, "cachingMode", ("None", "ReadOnly", "ReadWrite"))
    yield from known(f"{at}.kind", source, "kind", ("Dedicated", "Managed", "Shared"))
    if source.HasField("kind"):
        prefix, format = ("/subscriptions/", MANAGED) if source.kind == "Managed" else ("https://", BLOB)
        if not source.diskURI.startswith(prefix):
            yield unsupported(f"{at}.diskURI", source.diskURI, (format,))


def _csi(at: str, source: Any) -> Iterator[FieldError]:
    yield from csi_driver_name(f"{at}.driver", source.driver)
    if "volumeHandle" in source.DESCRIPTOR.fields_by_name:
        if not source.volumeHandle:
            yield required(f"{at}.volumeHandle")
        for field in ("controllerPublish", "controllerExpand", "nodePublish", "nodeExpand"):
            if source.HasField(f"{field}SecretRef"):
                yield from _secret_of_driver(f"{at}.{field}SecretRef", getattr(source, f"{field}SecretRef"))
    elif source.HasField("nodePublishSecretRef"):
        name = source.nodePublishSecretRef.name
        if not name:
            yield required(f"{at}.nodePublishSecretRef.name")
        else:
            yield from each(f"{at}.name", name, names.dns_subdomain(name))


def _secret_of_driver(at: str, reference: Any) -> Iterator[FieldError]:
    for field, rule in (("name", names.dns_subdomain), ("namespace", names.dns_label)):
        if value := getattr(reference, field):
            yield from each(f"{at}.{field}", value, rule(value))
        else:
            yield required(f"{at}.{field}")


def _local(at: str, source: Any) -> Iterator[FieldError]:
    if not source.path:
        yield required(f"{at}.path")
    else:
        yield from formats.backsteps(f"{at}.path", source.path)


def _empty_dir(at: str, source: Any) -> Iterator[FieldError]:
    if source.sizeLimit.string.startswith("-"):
        yield forbidden(f"{at}.sizeLimit", "SizeLimit field must be a valid resource quantity")


def _image(at: str, source: Any) -> Iterator[FieldError]:
    if not source.reference:
        yield required(f"{at}.reference")
    if source.pullPolicy not in ("Always", "IfNotPresent", "Never"):
        policies = ("Always", "IfNotPresent", "Never")
        yield (
            unsupported(f"{at}.pullPolicy", source.pullPolicy, policies)
            if source.pullPolicy
            else required(f"{at}.pullPolicy")
        )


RULES: Final[Mapping[str, Rule]] = {
    "awsElasticBlockStore": _disk,
    "azureDisk": _azure_disk,
    "azureFile": _azure_file,
    "cinder": _secret_reference,
    "configMap": _files,
    "csi": _csi,
    "emptyDir": _empty_dir,
    "fc": _fibre_channel,
    "flexVolume": _flex,
    "flocker": _flocker,
    "gcePersistentDisk": _disk,
    "gitRepo": _git,
    "glusterfs": _glusterfs,
    "hostPath": _host_path,
    "image": _image,
    "iscsi": _iscsi,
    "local": _local,
    "nfs": _nfs,
    "quobyte": _quobyte,
    "secret": _files,
    "storageos": _storageos,
}
