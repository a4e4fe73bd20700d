"""Devices: who offers them, and who claims them."""

from collections.abc import Mapping
from typing import Any, Final

from kobune.apimachinery.errors import Invalid
from kobune.apiserver.registry.defaults.devices import default_device_claim, default_device_claim_template
from kobune.apiserver.registry.rules import Rules, all_of
from kobune.apiserver.registry.strategy import Strategy, UncountedStrategy
from kobune.apiserver.registry.validation import devices, expressions
from kobune.apiserver.registry.validation.causes import forbidden

GROUP: Final = "resource.k8s.io"
ADMIN_LABEL: Final = "resource.kubernetes.io/admin-access"
NOT_ADMIN: Final = f"admin access to devices requires the `{ADMIN_LABEL}: true` label on the containing namespace"


class DeviceClaimStrategy(UncountedStrategy):
    """Who asks for devices that others use: only namespaces with a label may."""

    def prepare_create(self, new: Any, view: Any) -> None:
        super().prepare_create(new, view)
        template = "spec" in new.spec.DESCRIPTOR.fields_by_name
        wanted = (new.spec.spec if template else new.spec).devices.requests
        asking = [index for index, request in enumerate(wanted) if request.exactly.adminAccess]
        if not asking:
            return
        namespace = view.find("namespaces", "", new.metadata.namespace)
        if namespace is not None and namespace.metadata.labels.get(ADMIN_LABEL) == "true":
            return
        at = "spec.spec" if template else "spec"
        causes = [forbidden(f"{at}.devices.requests[{index}].exactly.adminAccess", NOT_ADMIN) for index in asking]
        raise Invalid.named(GROUP, type(new).__name__, new.metadata.name, causes)


class ResourceSliceStrategy(Strategy):
    """Devices of a node, or of a driver: kubelets and drivers ask for their own."""

    def selectable_fields(self) -> Mapping[str, str]:
        return {"spec.driver": "spec.driver", "spec.nodeName": "spec.nodeName"}


def kinds() -> Mapping[tuple[str, str], Strategy]:
    """Return the strategies of these kinds, by group and plural."""
    return {
        (GROUP, "deviceclasses"): Strategy(
            rules=Rules(always=all_of(devices.device_class, expressions.device_class)), returns_deleted=True
        ),
        (GROUP, "resourceclaims"): DeviceClaimStrategy(
            default_device_claim,
            Rules(
                always=all_of(devices.claim, expressions.resource_claim),
                change=devices.spec_update,
                status=devices.claim_status,
            ),
            returns_deleted=True,
        ),
        (GROUP, "resourceclaimtemplates"): DeviceClaimStrategy(
            default_device_claim_template,
            Rules(
                always=all_of(devices.claim_template, expressions.resource_claim_template), change=devices.spec_update
            ),
            returns_deleted=True,
        ),
        (GROUP, "resourceslices"): ResourceSliceStrategy(
            rules=Rules(always=devices.resource_slice, change=devices.slice_update), returns_deleted=True
        ),
    }
