"""What is odd about pods, and about the templates of pods."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from kobune.apiserver.registry.advice.addresses import ip_warnings
from kobune.apiserver.registry.advice.containers import (
    NO_SECCOMP,
    container_warnings,
    fraction_warnings,
    port_warnings,
)
from kobune.apiserver.registry.advice.labels import DEPRECATED, name_warnings, term_warnings
from kobune.apiserver.registry.validation.pods.containers import every_container
from kobune.apiserver.registry.validation.shown import quoted

NO_SYSCTLS: Final = 'non-functional in v1.11+; use the "sysctls" field instead'
ANNOTATIONS: Final[Mapping[str, str]] = {
    "scheduler.alpha.kubernetes.io/critical-pod": (
        'non-functional in v1.16+; use the "priorityClassName" field instead'
    ),
    "security.alpha.kubernetes.io/sysctls": NO_SYSCTLS,
    "security.alpha.kubernetes.io/unsafe-sysctls": NO_SYSCTLS,
}
SECCOMP: Final = "seccomp.security.alpha.kubernetes.io/pod"
GONE: Final[Mapping[str, str]] = {
    "photonPersistentDisk": "deprecated in v1.11, non-functional in v1.16+",
    "gitRepo": "deprecated in v1.11, and disabled by default in v1.33+",
    "scaleIO": "deprecated in v1.16, non-functional in v1.22+",
    "flocker": "deprecated in v1.22, non-functional in v1.25+",
    "storageos": "deprecated in v1.22, non-functional in v1.25+",
    "quobyte": "deprecated in v1.22, non-functional in v1.25+",
    "glusterfs": "deprecated in v1.25, non-functional in v1.26+",
    "cephfs": "deprecated in v1.28, non-functional in v1.31+",
    "rbd": "deprecated in v1.28, non-functional in v1.31+",
}
"""By source of a volume: since when it is no more."""
SHOWN: Final[Mapping[str, str]] = {"storageos": "storageOS"}
"""Sources whose name in a warning is not their name."""
NO_SELECTOR: Final = "a null labelSelector results in matching no pod"
REQUIRED: Final = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED: Final = "preferredDuringSchedulingIgnoredDuringExecution"


def pod_warnings(new: Any, old: Any) -> Iterator[str]:
    """Yield what is odd about a new pod. Changes of pods come from components, which read no warnings."""
    if old is not None:
        return
    yield from name_warnings(new.metadata.name, "the Pod's hostname")
    yield from _warnings("", new.metadata, new.spec, is_pod=True)


def template_warnings(at: str, template: Any) -> Iterator[str]:
    """Yield what is odd about a template of pods."""
    return _warnings(f"{at}.", template.metadata, template.spec, is_pod=False)


def _warnings(head: str, meta: Any, spec: Any, *, is_pod: bool) -> Iterator[str]:
    at = f"{head}spec"
    annotations: Mapping[str, str] = meta.annotations
    notes = f"{head}metadata.annotations"
    for key in spec.nodeSelector:
        if key in DEPRECATED:
            yield f"{at}.nodeSelector[{key}]: {DEPRECATED[key]}"
    if spec.HasField("affinity"):
        yield from _affinity(f"{at}.affinity", spec.affinity)
    for index, constraint in enumerate(spec.topologySpreadConstraints):
        here = f"{at}.topologySpreadConstraints[{index}]"
        if constraint.topologyKey in DEPRECATED:
            yield f"{here}.topologyKey: {constraint.topologyKey} is {DEPRECATED[constraint.topologyKey]}"
        if not constraint.HasField("labelSelector"):
            yield f"{here}.labelSelector: {NO_SELECTOR}"
    for key in annotations:
        if key in ANNOTATIONS:
            yield f"{notes}[{key}]: {ANNOTATIONS[key]}"
    if spec.volumes:
        yield from _volumes(f"{at}.volumes", spec.volumes)
    if spec.hostAliases or spec.imagePullSecrets or spec.HasField("dnsConfig"):
        yield from _lists(at, spec)
    if spec.overhead:
        yield from fraction_warnings(f"{at}.overhead", spec.overhead)
    if SECCOMP in annotations and not spec.securityContext.HasField("seccompProfile"):
        yield f"{notes}[{SECCOMP}]: {NO_SECCOMP}"
    profiled = is_pod or spec.securityContext.HasField("appArmorProfile")
    containers = list(every_container(at, spec))
    for here, container in containers:
        yield from container_warnings(here, container, annotations, notes, profiled=profiled)
    yield from port_warnings(containers)
    if spec.terminationGracePeriodSeconds < 0:
        why = "must be >= 0; negative values are invalid and will be treated as 1"
        yield f"{at}.terminationGracePeriodSeconds: {why}"


def _affinity(at: str, affinity: Any) -> Iterator[str]:
    if affinity.HasField("nodeAffinity"):
        terms = affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms
        for index, term in enumerate(terms):
            yield from term_warnings(f"{at}.nodeAffinity.{REQUIRED}.nodeSelectorTerms[{index}]", term)
        for index, wish in enumerate(affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution):
            here = f"{at}.nodeAffinity.{PREFERRED}[{index}].preference"
            yield from term_warnings(here, wish.preference, values=True)
    for name in ("podAffinity", "podAntiAffinity"):
        wished = getattr(affinity, name)
        for index, term in enumerate(getattr(wished, REQUIRED)):
            if not term.HasField("labelSelector"):
                yield f"{at}.{name}.{REQUIRED}[{index}].labelSelector: {NO_SELECTOR}"
        for index, wish in enumerate(getattr(wished, PREFERRED)):
            if not wish.podAffinityTerm.HasField("labelSelector"):
                yield f"{at}.{name}.{PREFERRED}[{index}].podAffinityTerm.labelSelector: {NO_SELECTOR}"


def _volumes(at: str, volumes: Any) -> Iterator[str]:
    tokens: set[str] = set()
    others: set[str] = set()
    for index, volume in enumerate(volumes):
        for field, source in volume.volumeSource.ListFields():
            name = field.name
            if name in GONE:
                yield f"{at}[{index}].{SHOWN.get(name, name)}: {GONE[name]}"
            elif name == "ephemeral":
                here = f"{at}[{index}].ephemeral.volumeClaimTemplate.spec"
                yield from claim_spec_warnings(here, source.volumeClaimTemplate.spec)
            elif name == "projected":
                _note_paths(source.sources, tokens, others)
    if tokens & others:
        yield from _same_paths(at, volumes, tokens)


def _note_paths(sources: Any, tokens: set[str], others: set[str]) -> None:
    """Add the paths of the files of a projected volume to those of tokens, or of other things."""
    for part in sources:
        for field, source in part.ListFields():
            if field.name == "serviceAccountToken":
                tokens.add(source.path)
            elif field.name == "clusterTrustBundle":
                others.add(source.path)
            elif field.name != "podCertificate":
                others.update(item.path for item in source.items)


def _same_paths(at: str, volumes: Any, tokens: set[str]) -> Iterator[str]:
    for index, volume in enumerate(volumes):
        for part in volume.volumeSource.projected.sources:
            here = f"{at}[{index}].projected.sources"
            found = [
                (f"{here}.{shown}[{position}]", item.path)
                for name, shown in (("configMap", "configMap"), ("secret", "secrets"), ("downwardAPI", "downwardAPI"))
                for position, item in enumerate(getattr(part, name).items)
            ]
            if part.HasField("clusterTrustBundle"):
                found.append((f"{here}.ClusterTrustBundle", part.clusterTrustBundle.path))
            for place, path in found:
                if path in tokens:
                    yield f"{place}: has duplicated path with ServiceAccountToken {quoted(path)}"


def _lists(at: str, spec: Any) -> Iterator[str]:
    seen: set[str] = set()
    for index, alias in enumerate(spec.hostAliases):
        here = f"{at}.hostAliases[{index}].ip"
        if alias.ip in seen:
            yield f"{here}: duplicate ip {quoted(alias.ip)}"
        seen.add(alias.ip)
        yield from ip_warnings(here, alias.ip)
    seen = set()
    for index, secret in enumerate(spec.imagePullSecrets):
        here = f"{at}.imagePullSecrets[{index}].name"
        if secret.name in seen:
            yield f"{here}: duplicate name {quoted(secret.name)}"
        seen.add(secret.name)
        if not secret.name:
            yield f'{here}: invalid empty name ""'
    for index, server in enumerate(spec.dnsConfig.nameservers):
        yield from ip_warnings(f"{at}.dnsConfig.nameservers[{index}]", server)


def claim_spec_warnings(at: str, spec: Any) -> Iterator[str]:
    """Yield what is odd about the spec of a claim of a volume."""
    for part in ("requests", "limits"):
        yield from fraction_warnings(f"{at}.resources.{part}", getattr(spec.resources, part), ("storage",))
