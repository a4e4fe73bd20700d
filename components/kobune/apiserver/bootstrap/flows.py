"""The priority levels and flow schemas that every cluster has. Source: *API Priority and Fairness*."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from kobune.api.flowcontrol.v1 import (
    FlowSchema,
    NonResourcePolicyRule,
    PolicyRulesWithSubjects,
    PriorityLevelConfiguration,
    ResourcePolicyRule,
    Subject,
)

AUTOUPDATE: Final = "apf.kubernetes.io/autoupdate-spec"
ALL: Final = ("*",)
QUEUE_LENGTH: Final = 50

LEVELS: Final = (
    ("leader-election", 10, 0, 16, 4),
    ("node-high", 40, 25, 64, 6),
    ("system", 30, 33, 64, 6),
    ("workload-high", 40, 50, 128, 6),
    ("workload-low", 100, 90, 128, 6),
    ("global-default", 20, 50, 128, 6),
)
"""The names of the levels that have queues, their shares, what they lend, how many queues, how many for a flow."""


def flow_control() -> Iterator[tuple[str, Any]]:
    """Yield every default level and schema, each with the plural of its resource."""
    for level in _levels():
        level.metadata.annotations[AUTOUPDATE] = "true"
        yield "prioritylevelconfigurations", level
    for schema in _schemas():
        schema.metadata.annotations[AUTOUPDATE] = "true"
        yield "flowschemas", schema


def _levels() -> Iterator[PriorityLevelConfiguration]:
    exempt = PriorityLevelConfiguration(metadata={"name": "exempt"})
    exempt.spec.type = "Exempt"
    exempt.spec.exempt.nominalConcurrencyShares = 0
    exempt.spec.exempt.lendablePercent = 0
    yield exempt
    last = PriorityLevelConfiguration(metadata={"name": "catch-all"})
    last.spec.type = "Limited"
    last.spec.limited.nominalConcurrencyShares = 5
    last.spec.limited.lendablePercent = 0
    last.spec.limited.limitResponse.type = "Reject"
    yield last
    for name, shares, lendable, queues, hand in LEVELS:
        level = PriorityLevelConfiguration(metadata={"name": name})
        level.spec.type = "Limited"
        limited = level.spec.limited
        limited.nominalConcurrencyShares, limited.lendablePercent = shares, lendable
        limited.limitResponse.type = "Queue"
        queuing = limited.limitResponse.queuing
        queuing.queues, queuing.handSize, queuing.queueLengthLimit = queues, hand, QUEUE_LENGTH
        yield level


def _schemas() -> Iterator[FlowSchema]:
    everybody = _groups("system:unauthenticated", "system:authenticated")
    # One process speaks for all simulated nodes.
    nodes = [*_groups("system:nodes"), *_users("system:kubelet-fleet")]
    accounts = _account("kube-system", "*")
    leasing = _resources(("get", "create", "update"), "coordination.k8s.io", "leases")
    election, controllers = "leader-election", "system:kube-controller-manager"
    health = NonResourcePolicyRule(verbs=["get"], nonResourceURLs=["/healthz", "/readyz", "/livez"])
    probing = PolicyRulesWithSubjects(subjects=everybody, nonResourceRules=[health])
    yield _schema("exempt", 1, "exempt", "", _everything(_groups("system:masters")))
    yield _schema("probes", 2, "exempt", "", probing)
    electors = [*_users(controllers, "system:kube-scheduler"), *accounts]
    yield _schema("system-leader-election", 100, election, "ByUser", _doing(electors, leasing))
    endpoints = [
        *_users(controllers),
        *_account("kube-system", "endpoint-controller"),
        *_account("kube-system", "endpointslicemirroring-controller"),
    ]
    publishing = _resources(("get", "create", "update"), "", "endpoints")
    yield _schema("endpoint-controller", 150, "workload-high", "ByUser", _doing(endpoints, publishing))
    yield _schema("workload-leader-election", 200, election, "ByUser", _doing(accounts, leasing))
    living = (
        _resources(ALL, "", "nodes", "nodes/status", in_cluster=True, namespaces=()),
        _resources(ALL, "coordination.k8s.io", "leases"),
    )
    yield _schema("system-node-high", 400, "node-high", "ByUser", _doing(nodes, *living))
    yield _schema("system-nodes", 500, "system", "ByUser", _everything(nodes))
    high = "workload-high"
    yield _schema("kube-controller-manager", 800, high, "ByNamespace", _everything(_users(controllers)))
    yield _schema("kube-scheduler", 800, high, "ByNamespace", _everything(_users("system:kube-scheduler")))
    yield _schema("kube-system-service-accounts", 900, high, "ByNamespace", _everything(accounts))
    serving = _everything(_groups("system:serviceaccounts"))
    yield _schema("service-accounts", 9000, "workload-low", "ByUser", serving)
    yield _schema("global-default", 9900, "global-default", "ByUser", _everything(everybody))
    yield _schema("catch-all", 10000, "catch-all", "ByUser", _everything(everybody))


def _schema(name: str, precedence: int, level: str, by: str, rule: PolicyRulesWithSubjects) -> FlowSchema:
    schema = FlowSchema(metadata={"name": name})
    schema.spec.matchingPrecedence = precedence
    schema.spec.priorityLevelConfiguration.name = level
    if by:
        schema.spec.distinguisherMethod.type = by
    schema.spec.rules.append(rule)
    return schema


def _users(*names: str) -> list[Subject]:
    return [Subject(kind="User", user={"name": name}) for name in names]


def _groups(*names: str) -> list[Subject]:
    return [Subject(kind="Group", group={"name": name}) for name in names]


def _account(namespace: str, name: str) -> list[Subject]:
    return [Subject(kind="ServiceAccount", serviceAccount={"namespace": namespace, "name": name})]


def _resources(
    verbs: Sequence[str], group: str, *resources: str, in_cluster: bool = False, namespaces: Sequence[str] = ALL
) -> ResourcePolicyRule:
    return ResourcePolicyRule(
        verbs=verbs, apiGroups=[group], resources=resources, clusterScope=in_cluster, namespaces=namespaces
    )


def _doing(subjects: Sequence[Subject], *rules: ResourcePolicyRule) -> PolicyRulesWithSubjects:
    return PolicyRulesWithSubjects(subjects=subjects, resourceRules=rules)


def _everything(subjects: Sequence[Subject]) -> PolicyRulesWithSubjects:
    return PolicyRulesWithSubjects(
        subjects=subjects,
        resourceRules=[_resources(ALL, "*", "*", in_cluster=True)],
        nonResourceRules=[NonResourcePolicyRule(verbs=ALL, nonResourceURLs=ALL)],
    )
