"""What extends and governs the apiserver: admission, definitions, aggregation, flow control."""

from typing import Any

from kobune.apiserver.registry.defaults.fill import fill


def default_webhooks(configuration: Any) -> None:
    """Fill in a webhook configuration: it fails closed, after ten seconds."""
    mutating = configuration.DESCRIPTOR.name.startswith("Mutating")
    for webhook in configuration.Webhooks:
        fill(webhook, failurePolicy="Fail", matchPolicy="Equivalent", timeoutSeconds=10)
        if mutating:
            fill(webhook, reinvocationPolicy="Never")
        webhook.namespaceSelector.SetInParent()
        webhook.objectSelector.SetInParent()
        if webhook.clientConfig.HasField("service"):
            fill(webhook.clientConfig.service, port=443)
        for rule in webhook.rules:
            fill(rule.rule, scope="*")


def default_policy(policy: Any) -> None:
    """Fill in an admission policy: it fails closed."""
    spec = policy.spec
    fill(spec, failurePolicy="Fail")
    if "reinvocationPolicy" in spec.DESCRIPTOR.fields_by_name:
        fill(spec, reinvocationPolicy="Never")
    if spec.HasField("matchConstraints"):
        _default_match(spec.matchConstraints)


def default_policy_binding(binding: Any) -> None:
    """Fill in the binding of an admission policy."""
    if binding.spec.HasField("matchResources"):
        _default_match(binding.spec.matchResources)


def _default_match(resources: Any) -> None:
    fill(resources, matchPolicy="Equivalent")
    resources.namespaceSelector.SetInParent()
    resources.objectSelector.SetInParent()
    for rule in (*resources.resourceRules, *resources.excludeResourceRules):
        fill(rule.ruleWithOperations.rule, scope="*")


def default_custom_resource_definition(definition: Any) -> None:
    """Fill in a CustomResourceDefinition: names follow from the kind."""
    names = definition.spec.names
    if names.kind:
        fill(names, singular=names.kind.lower())
    fill(names, listKind=f"{names.kind}List")
    if not definition.spec.HasField("conversion"):
        definition.spec.conversion.strategy = "None"
    client = definition.spec.conversion.webhook.clientConfig
    if client.HasField("service") and not client.service.HasField("port"):
        client.service.port = 443


def default_flow_schema(schema: Any) -> None:
    """Fill in a FlowSchema."""
    if not schema.spec.matchingPrecedence:
        schema.spec.matchingPrecedence = 1000


def default_priority_level(level: Any) -> None:
    """Fill in a PriorityLevelConfiguration."""
    spec = level.spec
    if spec.HasField("exempt"):
        fill(spec.exempt, nominalConcurrencyShares=0, lendablePercent=0)
    if spec.HasField("limited"):
        fill(spec.limited, nominalConcurrencyShares=30, lendablePercent=0)
        response = spec.limited.limitResponse
        if response.HasField("queuing"):
            for name, value in (("queues", 64), ("handSize", 8), ("queueLengthLimit", 50)):
                if not getattr(response.queuing, name):
                    setattr(response.queuing, name, value)


def default_api_service(service: Any) -> None:
    """Fill in an APIService."""
    if service.spec.HasField("service"):
        fill(service.spec.service, port=443)
