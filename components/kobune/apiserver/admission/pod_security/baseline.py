"""The checks of the level *baseline*: nothing by which a pod is known to take over its node."""

from collections.abc import Callable
from typing import Any, Final

from kobune.apiserver.admission.pod_security.finding import (
    Check,
    Finding,
    containers,
    in_user_namespace,
    named,
    plural,
    quoted,
    verb,
)

CAPABILITIES: Final = frozenset(
    [
        "AUDIT_WRITE",
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "MKNOD",
        "NET_BIND_SERVICE",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYS_CHROOT",
    ]
)
APP_ARMOR: Final = "container.apparmor.security.beta.kubernetes.io/"
SELINUX_TYPES: Final = {0: ("", "container_t", "container_init_t", "container_kvm_t"), 31: ("container_engine_t",)}
SYSCTLS: Final = {
    0: (
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.tcp_syncookies",
        "net.ipv4.ping_group_range",
        "net.ipv4.ip_unprivileged_port_start",
    ),
    27: ("net.ipv4.ip_local_reserved_ports",),
    29: (
        "net.ipv4.tcp_keepalive_time",
        "net.ipv4.tcp_fin_timeout",
        "net.ipv4.tcp_keepalive_intvl",
        "net.ipv4.tcp_keepalive_probes",
    ),
    32: ("net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"),
}
LOCAL_HOSTS: Final = ("", "127.0.0.1", "::1")


def host_namespaces(meta: Any, spec: Any, minor: int) -> Finding | None:
    found = [f"{name}=true" for name in ("hostNetwork", "hostPID", "hostIPC") if getattr(spec, name)]
    return Finding("host namespaces", ", ".join(found)) if found else None


def host_path_volumes(meta: Any, spec: Any, minor: int) -> Finding | None:
    found = [volume.name for volume in spec.volumes if volume.volumeSource.HasField("hostPath")]
    return Finding("hostPath volumes", named("volume", found)) if found else None


def host_ports(meta: Any, spec: Any, minor: int) -> Finding | None:
    bad, ports = [], set()
    for name, container in containers(spec):
        found = {port.hostPort for port in container.ports if port.hostPort}
        if found:
            bad.append(name)
            ports |= found
    if not bad:
        return None
    shown = ", ".join(sorted(map(str, ports)))
    return Finding("hostPort", f"{named('container', bad)} {verb(bad)} {plural('hostPort', ports)} {shown}")


def host_probes(meta: Any, spec: Any, minor: int) -> Finding | None:
    bad, hosts = [], set()
    for name, container in containers(spec):
        handlers = [
            *(getattr(container, probe).handler for probe in ("livenessProbe", "readinessProbe", "startupProbe")),
            container.lifecycle.postStart,
            container.lifecycle.preStop,
        ]
        found = {getattr(handler, kind).host for handler in handlers for kind in ("httpGet", "tcpSocket")}
        found -= set(LOCAL_HOSTS)
        if found:
            bad.append(name)
            hosts |= found
    if not bad:
        return None
    what = plural("probe or lifecycle host", hosts)
    return Finding("probe or lifecycle host", f"{named('container', bad)} {verb(bad)} {what} {quoted(sorted(hosts))}")


def privileged(meta: Any, spec: Any, minor: int) -> Finding | None:
    bad = [name for name, container in containers(spec) if container.securityContext.privileged]
    detail = f"{named('container', bad)} must not set securityContext.privileged=true"
    return Finding("privileged", detail) if bad else None


def capabilities(meta: Any, spec: Any, minor: int) -> Finding | None:
    bad, added = _added(spec, CAPABILITIES)
    detail = f"{named('container', bad)} must not include {quoted(added)} in securityContext.capabilities.add"
    return Finding("non-default capabilities", detail) if bad else None


def app_armor(meta: Any, spec: Any, minor: int) -> Finding | None:
    details = []
    bad, values = _setters(spec, lambda context: _bad_type(context, "appArmorProfile"))
    if bad:
        details.append(f"{bad} must not set AppArmor profile type to {quoted(values)}")
    for key in sorted(meta.annotations):
        value = meta.annotations[key]
        if key.startswith(APP_ARMOR) and value not in ("", "runtime/default") and not value.startswith("localhost/"):
            details.append(f'annotation "{key}"="{value}"')
    reason = plural("forbidden AppArmor profile", [*values, *details[1 if bad else 0 :]])
    return Finding(reason, "; ".join(details)) if details else None


def proc_mount(meta: Any, spec: Any, minor: int) -> Finding | None:
    if in_user_namespace(spec) and minor >= 35:
        return None
    bad, values = [], set()
    for name, container in containers(spec):
        value = container.securityContext.procMount
        if value not in ("", "Default"):
            bad.append(name)
            values.add(value)
    detail = f"{named('container', bad)} must not set securityContext.procMount to {quoted(sorted(values))}"
    return Finding("procMount", detail) if bad else None


def se_linux(meta: Any, spec: Any, minor: int) -> Finding | None:
    allowed = _allowed(SELINUX_TYPES, minor)
    types: set[str] = set()
    other: set[str] = set()

    def is_bad(context: Any) -> str | None:
        options = context.seLinuxOptions
        if options.type not in allowed:
            types.add(options.type)
        other.update(part for part in ("user", "role") if getattr(options, part))
        return "bad" if options.type not in allowed or options.user or options.role else None

    bad, _ = _setters(spec, is_bad)
    if not bad:
        return None
    details = []
    if types:
        details.append(f"{plural('type', types)} {quoted(sorted(types))}")
    details += [f"{part} may not be set" for part in ("user", "role") if part in other]
    return Finding("seLinuxOptions", f"{bad} set forbidden securityContext.seLinuxOptions: {'; '.join(details)}")


def seccomp(meta: Any, spec: Any, minor: int) -> Finding | None:
    bad, values = _setters(spec, lambda context: "Unconfined" if context.seccompProfile.type == "Unconfined" else None)
    detail = f"{bad} must not set securityContext.seccompProfile.type to {quoted(values)}"
    return Finding("seccompProfile", detail) if bad else None


def sysctls(meta: Any, spec: Any, minor: int) -> Finding | None:
    allowed = _allowed(SYSCTLS, minor)
    found = [sysctl.name for sysctl in spec.securityContext.sysctls if sysctl.name not in allowed]
    return Finding("forbidden sysctls", ", ".join(found)) if found else None


def windows_host_process(meta: Any, spec: Any, minor: int) -> Finding | None:
    bad, _ = _setters(spec, lambda context: "true" if context.windowsOptions.hostProcess else None)
    return (
        Finding("hostProcess", f"{bad} must not set securityContext.windowsOptions.hostProcess=true") if bad else None
    )


def _added(spec: Any, allowed: frozenset[str]) -> tuple[list[str], list[str]]:
    """Return the containers that add capabilities which they may not, and these."""
    bad, added = [], set()
    for name, container in containers(spec):
        found = set(container.securityContext.capabilities.add) - allowed
        if found:
            bad.append(name)
            added |= found
    return bad, sorted(added)


def _setters(spec: Any, value_of: Callable[[Any], str | None]) -> tuple[str, list[str]]:
    """Return who sets something wrong in their security contexts, as text, and the values."""
    values, who = [], []
    if (value := value_of(spec.securityContext)) is not None:
        who.append("pod")
        values.append(value)
    bad = []
    for name, container in containers(spec):
        if (value := value_of(container.securityContext)) is not None:
            bad.append(name)
            values.append(value)
    if bad:
        who.append(named("container", bad))
    return " and ".join(who), sorted(set(values))


def _bad_type(context: Any, field: str) -> str | None:
    kind = getattr(context, field).type
    return None if kind in ("", "RuntimeDefault", "Localhost") else str(kind)


def _allowed(by_version: dict[int, tuple[str, ...]], minor: int) -> set[str]:
    return {value for since, values in by_version.items() if minor >= since for value in values}


CHECKS: Final = (
    Check("appArmorProfile", app_armor),
    Check("capabilities_baseline", capabilities),
    Check("hostNamespaces", host_namespaces),
    Check("hostPathVolumes", host_path_volumes),
    Check("hostPorts", host_ports),
    Check("hostProbesAndHostLifecycle", host_probes, since=34),
    Check("privileged", privileged),
    Check("procMount", proc_mount),
    Check("seLinuxOptions", se_linux),
    Check("seccompProfile_baseline", seccomp, since=19),
    Check("sysctls", sysctls),
    Check("windowsHostProcess", windows_host_process),
)
