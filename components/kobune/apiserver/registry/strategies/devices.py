"""Devices: who offers them, and who claims them."""

from collections.abc import Mapping
from typing import Final

from kobune.apiserver.registry.defaults.devices import default_device_claim, default_device_claim_template
from kobune.apiserver.registry.rules import Rules, all_of
from kobune.apiserver.registry.strategy import Strategy, UncountedStrategy
from kobune.apiserver.registry.validation import devices, expressions

GROUP: Final = "resource.k8s.io"


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
        (GROUP, "resourceclaims"): UncountedStrategy(
            default_device_claim,
            Rules(
                always=all_of(devices.claim, expressions.resource_claim),
                change=devices.spec_update,
                status=devices.claim_status,
            ),
            returns_deleted=True,
        ),
        (GROUP, "resourceclaimtemplates"): UncountedStrategy(
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
