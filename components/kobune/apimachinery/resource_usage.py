"""What an object counts against quotas, and which quotas count it. Pure. Source: *Resource Quotas*.

The apiserver asks when an object is written, the quota controller when it counts what is there: both must agree.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from kobune.apimachinery.pod_resources import Amounts, amounts, pod_limits, pod_requests

COMPUTE: Final = ("cpu", "memory", "ephemeral-storage")
MUST_BE_GIVEN: Final = frozenset({"cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"})
"""A quota on one of these wants every container to say how much it needs."""
STORAGE_CLASS: Final = ".storageclass.storage.k8s.io/"
CLASS_ANNOTATION: Final = "volume.beta.kubernetes.io/storage-class"
ALIASES: Final = frozenset({"configmaps", "replicationcontrollers", "resourcequotas", "secrets"})
"""The kinds that may be counted by their plain name."""
PODS: Final = "pods"
ONE: Final = "1"


def usage(group: str, plural: str, item: Any) -> Amounts:
    """Return what an object counts, by the names that quotas have for it."""
    found = Amounts()
    _count(found, f"count/{plural}.{group}" if group else f"count/{plural}", 1)
    if group:
        return found
    match plural:
        case "pods":
            _pod(found, item)
        case "persistentvolumeclaims":
            _claim(found, item)
        case "services":
            _service(found, item)
        case _ if plural in ALIASES:
            _count(found, plural, 1)
    return found


def could_count(group: str, plural: str, names: Iterable[str]) -> set[str]:
    """Return which of the names in a quota are about objects of a kind."""
    counted = f"count/{plural}.{group}" if group else f"count/{plural}"
    return {name for name in names if name == counted or (not group and _is_about(plural, name))}


def in_scope(plural: str, item: Any, spec: Any) -> bool:
    """Whether an object is within the scopes of a quota's spec."""
    wanted = [(scope, "Exists", ()) for scope in spec.scopes]
    wanted += [(entry.scopeName, entry.operator, entry.values) for entry in spec.scopeSelector.matchExpressions]
    if not wanted:
        return True
    if plural == "persistentvolumeclaims":
        return all(scope == "VolumeAttributesClass" and _is_class(item, op, values) for scope, op, values in wanted)
    return plural == PODS and all(_pod_in_scope(item, *entry) for entry in wanted)


def unspecified(pod: Any, names: Iterable[str]) -> str:
    """Return which of the resources that a quota is about a pod's containers do not mention; empty if none."""
    required = MUST_BE_GIVEN & set(names)
    if not required or pod.spec.HasField("resources"):
        return ""
    missing: dict[str, set[str]] = {}
    for container in (*pod.spec.containers, *pod.spec.initContainers):
        given = Amounts()
        _compute(given, amounts(container.resources.requests), amounts(container.resources.limits))
        for name in required - set(given):
            missing.setdefault(name, set()).add(container.name)
    return "; ".join(f"{name} for: {','.join(sorted(missing[name]))}" for name in sorted(missing))


def _is_about(plural: str, name: str) -> bool:
    match plural:
        case "pods":
            return name in (PODS, *COMPUTE) or (
                name.startswith(("requests.", "limits.", "hugepages-")) and name != "requests.storage"
            )
        case "persistentvolumeclaims":
            return name in (plural, "requests.storage") or name.endswith(
                (f"{STORAGE_CLASS}{plural}", f"{STORAGE_CLASS}requests.storage")
            )
        case "services":
            return name in (plural, "services.loadbalancers", "services.nodeports")
    return name == plural and plural in ALIASES


def _count(found: Amounts, name: str, number: int) -> None:
    found[name] = Decimal(number)
    found.written[name] = [str(number)]


def _pod(found: Amounts, pod: Any) -> None:
    if pod.status.phase in ("Failed", "Succeeded"):
        return  # it holds nothing any more, though it is still there
    _count(found, PODS, 1)
    _compute(found, pod_requests(pod), pod_limits(pod))


def _compute(found: Amounts, requests: Amounts, limits: Amounts) -> None:
    for name in requests:
        names = [f"requests.{name}"]
        if name in COMPUTE or name.startswith("hugepages-"):
            names.append(name)
        for counted in names:
            found[counted], found.written[counted] = requests[name], requests.written[name]
    for name in limits:
        if name in COMPUTE:
            found[f"limits.{name}"], found.written[f"limits.{name}"] = limits[name], limits.written[name]


def _claim(found: Amounts, claim: Any) -> None:
    plural = "persistentvolumeclaims"
    name = claim.spec.storageClassName or claim.metadata.annotations.get(CLASS_ANNOTATION, "")
    _count(found, plural, 1)
    if name:
        _count(found, f"{name}{STORAGE_CLASS}{plural}", 1)
    requests = amounts(claim.spec.resources.requests)
    if "storage" in requests:
        for counted in ("requests.storage", *([f"{name}{STORAGE_CLASS}requests.storage"] if name else [])):
            found[counted], found.written[counted] = requests["storage"], requests.written["storage"]


def _service(found: Amounts, service: Any) -> None:
    spec = service.spec
    _count(found, "services", 1)
    _count(found, "services.loadbalancers", int(spec.type == "LoadBalancer"))
    ports = 0
    if spec.type == "NodePort":
        ports = len(spec.ports)
    elif spec.type == "LoadBalancer":
        gives = not spec.HasField("allocateLoadBalancerNodePorts") or spec.allocateLoadBalancerNodePorts
        ports = len(spec.ports) if gives else sum(1 for port in spec.ports if port.nodePort)
    _count(found, "services.nodeports", ports)


def _pod_in_scope(pod: Any, scope: str, operator: str, values: Iterable[str]) -> bool:
    match scope:
        case "Terminating":
            return bool(pod.spec.HasField("activeDeadlineSeconds"))
        case "NotTerminating":
            return not pod.spec.HasField("activeDeadlineSeconds")
        case "BestEffort":
            return _is_best_effort(pod)
        case "NotBestEffort":
            return not _is_best_effort(pod)
        case "PriorityClass":
            return _matches(pod.spec.priorityClassName, operator, values)
        case "CrossNamespacePodAffinity":
            return any(term.namespaces or term.HasField("namespaceSelector") for term in _affinity_terms(pod))
    return False


def _is_best_effort(pod: Any) -> bool:
    return not any(
        name in ("cpu", "memory")
        for container in (*pod.spec.containers, *pod.spec.initContainers)
        for name in (*container.resources.requests, *container.resources.limits)
    )


def _is_class(claim: Any, operator: str, values: Iterable[str]) -> bool:
    return _matches(claim.spec.volumeAttributesClassName, operator, values)


SELECTORS: Final[Mapping[str, Callable[[str, Iterable[str]], bool]]] = {
    "In": lambda value, values: value in values,
    "NotIn": lambda value, values: bool(value) and value not in values,
    "Exists": lambda value, values: bool(value),
    "DoesNotExist": lambda value, values: not value,
}


def _matches(value: str, operator: str, values: Iterable[str]) -> bool:
    return SELECTORS[operator](value, list(values)) if operator in SELECTORS else False


def _affinity_terms(pod: Any) -> Iterator[Any]:
    affinity = pod.spec.affinity
    for side in (affinity.podAffinity, affinity.podAntiAffinity):
        yield from side.requiredDuringSchedulingIgnoredDuringExecution
        for weighted in side.preferredDuringSchedulingIgnoredDuringExecution:
            yield weighted.podAffinityTerm
