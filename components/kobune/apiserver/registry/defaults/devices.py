"""Claims of devices."""

from typing import Any

from kobune.apiserver.registry.defaults.fill import fill


def default_device_claim(claim: Any) -> None:
    """Fill in a ResourceClaim."""
    _default_spec(claim.spec)


def default_device_claim_template(template: Any) -> None:
    """Fill in a ResourceClaimTemplate."""
    _default_spec(template.spec.spec)


def _default_spec(spec: Any) -> None:
    for request in spec.devices.requests:
        for wanted in (*([request.exactly] if request.HasField("exactly") else []), *request.firstAvailable):
            fill(wanted, allocationMode="ExactCount")
            if wanted.allocationMode == "ExactCount" and not wanted.count:
                wanted.count = 1
            for toleration in wanted.tolerations:
                fill(toleration, operator="Equal")
