"""Pods of Windows: what they have of their own, and what they have not."""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from kobune.apimachinery import names
from kobune.apimachinery.errors import FieldError
from kobune.apiserver.registry.validation.causes import each, forbidden, invalid

SPEC_LARGEST: Final = 64 * 1024
DOMAIN_LONGEST: Final = 256
USER_LONGEST: Final = 104
POD_LINUX_ONLY: Final = (
    *("appArmorProfile", "seLinuxOptions", "seccompProfile", "fsGroup", "fsGroupChangePolicy", "seLinuxChangePolicy"),
    *("sysctls", "runAsUser", "runAsGroup", "supplementalGroups", "supplementalGroupsPolicy"),
)
CONTAINER_LINUX_ONLY: Final = (
    *("appArmorProfile", "seLinuxOptions", "seccompProfile", "capabilities", "readOnlyRootFilesystem", "privileged"),
    *("allowPrivilegeEscalation", "procMount", "runAsUser", "runAsGroup"),
)
NOT_FOR_WINDOWS: Final = "cannot be set for a windows pod"
NOT_FOR_LINUX: Final = "windows options cannot be set for a linux pod"

_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_NETBIOS = re.compile(r'[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}')
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_NOT_IN_USERS = re.compile(r'["/\\:;|=,+*?<>@\[\]]')


def windows_options(at: str, options: Any) -> Iterator[FieldError]:
    """Check the options of a pod or a container on Windows."""
    if options.HasField("gmsaCredentialSpecName"):
        name = options.gmsaCredentialSpecName
        yield from each(f"{at}.gmsaCredentialSpecName", name, names.dns_subdomain(name))
    if options.HasField("gmsaCredentialSpec"):
        here, spec = f"{at}.gmsaCredentialSpec", options.gmsaCredentialSpec
        if not spec:
            yield invalid(here, spec, "gmsaCredentialSpec cannot be an empty string")
        elif len(spec.encode()) > SPEC_LARGEST:
            yield invalid(here, spec, "gmsaCredentialSpec size must be under 64 KiB")
    if options.HasField("runAsUserName"):
        here, name = f"{at}.runAsUserName", options.runAsUserName
        yield from each(here, name, _user_name(name))


def _user_name(name: str) -> Iterator[str]:
    if not name:
        yield "runAsUserName cannot be an empty string"
    elif _CONTROL.search(name):
        yield "runAsUserName cannot contain control characters"
    elif name.count("\\") > 1:
        yield "runAsUserName cannot contain more than one backslash"
    else:
        domain, backslash, user = name.rpartition("\\")
        if len(domain.encode()) >= DOMAIN_LONGEST:
            yield f"runAsUserName's Domain length must be under {DOMAIN_LONGEST} characters"
        if backslash and not (_NETBIOS.fullmatch(domain) or _DOMAIN.fullmatch(domain)):
            yield "runAsUserName's Domain doesn't match the NetBios nor the DNS format"
        if not user:
            yield "runAsUserName's User cannot be empty"
        elif len(user.encode()) > USER_LONGEST:
            yield f"runAsUserName's User length must not be longer than {USER_LONGEST} characters"
        if user and not user.strip(". "):
            yield "runAsUserName's User cannot contain only periods or spaces"
        if _NOT_IN_USERS.search(user):
            yield "runAsUserName's User cannot contain the following characters: \"/\\:;|=,+*?<>@[]"


def has_options(holder: Any) -> bool:
    """Whether a pod or a container has options for Windows at all, as few have."""
    return bool(holder.HasField("securityContext") and holder.securityContext.HasField("windowsOptions"))


def host_process(at: str, spec: Any, containers: Iterable[tuple[str, Any]]) -> Iterator[FieldError]:
    """Check that a pod with containers that are processes of the host has only such."""
    of_pod = _host_process(spec.securityContext)
    count = of_host = 0
    for path, container in containers:
        count += 1
        own = _host_process(container.securityContext)
        if own is not None and of_pod is not None and own != of_pod:
            why = f"pod hostProcess value must be identical if both are specified, was {str(of_pod).lower()}"
            yield invalid(f"{path}.securityContext.windowsOptions.hostProcess", own, why)
        of_host += bool(of_pod if own is None else own)
    if not of_host:
        return
    if of_host != count:
        why = "If pod contains any hostProcess containers then all containers must be HostProcess containers"
        yield invalid(at, "", why)
    if not spec.hostNetwork:
        yield invalid(f"{at}.hostNetwork", False, "hostNetwork must be true if pod contains any hostProcess containers")


def _host_process(context: Any) -> bool | None:
    options = context.windowsOptions
    return options.hostProcess if options.HasField("hostProcess") else None


def linux_pod(at: str, spec: Any, containers: Iterable[tuple[str, Any]]) -> Iterator[FieldError]:
    """Check that a pod of Linux has nothing of Windows."""
    for path, holder in ((at, spec), *containers):
        if holder.securityContext.HasField("windowsOptions"):
            yield forbidden(f"{path}.securityContext.windowsOptions", NOT_FOR_LINUX)


def windows_pod(at: str, spec: Any, containers: Iterable[tuple[str, Any]]) -> Iterator[FieldError]:
    """Check that a pod of Windows has nothing of Linux."""
    yield from _absent(f"{at}.securityContext", spec.securityContext, POD_LINUX_ONLY)
    for name in ("hostUsers", "shareProcessNamespace"):
        if spec.HasField(name):
            yield forbidden(f"{at}.{name}", NOT_FOR_WINDOWS)
    for name in ("hostPID", "hostIPC"):
        if getattr(spec, name):
            yield forbidden(f"{at}.{name}", NOT_FOR_WINDOWS)
    for path, container in containers:
        yield from _absent(f"{path}.securityContext", container.securityContext, CONTAINER_LINUX_ONLY)


def _absent(at: str, context: Any, fields: Iterable[str]) -> Iterator[FieldError]:
    for name in fields:
        is_list = context.DESCRIPTOR.fields_by_name[name].is_repeated
        if getattr(context, name) if is_list else context.HasField(name):
            yield forbidden(f"{at}.{name}", NOT_FOR_WINDOWS)
