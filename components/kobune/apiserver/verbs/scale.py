"""The scale subresource: how many replicas an object wants and has, whatever its kind."""

from typing import Any

from kobune.api.autoscaling.v1 import Scale, ScaleSpec, ScaleStatus
from kobune.apimachinery.errors import FieldError, Invalid
from kobune.apimachinery.selectors import from_label_selector
from kobune.apiserver.admission.chain import Write
from kobune.apiserver.cache.stored import Stored
from kobune.apiserver.printing.selectors import requirement_text
from kobune.apiserver.verbs.api import Api
from kobune.apiserver.verbs.call import Call
from kobune.apiserver.verbs.modify import check_name, modify, must_get


async def get_scale(api: Api, call: Call, *, to_change: bool = False) -> Scale:
    """Return the scale of an object; one `to_change` need not say how many replicas it wants yet."""
    current = must_get(api, call)
    if call.resource.calls_out:
        await call.resource.convert([current])
    return _shown(call, current, to_change=to_change)


async def update_scale(api: Api, call: Call, scale: Scale) -> Scale:
    """Set how many replicas an object wants."""
    if scale.metadata.name:
        check_name(call, scale.metadata.name)
    if scale.spec.replicas < 0 and not call.resource.is_custom:
        cause = FieldError(
            "FieldValueInvalid",
            "spec.replicas",
            f"Invalid value: {scale.spec.replicas}: must be greater than or equal to 0",
        )
        raise Invalid.named("autoscaling", "Scale", call.name, [cause])

    before = await get_scale(api, call, to_change=True)
    await api.admission.review(Write(api, call, "UPDATE", scale, before))

    def change(current: Stored) -> Any:
        resource = call.resource
        new: Any = resource.copy(resource.working(current).message)
        new.metadata.resourceVersion = scale.metadata.resourceVersion
        resource.set_replicas(new, scale.spec.replicas)
        return new

    changed = await modify(api, call, change)
    if call.resource.calls_out:
        await call.resource.convert([changed])
    return _shown(call, changed)


def _shown(call: Call, stored: Stored, *, to_change: bool = False) -> Scale:
    item: Any = call.resource.working(stored).message
    return call.resource.scale(item, to_change=to_change) or scale_of(item)


def scale_of(message: Any) -> Scale:
    """Return the scale that an object shows."""
    meta = message.metadata
    scale = Scale(spec=ScaleSpec(replicas=message.spec.replicas), status=ScaleStatus(replicas=message.status.replicas))
    for name in ("name", "namespace", "uid", "resourceVersion"):
        setattr(scale.metadata, name, getattr(meta, name))
    scale.metadata.creationTimestamp.CopyFrom(meta.creationTimestamp)
    selector = message.spec.selector
    if hasattr(selector, "matchLabels"):
        scale.status.selector = ",".join(map(requirement_text, from_label_selector(selector).requirements))
    else:
        scale.status.selector = ",".join(f"{key}={value}" for key, value in sorted(selector.items()))
    return scale
