"""LimitRanges: what containers get that do not say what they need, and how much pods and claims may ask for.

Source: *Limit Ranges*.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from kobune.apimachinery.pod_resources import Amounts, amounts, pod_limits, pod_requests, shown
from kobune.apimachinery.quantity import canonical, parse
from kobune.apiserver.admission.chain import Write
from kobune.apiserver.admission.refusal import aggregated, refused

ANNOTATION: Final = "kubernetes.io/limit-ranger"
CLAIM: Final = "PersistentVolumeClaim"


class LimitRanger:
    """Fills in and checks the resources of pods, and checks those of claims."""

    resources = frozenset({"pods", "persistentvolumeclaims"})

    def mutate(self, write: Write) -> None:
        if write.call.plural != "pods" or write.operation != "CREATE" or not write.is_plain:
            return
        for limit_range in _ranges(write):
            _fill_in(write.new, limit_range)

    def validate(self, write: Write) -> None:
        is_pod = write.call.plural == "pods"
        if is_pod and not (write.operation == "CREATE" and write.is_plain) and write.call.subresource != "resize":
            return
        if write.operation == "DELETE" or (not is_pod and not write.is_plain):
            return
        for limit_range in _ranges(write):
            problems = list(
                _pod_problems(write.new, limit_range) if is_pod else _claim_problems(write.new, limit_range)
            )
            if problems:
                raise refused(write, aggregated(problems))


def _ranges(write: Write) -> list[Any]:
    if not write.api.cacher.ring(write.api.registry["limitranges"]).objects:
        return []
    return write.api.select("limitranges", write.call.namespace)


def _fill_in(pod: Any, limit_range: Any) -> None:
    requests: dict[str, str] = {}
    limits: dict[str, str] = {}
    for limit in limit_range.spec.limits:
        if limit.type == "Container":
            requests |= {name: value.string for name, value in limit.defaultRequest.items()}
            limits |= {name: value.string for name, value in limit.default.items()}
    notes: list[str] = []
    for what, containers in (("container", pod.spec.containers), ("init container", pod.spec.initContainers)):
        for container in containers:
            resources = container.resources
            for kind, found, given in (("request", resources.requests, requests), ("limit", resources.limits, limits)):
                missing = sorted(name for name in given if name not in found)
                for name in missing:
                    found[name].string = given[name]
                if missing:
                    notes.append(f"{', '.join(missing)} {kind} for {what} {container.name}")
    if notes:
        pod.metadata.annotations[ANNOTATION] = f"LimitRanger plugin set: {'; '.join(notes)}"


def _pod_problems(pod: Any, limit_range: Any) -> Iterator[str]:
    for limit in limit_range.spec.limits:
        if limit.type == "Container":
            for container in (*pod.spec.containers, *pod.spec.initContainers):
                requests, limits = amounts(container.resources.requests), amounts(container.resources.limits)
                yield from _violations(limit, requests, limits)
        elif limit.type == "Pod":
            yield from _violations(limit, pod_requests(pod), pod_limits(pod))


def _violations(limit: Any, requests: Amounts, limits: Amounts) -> Iterator[str]:
    kind = limit.type
    for name, bound in _sorted(limit.min):
        yield from _below(kind, name, bound, requests, limits)
    for name, bound in _sorted(limit.max):
        yield from _above(kind, name, bound, requests, limits)
    for name, bound in _sorted(limit.maxLimitRequestRatio):
        yield from _ratio(kind, name, bound, requests, limits)


def _below(kind: str, name: str, bound: str, requests: Amounts, limits: Amounts) -> Iterator[str]:
    head = f"minimum {name} usage per {kind} is {canonical(bound)}"
    if name not in requests:
        yield f"{head}.  No request is specified"
    elif requests[name] < parse(bound):
        yield f"{head}, but request is {shown(name, requests)}"
    elif name in limits and limits[name] < parse(bound):
        yield f"{head}, but limit is {shown(name, limits)}"


def _above(kind: str, name: str, bound: str, requests: Amounts, limits: Amounts) -> Iterator[str]:
    head = f"maximum {name} usage per {kind} is {canonical(bound)}"
    if name not in limits:
        yield f"{head}.  No limit is specified"
    elif limits[name] > parse(bound):
        yield f"{head}, but limit is {shown(name, limits)}"
    elif name in requests and requests[name] > parse(bound):
        yield f"{head}, but request is {shown(name, requests)}"


def _ratio(kind: str, name: str, bound: str, requests: Amounts, limits: Amounts) -> Iterator[str]:
    head = f"{name} max limit to request ratio per {kind} is {canonical(bound)}, but"
    if not requests.get(name):
        yield f"{head} no request is specified or request is 0"
    elif not limits.get(name):
        yield f"{head} no limit is specified or limit is 0"
    elif (ratio := limits[name] / requests[name]) > parse(bound):
        yield f"{head} provided ratio is {ratio:.6f}"


def _claim_problems(claim: Any, limit_range: Any) -> Iterator[str]:
    requests = amounts(claim.spec.resources.requests)
    for limit in limit_range.spec.limits:
        if limit.type != CLAIM:
            continue
        for name, bound in _sorted(limit.min):
            yield from _below(CLAIM, name, bound, requests, Amounts())
        for name, bound in _sorted(limit.max):
            head = f"maximum {name} usage per {CLAIM} is {canonical(bound)}"
            if name not in requests:
                yield f"{head}.  No request is specified"
            elif requests[name] > parse(bound):
                yield f"{head}, but request is {shown(name, requests)}"


def _sorted(bounds: Mapping[str, Any]) -> list[tuple[str, str]]:
    return sorted((name, value.string) for name, value in bounds.items())
