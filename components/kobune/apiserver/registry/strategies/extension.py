"""How the apiserver is extended and governed: admission, aggregation, flow control."""

from collections.abc import Mapping
from typing import Final

from kobune.apimachinery import names
from kobune.apiserver.registry.defaults import extension as defaults
from kobune.apiserver.registry.rules import Rules, all_of
from kobune.apiserver.registry.strategies.definitions import CustomResourceDefinitionStrategy
from kobune.apiserver.registry.strategy import Strategy, UncountedStrategy
from kobune.apiserver.registry.validation import admission, aggregation, expressions, flowcontrol

ADMISSION: Final = "admissionregistration.k8s.io"
CONFIGURATIONS: Final = ("mutatingwebhookconfigurations", "validatingwebhookconfigurations")
POLICIES: Final = (
    "mutatingadmissionpolicies",
    "mutatingadmissionpolicybindings",
    "validatingadmissionpolicies",
    "validatingadmissionpolicybindings",
)
FLOW_CONTROL: Final = "flowcontrol.apiserver.k8s.io"


def kinds() -> Mapping[tuple[str, str], Strategy]:
    """Return the strategies of these kinds, by group and plural."""
    webhooks = Strategy(
        defaults.default_webhooks, Rules(always=all_of(admission.webhooks, expressions.webhooks)), counted=("Webhooks",)
    )
    policies = Strategy(
        defaults.default_policy, Rules(always=all_of(admission.validating_policy, expressions.validating_policy))
    )
    return {
        (ADMISSION, "mutatingadmissionpolicies"): Strategy(
            defaults.default_policy, Rules(always=all_of(admission.mutating_policy, expressions.mutating_policy))
        ),
        (ADMISSION, "mutatingadmissionpolicybindings"): Strategy(
            defaults.default_policy_binding, Rules(always=admission.policy_binding)
        ),
        (ADMISSION, "mutatingwebhookconfigurations"): webhooks,
        (ADMISSION, "validatingadmissionpolicies"): policies,
        (ADMISSION, "validatingadmissionpolicybindings"): Strategy(
            defaults.default_policy_binding, Rules(always=admission.policy_binding)
        ),
        (ADMISSION, "validatingwebhookconfigurations"): webhooks,
        ("apiextensions.k8s.io", "customresourcedefinitions"): CustomResourceDefinitionStrategy(
            defaults.default_custom_resource_definition
        ),
        ("apiregistration.k8s.io", "apiservices"): UncountedStrategy(
            defaults.default_api_service,
            rules=Rules(always=aggregation.api_service, status=aggregation.api_service_status),
            name_rule=names.path_segment,
        ),
        (FLOW_CONTROL, "flowschemas"): Strategy(
            defaults.default_flow_schema,
            Rules(always=flowcontrol.flow_schema, status=flowcontrol.conditions),
        ),
        (FLOW_CONTROL, "prioritylevelconfigurations"): Strategy(
            defaults.default_priority_level,
            Rules(always=flowcontrol.priority_level, status=flowcontrol.conditions),
        ),
    }
