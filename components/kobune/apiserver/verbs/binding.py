"""Bind a pod to a node: what a scheduler does in the end, thousands of times.

It changes a stored pod in a few known places, so that little of what other changes go through is left to do. It is the
server that changes the pod: who manages its fields stays as it is.
"""

from typing import Any

from kobune.api.core.v1 import Binding, PodCondition
from kobune.api.meta.v1 import Status
from kobune.apimachinery.errors import BadRequest, Conflict, FieldError, Invalid
from kobune.apimachinery.meta import time_of
from kobune.apiserver.admission.chain import Write
from kobune.apiserver.storage.errors import RevisionConflict
from kobune.apiserver.verbs import checks
from kobune.apiserver.verbs.api import Api
from kobune.apiserver.verbs.call import Call
from kobune.apiserver.verbs.modify import ATTEMPTS, STALE, must_get, save


async def bind(api: Api, call: Call, binding: Binding) -> Status:
    """Assign a pod to a node. `Conflict` if it has a node already or is being deleted; it never moves."""
    if not call.name:
        call.name = binding.metadata.name
    if not call.namespace:
        call.namespace = binding.metadata.namespace
    if binding.metadata.name and binding.metadata.name != call.name:
        raise BadRequest("name in URL does not match name in Binding object")
    node = binding.target.name
    if binding.target.kind not in ("", "Node"):
        cause = FieldError(
            "FieldValueNotSupported",
            "target.kind",
            f'Unsupported value: "{binding.target.kind}": supported values: "Node", "<empty>"',
        )
        raise Invalid.named("", "Binding", call.name, [cause])
    if not node:
        raise Invalid.named(
            "", "Binding", call.name, [FieldError("FieldValueRequired", "target.name", "Required value")]
        )

    call.subresource = "binding"
    says_more = bool(binding.metadata.labels or binding.metadata.annotations)
    write = Write(api, call, "CREATE", binding, None)
    await api.admission.review(write)
    for _ in range(ATTEMPTS):
        current = must_get(api, call)
        pod: Any = current.private()
        pod.metadata.ClearField("resourceVersion")
        _bind(call, binding, pod)
        if says_more or write.changed:  # what Kobune itself adds are labels of the node
            causes = checks.metadata_update(call.resource, pod, current.message, is_status=False)
            if causes:
                raise Invalid.named(call.group, call.resource.kind.name, call.name, causes)
        _scheduled(api, pod)
        try:
            await save(api, call, current, pod, differs=True)
        except RevisionConflict:
            continue
        return Status(status="Success", code=201)
    raise Conflict.named(call.group, call.plural, call.name, STALE)


def _bind(call: Call, binding: Binding, pod: Any) -> None:
    """Give a pod its node, and what else the binding says; `Conflict` if it may not have one."""
    wanted = binding.metadata.uid
    if wanted and wanted != pod.metadata.uid:
        why = f"Precondition failed: UID in precondition: {wanted}, UID in object meta: {pod.metadata.uid}"
        raise _conflict(call, why)
    if pod.metadata.HasField("deletionTimestamp"):
        raise _conflict(call, f"pod {pod.metadata.name} is being deleted, cannot be assigned to a host")
    if pod.spec.nodeName:
        raise _conflict(call, f'pod {pod.metadata.name} is already assigned to node "{pod.spec.nodeName}"')
    if pod.spec.schedulingGates:
        raise _conflict(call, f"pod {pod.metadata.name} has non-empty .spec.schedulingGates")
    pod.spec.nodeName = binding.target.name
    for key, value in binding.metadata.annotations.items():
        pod.metadata.annotations[key] = value
    for key, value in binding.metadata.labels.items():
        pod.metadata.labels[key] = value


def _scheduled(api: Api, pod: Any) -> None:
    """Set the condition that tells of the binding: in the same write, so that nobody sees one without the other."""
    others = [condition for condition in pod.status.conditions if condition.type != "PodScheduled"]
    del pod.status.conditions[:]
    now = time_of(api.now())
    pod.status.conditions.append(PodCondition(type="PodScheduled", status="True", lastTransitionTime=now))
    pod.status.conditions.extend(others)


def _conflict(call: Call, why: str) -> Conflict:
    return Conflict.of(
        "", "pods/binding", call.name, f'Operation cannot be fulfilled on pods/binding "{call.name}": {why}'
    )
