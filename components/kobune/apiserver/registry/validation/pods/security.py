"""What a pod and its containers may do on their node: users, profiles, kernel parameters."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from kobune.apimachinery.errors import FieldError
from kobune.apiserver.registry.validation import formats
from kobune.apiserver.registry.validation.causes import (
    duplicate,
    each,
    forbidden,
    invalid,
    known,
    required,
    too_long,
    unsupported,
)
from kobune.apiserver.registry.validation.pods.windows import windows_options

PROFILES: Final = ("Localhost", "RuntimeDefault", "Unconfined")
NET_SYSCTLS: Final = ("net.",)
IPC_SYSCTLS: Final = ("fs.mqueue.", "kernel.shm", "kernel.msg")
SYSCTL: Final = r"^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$"
SECCOMP_POD: Final = "seccomp.security.alpha.kubernetes.io/pod"
SECCOMP_CONTAINER: Final = "container.seccomp.security.alpha.kubernetes.io/"
APPARMOR: Final = "container.apparmor.security.beta.kubernetes.io/"

_SYSCTL = re.compile(SYSCTL)


def pod_security(at: str, spec: Any) -> Iterator[FieldError]:
    """Check the security context of a pod."""
    context = spec.securityContext
    if spec.hostPID and spec.shareProcessNamespace:
        why = "ShareProcessNamespace and HostPID cannot both be enabled"
        yield invalid(f"{at}.shareProcessNamespace", True, why)
    if not spec.HasField("securityContext") or not context.ListFields():
        return
    for name in ("fsGroup", "runAsUser", "runAsGroup"):
        if context.HasField(name):
            value = getattr(context, name)
            yield from each(f"{at}.{name}", value, formats.identity(value))
    for index, group in enumerate(context.supplementalGroups):
        yield from each(f"{at}.supplementalGroups[{index}]", group, formats.identity(group))
    if context.sysctls:
        yield from _sysctls(f"{at}.sysctls", spec)
    yield from known(f"{at}.fsGroupChangePolicy", context, "fsGroupChangePolicy", ("Always", "OnRootMismatch"))
    yield from _profiles(at, context)
    yield from known(f"{at}.supplementalGroupsPolicy", context, "supplementalGroupsPolicy", ("Merge", "Strict"))
    if context.HasField("seLinuxChangePolicy"):
        policy, policies = context.seLinuxChangePolicy, ("MountOption", "Recursive")
        if not policy:
            yield required(f"{at}.seLinuxChangePolicy", "must be one of [MountOption Recursive]")
        elif policy not in policies:
            yield unsupported(f"{at}.seLinuxChangePolicy", policy, policies)


def container_security(at: str, context: Any, *, host_users: bool) -> Iterator[FieldError]:
    """Check the security context of a container."""
    for name in ("runAsUser", "runAsGroup"):
        if context.HasField(name):
            value = getattr(context, name)
            yield from each(f"{at}.{name}", value, formats.identity(value))
    if context.HasField("procMount"):
        yield from known(f"{at}.procMount", context, "procMount", ("Default", "Unmasked"))
        if host_users and context.procMount == "Unmasked":
            yield invalid(f"{at}.procMount", context.procMount, "`hostUsers` must be false to use `Unmasked`")
    if context.HasField("allowPrivilegeEscalation") and not context.allowPrivilegeEscalation:
        if context.privileged:
            why = "cannot set `allowPrivilegeEscalation` to false and `privileged` to true"
            yield invalid(at, context, why)
        for capability in context.capabilities.add:
            if capability == "CAP_SYS_ADMIN":
                why = "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN"
                yield invalid(at, context, why)
    yield from _profiles(at, context)


def _profiles(at: str, context: Any) -> Iterator[FieldError]:
    if context.HasField("seccompProfile"):
        yield from _seccomp(f"{at}.seccompProfile", context.seccompProfile)
    if context.HasField("windowsOptions"):
        yield from windows_options(f"{at}.windowsOptions", context.windowsOptions)
    if context.HasField("appArmorProfile"):
        yield from _apparmor(f"{at}.appArmorProfile", context.appArmorProfile)


def _seccomp(at: str, profile: Any) -> Iterator[FieldError]:
    if not profile.type:
        yield required(f"{at}.type", "type is required when seccompProfile is set")
    elif profile.type not in PROFILES:
        yield unsupported(f"{at}.type", profile.type, PROFILES)
    if profile.type == "Localhost":
        if not profile.HasField("localhostProfile"):
            yield required(f"{at}.localhostProfile", "must be set when seccomp type is Localhost")
        else:
            yield from formats.descending_path(f"{at}.localhostProfile", profile.localhostProfile)
    elif profile.HasField("localhostProfile"):
        yield invalid(f"{at}.localhostProfile", profile, "can only be set when seccomp type is Localhost")


def _apparmor(at: str, profile: Any) -> Iterator[FieldError]:
    here = f"{at}.localhostProfile"
    match profile.type:
        case "Localhost":
            path = profile.localhostProfile
            if profile.HasField("localhostProfile") and path != path.strip():
                yield invalid(here, path, "must not be padded with whitespace")
            elif not path:
                yield required(here, "must be set when AppArmor type is Localhost")
            if len(path.encode()) > 4095:
                yield too_long(here, 4095)
        case "RuntimeDefault" | "Unconfined":
            if profile.HasField("localhostProfile"):
                yield invalid(here, profile.localhostProfile, "can only be set when AppArmor type is Localhost")
        case "":
            yield required(f"{at}.type", "type is required when appArmorProfile is set")
        case _:
            yield unsupported(f"{at}.type", profile.type, PROFILES)


def _sysctls(at: str, spec: Any) -> Iterator[FieldError]:
    taken: set[str] = set()
    for index, sysctl in enumerate(spec.securityContext.sysctls):
        here, name = f"{at}[{index}].name", sysctl.name
        if not name:
            yield required(here)
        elif len(name) > 253 or not _SYSCTL.fullmatch(name):
            yield invalid(here, name, f"must have at most 253 characters and match regex {SYSCTL}")
        elif name in taken:
            yield duplicate(here, name)
        taken.add(name)
        dotted = name.replace("/", ".")
        if spec.hostNetwork and dotted.startswith(NET_SYSCTLS):
            yield invalid(here, name, "may not be specified when 'hostNetwork' is true")
        elif spec.hostIPC and (dotted.startswith(IPC_SYSCTLS) or dotted == "kernel.sem"):
            yield invalid(here, name, "may not be specified when 'hostIPC' is true")


def host_users(at: str, spec: Any) -> Iterator[FieldError]:
    """Check that a pod with users of its own shares nothing else with its node."""
    if not spec.HasField("hostUsers") or spec.hostUsers:
        return
    # Kubernetes writes two of these paths with a capital.
    for name, shown in (("hostNetwork", "hostNetwork"), ("hostPID", "HostPID"), ("hostIPC", "HostIPC")):
        if getattr(spec, name):
            yield forbidden(f"{at}.{shown}", "when `hostUsers` is false")


def profile_annotations(at: str, annotations: Mapping[str, str], containers: set[str]) -> Iterator[FieldError]:
    """Check the annotations that named profiles before there were fields for them."""
    for key, value in annotations.items():
        if key == SECCOMP_POD or key.startswith(SECCOMP_CONTAINER):
            yield from _seccomp_annotation(f"{at}.{key}", value)
        elif key.startswith(APPARMOR):
            container = key.removeprefix(APPARMOR)
            if container not in containers:
                yield invalid(f"{at}[{key}]", container, "container not found")
            if value not in ("", "runtime/default", "unconfined") and not value.startswith("localhost/"):
                yield invalid(f"{at}[{key}]", value, f'invalid AppArmor profile name: "{value}"')


def _seccomp_annotation(at: str, profile: str) -> Iterator[FieldError]:
    if profile in ("runtime/default", "docker/default", "unconfined"):
        return
    if profile.startswith("localhost/"):
        yield from formats.descending_path(at, profile.removeprefix("localhost/"))
    else:
        yield invalid(at, profile, "must be a valid seccomp profile")


def profiles_agree(at: str, annotations: Mapping[str, str], spec: Any, containers: Any) -> Iterator[FieldError]:
    """Check that profiles in annotations, if there are any, are those of the fields."""
    context = spec.securityContext
    if SECCOMP_POD in annotations and context.HasField("seccompProfile"):
        yield from _agrees(f"{at}.securityContext.seccompProfile", annotations[SECCOMP_POD], context.seccompProfile)
    for path, container in containers:
        own = container.securityContext
        if (key := SECCOMP_CONTAINER + container.name) in annotations and own.HasField("seccompProfile"):
            yield from _agrees(f"{path}.securityContext.seccompProfile", annotations[key], own.seccompProfile)
        if (key := APPARMOR + container.name) in annotations and spec.os.name != "windows":
            holder = own if own.HasField("appArmorProfile") else context
            if holder.HasField("appArmorProfile"):
                where = f"{path}.securityContext.appArmorProfile"
                yield from _agrees(where, annotations[key], holder.appArmorProfile, kind="apparmor")


def _agrees(at: str, annotation: str, profile: Any, *, kind: str = "seccomp") -> Iterator[FieldError]:
    wanted = {"Unconfined": ("unconfined",), "RuntimeDefault": ("runtime/default", "docker/default")}
    if profile.type == "Localhost":
        if not annotation.startswith("localhost/"):
            yield forbidden(f"{at}.type", f"{kind} type in annotation and field must match")
        elif annotation.removeprefix("localhost/") != profile.localhostProfile:
            yield forbidden(f"{at}.localhostProfile", f"{kind} profile in annotation and field must match")
    elif profile.type in wanted and annotation not in wanted[profile.type]:
        yield forbidden(f"{at}.type", f"{kind} type in annotation and field must match")
