"""What of a pod may change, once it is there."""

from collections.abc import Iterator
from typing import Any, Final

from kobune.apimachinery import codec, names
from kobune.apimachinery.errors import FieldError
from kobune.apiserver.registry.validation import formats
from kobune.apiserver.registry.validation.causes import duplicate, each, forbidden, invalid, required
from kobune.apiserver.registry.validation.labels import label_key
from kobune.apiserver.registry.validation.pods import scheduling
from kobune.apiserver.registry.validation.pods.quality import quality_of_service
from kobune.apiserver.registry.validation.pods.security import APPARMOR
from kobune.apiserver.registry.validation.pods.spec import MIRROR, pod
from kobune.apiserver.registry.validation.shown import difference

FROZEN: Final = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)
ONCE_SET: Final = "only NodeSelector and NodeAffinity"
SYSTEM_CONDITIONS: Final = frozenset({"PodScheduled", "Ready", "Initialized"})


def pod_update(new: Any, old: Any) -> Iterator[FieldError]:
    """Check that a change of a pod is one of the few that are allowed."""
    yield from annotation_update("metadata.annotations", new, old)
    spec, before = new.spec, old.spec
    for part in ("containers", "initContainers"):
        if len(getattr(spec, part)) != len(getattr(before, part)):
            yield forbidden(f"spec.{part}", "pod updates may not add or remove containers")
            return
        for index, container in enumerate(getattr(spec, part)):
            here = f"spec.{part}[{index}].image"
            if not container.image:
                yield required(here)
            if container.image != container.image.strip():
                yield invalid(here, container.image, "must not have leading or trailing whitespace")
    deadline = list(_deadline(spec, before))
    yield from deadline
    if deadline and spec.HasField("activeDeadlineSeconds"):
        return
    yield from _tolerations(spec.tolerations, before.tolerations)
    yield from _gates(spec.schedulingGates, before.schedulingGates)
    if codec.same(spec, before):
        return
    expected = _without_allowed(spec, before)
    if before.schedulingGates:
        yield from _gated(expected, before)
    if not codec.same(expected, before):
        yield forbidden("spec", f"{FROZEN}\n{difference(before, expected)}")


def annotation_update(at: str, new: Any, old: Any) -> Iterator[FieldError]:
    """Check that annotations which say what a pod is stay as they are."""
    after, before = new.metadata.annotations, old.metadata.annotations
    for key in {*after, *before}:
        if key in after and key in before and after[key] == before[key]:
            continue
        verb = "remove or update" if key in before else "add"
        if key.startswith(APPARMOR):
            yield forbidden(f"{at}[{key}]", f"may not {verb} AppArmor annotations")
        if key == MIRROR:
            yield forbidden(f"{at}[{key}]", f"may not {verb} mirror pod annotation")


def _deadline(spec: Any, before: Any) -> Iterator[FieldError]:
    at = "spec.activeDeadlineSeconds"
    if spec.HasField("activeDeadlineSeconds"):
        seconds = spec.activeDeadlineSeconds
        if problems := formats.in_range(seconds, 0, formats.LARGEST):
            yield from each(at, seconds, problems)
        elif before.HasField("activeDeadlineSeconds") and before.activeDeadlineSeconds < seconds:
            yield invalid(at, seconds, "must be less than or equal to previous value")
    elif before.HasField("activeDeadlineSeconds"):
        yield invalid(at, None, "must not update from a positive integer to nil value")


def _tolerations(found: Any, before: Any) -> Iterator[FieldError]:
    def key(toleration: Any) -> tuple[str, str, str, str]:
        return toleration.key, toleration.operator, toleration.value, toleration.effect

    kept = {key(toleration) for toleration in found}
    if any(key(toleration) not in kept for toleration in before):
        yield forbidden("spec.tolerations", "existing toleration can not be modified except its tolerationSeconds")
    else:
        yield from scheduling.tolerations("spec.tolerations", found)


def _gates(found: Any, before: Any) -> Iterator[FieldError]:
    there = {gate.name for gate in before}
    for index, gate in enumerate(found):
        if gate.name not in there:
            why = f"only deletion is allowed, but found new scheduling gate '{gate.name}'"
            yield forbidden(f"spec.schedulingGates[{index}].name", why)


def _without_allowed(spec: Any, before: Any) -> Any:
    """Return the new spec with what may change as it was."""
    expected = type(spec)()
    expected.CopyFrom(spec)
    for part in ("containers", "initContainers"):
        for container, was in zip(getattr(expected, part), getattr(before, part), strict=False):
            container.image = was.image
    for name in ("activeDeadlineSeconds", "tolerations", "schedulingGates"):
        put_back(expected, before, name)
    if before.terminationGracePeriodSeconds < 0 and expected.terminationGracePeriodSeconds == 1:
        expected.terminationGracePeriodSeconds = before.terminationGracePeriodSeconds
    return expected


def put_back(new: Any, old: Any, name: str) -> None:
    """Give a field the value that it had."""
    new.ClearField(name)
    value = getattr(old, name)
    if new.DESCRIPTOR.fields_by_name[name].is_repeated:
        getattr(new, name).MergeFrom(value)
    elif old.HasField(name):
        if hasattr(value, "CopyFrom"):
            getattr(new, name).CopyFrom(value)
        else:
            setattr(new, name, value)


def _gated(expected: Any, before: Any) -> Iterator[FieldError]:
    """Check what may change of a pod that is not scheduled yet: it may be told more about its node."""
    if dict(expected.nodeSelector) != dict(before.nodeSelector):
        if any(expected.nodeSelector.get(key) != value for key, value in before.nodeSelector.items()):
            why = "only additions are allowed (no mutations or deletions)"
            yield invalid("spec.nodeSelector", dict(expected.nodeSelector), why)
        put_back(expected, before, "nodeSelector")
    wanted, was = expected.affinity.nodeAffinity, before.affinity.nodeAffinity
    if codec.same(wanted, was):
        return
    at = "spec.affinity.nodeAffinity"
    selector = "requiredDuringSchedulingIgnoredDuringExecution"
    if was.HasField(selector):
        terms, old_terms = (getattr(item, selector).nodeSelectorTerms for item in (wanted, was))
        here = f"{at}.{selector}.nodeSelectorTerms"
        if len(terms) != len(old_terms):
            yield invalid(here, terms, "no additions/deletions to non-empty NodeSelectorTerms list are allowed")
        elif not all(_narrower(term, old) for term, old in zip(terms, old_terms, strict=True)):
            for index, (term, old) in enumerate(zip(terms, old_terms, strict=True)):
                if not _narrower(term, old):
                    yield invalid(f"{here}[{index}]", term, "only additions are allowed (no mutations or deletions)")
    if before.affinity.HasField("nodeAffinity"):
        expected.affinity.nodeAffinity.CopyFrom(was)
    else:
        expected.affinity.ClearField("nodeAffinity")
        if not before.HasField("affinity") and not expected.affinity.ListFields():
            expected.ClearField("affinity")


def _narrower(term: Any, old: Any) -> bool:
    """Whether a term of a selector only adds requirements to an older one."""
    if not old.matchExpressions and not old.matchFields:
        # An empty term selects nothing: to add to it would widen it.
        return codec.same(term, old)
    return all(
        list(getattr(term, name))[: len(getattr(old, name))] == list(getattr(old, name))
        for name in ("matchExpressions", "matchFields")
    )


def pod_status(new: Any, old: Any) -> Iterator[FieldError]:
    """Check what the status of a pod says."""
    yield from annotation_update("metadata.annotations", new, old)
    for index, condition in enumerate(new.status.conditions):
        if condition.type not in SYSTEM_CONDITIONS:
            yield from label_key(f"metadata.conditions[{index}].Type", condition.type)
    nominated = new.status.nominatedNodeName
    if nominated and nominated != old.status.nominatedNodeName:
        yield from each("status.nominatedNodeName", nominated, names.dns_subdomain(nominated))
    policy = old.spec.restartPolicy
    for part in ("containerStatuses", "initContainerStatuses"):
        yield from _transitions(f"status.{part}", getattr(new.status, part), getattr(old.status, part), policy, old)
    part = "ephemeralContainerStatuses"
    yield from _transitions(f"status.{part}", getattr(new.status, part), getattr(old.status, part), "Never", old)
    yield from _addresses("status.podIPs", new.status.podIPs)
    if new.status.hostIPs:
        if new.status.hostIP != new.status.hostIPs[0].ip:
            yield invalid("status.hostIPs[0].ip", new.status.hostIPs[0].ip, "must be equal to `hostIP`")
        yield from _addresses("status.hostIPs", new.status.hostIPs)
    wanted = {claim.name for claim in new.spec.resourceClaims}
    for index, status in enumerate(new.status.resourceClaimStatuses):
        if status.name not in wanted:
            why = "must match the name of an entry in `spec.resourceClaims`"
            yield invalid(f"status.resourceClaimStatuses[{index}].name", status.name, why)


def _transitions(at: str, new: Any, old: Any, policy: str, pod: Any) -> Iterator[FieldError]:
    if policy == "Always":
        return
    sidecars = {item.name for item in pod.spec.initContainers if item.restartPolicy == "Always"}
    running = {status.name for status in new if not status.state.HasField("terminated")}
    for index, status in enumerate(old):
        if not status.state.HasField("terminated") or status.name in sidecars:
            continue
        if status.state.terminated.exitCode and policy == "OnFailure":
            continue
        if status.name in running:
            yield forbidden(f"{at}[{index}].state", "may not be transitioned to non-terminated state")


def _addresses(at: str, found: Any) -> Iterator[FieldError]:
    for index, item in enumerate(found):
        yield from formats.ip(f"{at}[{index}]", item.ip)
    if len(found) < 2:
        return
    versions = [address.version for item in found if (address := formats.parse_ip(item.ip)) is not None]
    if len(found) > 2 or sorted(versions) != [4, 6]:
        yield invalid(at, found, "may specify no more than one IP for each IP family")
    seen: set[str] = set()
    for index, item in enumerate(found):
        if item.ip in seen:
            yield duplicate(f"{at}[{index}]", item)
        seen.add(item.ip)


def ephemeral_update(new: Any, old: Any) -> Iterator[FieldError]:
    """Check that containers for debugging are only added."""
    yield from annotation_update("metadata.annotations", new, old)
    at = "spec.ephemeralContainers"
    if MIRROR in old.metadata.annotations:
        yield forbidden("", "static pods do not support ephemeral containers")
        return
    yield from pod(new)
    found = {item.ephemeralContainerCommon.name: item for item in new.spec.ephemeralContainers}
    for before in old.spec.ephemeralContainers:
        name = before.ephemeralContainerCommon.name
        if name not in found:
            yield forbidden(at, f'existing ephemeral containers "{name}" may not be removed\n')
        elif not codec.same(found[name], before):
            why = f'existing ephemeral containers "{name}" may not be changed\n{difference(before, found[name])}'
            yield forbidden(at, why)


def resize_update(new: Any, old: Any) -> Iterator[FieldError]:
    """Check that only CPU and memory of containers change, and not the class of the pod."""
    if MIRROR in old.metadata.annotations:
        yield forbidden("", "static pods cannot be resized")
        return
    yield from pod(new)
    was = quality_of_service(old)
    if quality_of_service(new) != was:
        yield invalid("spec", was, "Pod QOS Class may not change as a result of resizing")
    for part in ("containers", "initContainers"):
        for index, (container, before) in enumerate(
            zip(getattr(new.spec, part), getattr(old.spec, part), strict=False)
        ):
            yield from _removed(f"spec.{part}[{index}].resources", container.resources, before.resources)


def _removed(at: str, wanted: Any, before: Any) -> Iterator[FieldError]:
    for part in ("limits", "requests"):
        for name in ("cpu", "memory"):
            if name in getattr(before, part) and name not in getattr(wanted, part):
                yield forbidden(f"{at}.{part}", f"resource {part} cannot be removed")
                break
