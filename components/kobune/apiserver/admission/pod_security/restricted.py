"""The checks of the level *restricted*: what a well-kept pod does not need either."""

from typing import Any, Final

from kobune.apiserver.admission.pod_security.baseline import _added, _setters
from kobune.apiserver.admission.pod_security.finding import (
    Check,
    Finding,
    containers,
    in_user_namespace,
    is_windows,
    named,
    plural,
    quoted,
    verb,
)

VOLUMES: Final = frozenset(
    {
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "image",
        "persistentVolumeClaim",
        "projected",
        "secret",
    }
)
PROFILES: Final = ("RuntimeDefault", "Localhost")
USER_NAMESPACES_SINCE: Final = 35


def privilege_escalation(meta: Any, spec: Any, minor: int) -> Finding | None:
    if is_windows(spec, minor):
        return None
    bad = []
    for name, container in containers(spec):
        context = container.securityContext
        if not context.HasField("allowPrivilegeEscalation") or context.allowPrivilegeEscalation:
            bad.append(name)
    detail = f"{named('container', bad)} must set securityContext.allowPrivilegeEscalation=false"
    return Finding("allowPrivilegeEscalation != false", detail) if bad else None


def capabilities(meta: Any, spec: Any, minor: int) -> Finding | None:
    if is_windows(spec, minor):
        return None
    details = []
    keeping = [name for name, container in containers(spec) if "ALL" not in container.securityContext.capabilities.drop]
    if keeping:
        details.append(f'{named("container", keeping)} must set securityContext.capabilities.drop=["ALL"]')
    bad, added = _added(spec, frozenset({"NET_BIND_SERVICE"}))
    if bad:
        details.append(
            f"{named('container', bad)} must not include {quoted(added)} in securityContext.capabilities.add"
        )
    return Finding("unrestricted capabilities", "; ".join(details)) if details else None


def volume_types(meta: Any, spec: Any, minor: int) -> Finding | None:
    bad, types = [], set()
    for volume in spec.volumes:
        kinds = [field.name for field, _ in volume.volumeSource.ListFields()]
        forbidden = [kind for kind in kinds if kind not in VOLUMES]
        if forbidden:
            bad.append(volume.name)
            types.update(forbidden)
    if not bad:
        return None
    what = plural("restricted volume type", types)
    return Finding("restricted volume types", f"{named('volume', bad)} {verb(bad)} {what} {quoted(sorted(types))}")


def non_root(meta: Any, spec: Any, minor: int) -> Finding | None:
    if in_user_namespace(spec) and minor >= USER_NAMESPACES_SINCE:
        return None
    reason, field = "runAsNonRoot != true", "securityContext.runAsNonRoot"
    context = spec.securityContext
    who = ["pod"] if context.HasField("runAsNonRoot") and not context.runAsNonRoot else []
    wrong, missing = [], []
    for name, container in containers(spec):
        own = container.securityContext
        if own.HasField("runAsNonRoot"):
            if not own.runAsNonRoot:
                wrong.append(name)
        elif not context.runAsNonRoot:
            missing.append(name)
    if wrong:
        who.append(named("container", wrong))
    if who:
        return Finding(reason, f"{' and '.join(who)} must not set {field}=false")
    return Finding(reason, f"pod or {named('container', missing)} must set {field}=true") if missing else None


def run_as_user(meta: Any, spec: Any, minor: int) -> Finding | None:
    if in_user_namespace(spec) and minor >= USER_NAMESPACES_SINCE:
        return None
    bad, _ = _setters(spec, lambda context: "0" if context.HasField("runAsUser") and context.runAsUser == 0 else None)
    return Finding("runAsUser=0", f"{bad} must not set runAsUser=0") if bad else None


def seccomp(meta: Any, spec: Any, minor: int) -> Finding | None:
    if is_windows(spec, minor):
        return None
    reason, field = "seccompProfile", "securityContext.seccompProfile.type"

    def bad_type(context: Any) -> str | None:
        kind = context.seccompProfile.type
        return str(kind) if kind and kind not in PROFILES else None

    bad, values = _setters(spec, bad_type)
    if bad:
        return Finding(reason, f"{bad} must not set {field} to {quoted(values)}")
    if spec.securityContext.seccompProfile.type in PROFILES:
        return None
    missing = [name for name, container in containers(spec) if not container.securityContext.seccompProfile.type]
    detail = f'pod or {named("container", missing)} must set {field} to "RuntimeDefault" or "Localhost"'
    return Finding(reason, detail) if missing else None


CHECKS: Final = (
    Check("allowPrivilegeEscalation", privilege_escalation, since=8),
    Check("capabilities_restricted", capabilities, since=22, replaces="capabilities_baseline"),
    Check("restrictedVolumes", volume_types, replaces="hostPathVolumes"),
    Check("runAsNonRoot", non_root),
    Check("runAsUser", run_as_user, since=23),
    Check("seccompProfile_restricted", seccomp, since=19, replaces="seccompProfile_baseline"),
)
