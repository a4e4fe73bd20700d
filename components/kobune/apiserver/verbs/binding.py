"""Bind a pod to a node: what a scheduler does in the end."""

from typing import Any

from kobune.api.core.v1 import Binding, PodCondition
from kobune.api.meta.v1 import Status
from kobune.apimachinery.errors import BadRequest, Conflict, FieldError, Invalid
from kobune.apimachinery.meta import time_of
from kobune.apiserver.admission.chain import Write
from kobune.apiserver.cache.stored import Stored
from kobune.apiserver.verbs.api import Api
from kobune.apiserver.verbs.call import Call
from kobune.apiserver.verbs.modify import modify


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

    def change(current: Stored) -> Any:
        pod: Any = current.private()
        pod.metadata.ClearField("resourceVersion")
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
        pod.spec.nodeName = node
        for key, value in binding.metadata.annotations.items():
            pod.metadata.annotations[key] = value
        for key, value in binding.metadata.labels.items():
            pod.metadata.labels[key] = value
        _scheduled(api, pod)
        return pod

    call.subresource = "binding"
    await api.admission.review(Write(api, call, "CREATE", binding, None))
    await modify(api, call, change)
    return Status(status="Success", code=201)


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
