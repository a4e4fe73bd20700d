"""Values as they stand in messages to users: as Kubernetes' own structures look when they are written down as JSON.

What Kubernetes validates is its internal form of an object, whose structures have no JSON names: fields appear under
the names they have in Go, all of them, in the order of the structure. Where that form differs from the API's, a table
here says so.
"""

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from difflib import unified_diff
from functools import cache
from typing import Any, Final

from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message

from kobune.apimachinery import codec
from kobune.apimachinery.codec.scalars import SCALARS
from kobune.apimachinery.codec.shape import Field, fields
from kobune.apimachinery.schema import descriptor_of

TAGGED: Final = ("kobune.api.meta.v1.", "kobune.api.runtime.v1.")
"""Packages whose structures have JSON names in Go, too."""

NAMES: Final[Mapping[str, str]] = {
    "awsElasticBlockStore": "AWSElasticBlockStore",
    "azureDisk": "AzureDisk",
    "cephfs": "CephFS",
    "csi": "CSI",
    "fc": "FC",
    "fsType": "FSType",
    "gcePersistentDisk": "GCEPersistentDisk",
    "gid": "GID",
    "grpc": "GRPC",
    "iqn": "IQN",
    "ip": "IP",
    "iscsi": "ISCSI",
    "nfs": "NFS",
    "os": "OS",
    "rbd": "RBD",
    "setHostnameAsFQDN": "SetHostnameAsFQDN",
    "storageos": "StorageOS",
    "tls": "TLS",
    "tty": "TTY",
    "uid": "UID",
    "url": "URL",
    "wwids": "WWIDs",
}
PREFIXES: Final = ("api", "dns", "fs", "http", "ip", "pd", "se", "tcp", "tls", "url")
"""Abbreviations that Go writes in capitals where they begin a name."""

HOST_FIELDS: Final = ("hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace", "hostUsers")
POD_SPEC: Final = (
    *("volumes", "initContainers", "containers", "ephemeralContainers", "restartPolicy"),
    *("terminationGracePeriodSeconds", "activeDeadlineSeconds", "dnsPolicy", "nodeSelector", "serviceAccountName"),
    *("automountServiceAccountToken", "nodeName", "securityContext", "imagePullSecrets", "hostname", "subdomain"),
    *("setHostnameAsFQDN", "affinity", "schedulerName", "tolerations", "hostAliases", "priorityClassName", "priority"),
    *("preemptionPolicy", "dnsConfig", "readinessGates", "runtimeClassName", "overhead", "enableServiceLinks"),
    *("topologySpreadConstraints", "os", "schedulingGates", "resourceClaims", "resources", "hostnameOverride"),
    "schedulingGroup",
)
ORDER: Final[Mapping[str, tuple[str, ...]]] = {
    "PodSpec": POD_SPEC,
    "VolumeSource": (
        *("hostPath", "emptyDir", "gcePersistentDisk", "awsElasticBlockStore", "gitRepo", "secret", "nfs", "iscsi"),
        *("glusterfs", "persistentVolumeClaim", "rbd", "quobyte", "flexVolume", "cinder", "cephfs", "flocker"),
        *("downwardAPI", "fc", "azureFile", "configMap", "vsphereVolume", "azureDisk", "photonPersistentDisk"),
        *("projected", "portworxVolume", "scaleIO", "storageos", "csi", "ephemeral", "image"),
    ),
    "PersistentVolumeSource": (
        *("gcePersistentDisk", "awsElasticBlockStore", "hostPath", "glusterfs", "nfs", "rbd", "quobyte", "iscsi"),
        *("flexVolume", "cinder", "cephfs", "fc", "flocker", "azureFile", "vsphereVolume", "azureDisk"),
        *("photonPersistentDisk", "portworxVolume", "scaleIO", "local", "storageos", "csi"),
    ),
}
"""By message: the fields of the internal structure, where their order is not the API's."""


def shown(value: Any) -> str:
    """Return a value as it is quoted in a cause."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, int | float):
        return str(value)
    return _json(tree(value))


def quoted(text: str) -> str:
    """Return text in quotes, with escapes for what cannot be printed."""
    return '"' + "".join(_escaped(letter) for letter in text) + '"'


def tree(value: Any) -> Any:
    """Return the JSON tree of a value: of messages, lists and maps of them, too."""
    if isinstance(value, Message):
        return internal(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if hasattr(value, "items"):
        return {key: tree(value[key]) for key in sorted(value)} or None
    if hasattr(value, "__len__") and not isinstance(value, str):
        return [tree(item) for item in value] or None
    return value


def internal(message: Message) -> Any:
    """Return the JSON tree of the internal structure of a message."""
    return _writer(descriptor_of(message))(message)


def difference(old: Any, new: Any) -> str:
    """Return what changed between two messages, line by line, with three lines around each change."""
    before, after = (json.dumps(internal(item), indent=1, ensure_ascii=False).splitlines(True) for item in (old, new))
    lines = list(unified_diff([*before[:-1], before[-1] + "\n"], [*after[:-1], after[-1] + "\n"]))
    return "".join(lines[2:])


def _json(value: Any) -> str:
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    for letter in "<>&":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text


def _escaped(letter: str) -> str:
    if letter in '"\\':
        return "\\" + letter
    if letter.isprintable():
        return letter
    short = {"\n": "\\n", "\t": "\\t", "\r": "\\r", "\a": "\\a", "\b": "\\b", "\f": "\\f", "\v": "\\v"}.get(letter)
    if short:
        return short
    code = ord(letter)
    return f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


@cache
def _writer(descriptor: Descriptor) -> Callable[[Any], Any]:
    """Return the function that writes messages of a type down."""
    if descriptor.full_name.startswith(TAGGED) or descriptor.full_name in SCALARS:
        return lambda message: _tagged(descriptor, message)
    return lambda message: dict(_fields(descriptor, message))


def _tagged(descriptor: Descriptor, message: Any) -> Any:
    if descriptor.name in ("Time", "MicroTime") and not message.seconds:
        return None
    return _with_sorted_maps(descriptor, codec.encode(message))


def _with_sorted_maps(descriptor: Descriptor, found: Any) -> Any:
    """Return the tree of a message of a type, with the keys of its maps in order."""
    if not isinstance(found, dict):
        return found
    for field in fields(descriptor):
        if field.is_map and field.json in found:
            found[field.json] = dict(sorted(found[field.json].items()))
        elif field.message is not None and isinstance(found.get(field.json), dict):
            found[field.json] = _with_sorted_maps(field.message, found[field.json])
    return found


def _fields(descriptor: Descriptor, message: Any) -> Iterator[tuple[str, Any]]:
    if descriptor.name == "PodSecurityContext":
        for name in HOST_FIELDS:
            yield go_name(name), None if name in ("shareProcessNamespace", "hostUsers") else False
    for field in _ordered(descriptor):
        if field.schema.inline:
            yield from _fields(field.inner, getattr(message, field.name))
            continue
        if field.message is not None and field.message.name == "ObjectMeta":
            # The internal structures have the fields of the metadata as their own.
            yield from _tagged(field.message, getattr(message, field.name)).items()
            continue
        value = _value(field, message)
        if descriptor.name == "PodSpec" and field.name == "securityContext" and value is not None:
            for name in HOST_FIELDS:
                is_set = message.HasField(name)
                value[go_name(name)] = getattr(message, name) if is_set else value[go_name(name)]
        yield go_name(field.json), value


@cache
def _ordered(descriptor: Descriptor) -> tuple[Field, ...]:
    found = {field.name: field for field in fields(descriptor)}
    return tuple(found[name] for name in ORDER.get(descriptor.name, tuple(found)) if name in found)


def _value(field: Field, message: Any) -> Any:
    value = getattr(message, field.name)
    if field.is_map:
        return {key: _single(field, value[key]) for key in sorted(value)} or None
    if field.is_list:
        return [_single(field, item) for item in value] or None
    if not message.HasField(field.name):
        if field.schema.pointer or isinstance(value, bytes):
            return None
        if field.message is not None and field.message.name == "Time":
            return None
    return _single(field, value)


def _single(field: Field, value: Any) -> Any:
    if field.message is not None:
        return _writer(field.message)(value)
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


@cache
def go_name(name: str) -> str:
    """Return what Go calls a field: with a capital, or several where it begins with an abbreviation."""
    if name in NAMES:
        return NAMES[name]
    for prefix in PREFIXES:
        if name.startswith(prefix) and name[len(prefix) : len(prefix) + 1].isupper():
            return prefix.upper() + name[len(prefix) :]
    return name[:1].upper() + name[1:]
