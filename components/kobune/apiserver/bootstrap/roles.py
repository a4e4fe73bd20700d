"""The roles and bindings of RBAC that every cluster has. Source: *Default roles and role bindings*.

The roles of controllers are one here, because all of them run as one user.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from kobune.api.rbac.v1 import ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, RoleRef, Subject

GROUP = "rbac.authorization.k8s.io"
DEFAULTS = {"kubernetes.io/bootstrapping": "rbac-defaults"}
CERTIFICATES = "certificates.k8s.io"
SIGNERS = ("kube-apiserver-client", "kube-apiserver-client-kubelet", "kubelet-serving", "legacy-unknown")
READ = ("get", "list", "watch")
WRITE = ("create", "delete", "deletecollection", "patch", "update")
EVENTS = ("", "events.k8s.io")

Rules = Sequence[PolicyRule]


def roles() -> Iterator[tuple[str, Any]]:
    """Yield every default role and binding, each with the plural of its resource."""
    for name, rules in _cluster_roles().items():
        yield "clusterroles", _cluster_role(name, rules)
    for name, part_of in AGGREGATED.items():
        yield "clusterroles", _aggregate(name, part_of)
    for name, subjects in BINDINGS.items():
        yield "clusterrolebindings", _cluster_binding(name, subjects)
    yield from _leader_election()


def rule(verbs: Sequence[str], groups: Sequence[str], *resources: str) -> PolicyRule:
    """Return a rule about resources."""
    return PolicyRule(verbs=verbs, apiGroups=groups, resources=resources)


def paths(*urls: str) -> PolicyRule:
    """Return a rule about reading paths that are no resources."""
    return PolicyRule(verbs=["get"], nonResourceURLs=urls)


HEALTH = ("/healthz", "/livez", "/readyz", "/version", "/version/")
DISCOVERY = ("/api", "/api/*", "/apis", "/apis/*", "/openapi", "/openapi/*")

WORKLOADS = (
    ("apps", ("daemonsets", "deployments", "replicasets", "statefulsets")),
    ("batch", ("cronjobs", "jobs")),
    ("autoscaling", ("horizontalpodautoscalers",)),
    ("policy", ("poddisruptionbudgets",)),
    ("networking.k8s.io", ("ingresses", "networkpolicies")),
    ("resource.k8s.io", ("resourceclaims", "resourceclaimtemplates")),
)
CORE = (
    "configmaps",
    "endpoints",
    "persistentvolumeclaims",
    "pods",
    "replicationcontrollers",
    "serviceaccounts",
    "services",
)
SCALES = ("deployments/scale", "replicasets/scale", "statefulsets/scale")
STREAMS = ("pods/attach", "pods/exec", "pods/portforward", "pods/proxy", "services/proxy")


def _view() -> Rules:
    return [
        rule(READ, [""], *CORE, "persistentvolumeclaims/status", "pods/status", "services/status"),
        rule(READ, [""], "bindings", "events", "limitranges", "namespaces", "namespaces/status", "pods/log"),
        rule(READ, [""], "replicationcontrollers/scale", "replicationcontrollers/status", "resourcequotas"),
        rule(READ, ["discovery.k8s.io"], "endpointslices"),
        rule(READ, ["apps"], "controllerrevisions", *SCALES),
        *(
            rule(READ, [group], *names, *(f"{name}/status" for name in names if name != "networkpolicies"))
            for group, names in WORKLOADS
        ),
    ]


def _edit() -> Rules:
    return [
        rule([*WRITE], [""], *CORE, "secrets", "replicationcontrollers/scale", *STREAMS),
        rule(READ, [""], "secrets", *STREAMS),
        rule(["create"], [""], "pods/eviction", "serviceaccounts/token"),
        rule(["impersonate"], [""], "serviceaccounts"),
        rule([*WRITE, *READ], ["coordination.k8s.io"], "leases"),
        rule(WRITE, ["apps"], *SCALES),
        *(rule(WRITE, [group], *names) for group, names in WORKLOADS),
    ]


def _admin() -> Rules:
    return [
        rule(["create"], ["authorization.k8s.io"], "localsubjectaccessreviews"),
        rule([*WRITE, *READ], [GROUP], "rolebindings", "roles"),
    ]


def _recording() -> Rules:
    return [rule(["create", "patch", "update"], EVENTS, "events")]


def _scheduler() -> Rules:
    return [
        *_recording(),
        rule(["create", *READ, "update", "patch"], ["coordination.k8s.io"], "leases"),
        rule(READ, [""], "namespaces", "nodes", "pods", "replicationcontrollers", "services"),
        rule(READ, [""], "persistentvolumeclaims", "persistentvolumes"),
        rule(["delete"], [""], "pods"),
        rule(["create"], [""], "bindings", "pods/binding"),
        rule(["patch", "update"], [""], "pods/status", "persistentvolumeclaims", "persistentvolumes"),
        rule(READ, ["apps"], "replicasets", "statefulsets"),
        rule(READ, ["policy"], "poddisruptionbudgets"),
        rule(READ, ["scheduling.k8s.io"], "podgroups", "priorityclasses"),
        rule(["patch", "update"], ["scheduling.k8s.io"], "podgroups/status"),
        rule(READ, ["storage.k8s.io"], "csidrivers", "csinodes", "csistoragecapacities", "storageclasses"),
        rule(READ, ["storage.k8s.io"], "volumeattachments"),
        rule(READ, ["resource.k8s.io"], "deviceclasses", "resourceclaims", "resourceslices"),
        rule(["patch", "update"], ["resource.k8s.io"], "resourceclaims/status", "resourceclaims"),
    ]


def _proxier() -> Rules:
    return [
        *_recording(),
        # Pods: their annotations say which ports a kubelet had to map.
        rule(READ, [""], "endpoints", "nodes", "pods", "services"),
        rule(READ, ["discovery.k8s.io"], "endpointslices"),
        rule(READ, ["networking.k8s.io"], "servicecidrs"),
    ]


def _cloud_controllers() -> Rules:
    return [
        *_recording(),
        rule([*READ, "delete", "patch", "update"], [""], "nodes"),
        rule(["patch", "update"], [""], "nodes/status", "services", "services/status"),
        rule(READ, [""], "endpoints", "namespaces", "pods", "serviceaccounts", "services"),
        rule(READ, ["discovery.k8s.io"], "endpointslices"),
        rule(["create", *READ, "patch", "update"], ["coordination.k8s.io"], "leases"),
    ]


def _node() -> Rules:
    return [
        *_recording(),
        rule(["create", *READ, "patch", "update"], [""], "nodes"),
        rule(["patch", "update"], [""], "nodes/status", "pods/status"),
        rule([*READ, "create", "delete"], [""], "pods"),
        rule(["create"], [""], "pods/eviction", "serviceaccounts/token"),
        rule(READ, [""], "configmaps", "persistentvolumeclaims", "persistentvolumes", "secrets", "services"),
        rule(["create", "get", "list", "watch"], ["certificates.k8s.io"], "certificatesigningrequests"),
        rule(["create", "delete", "get", "patch", "update"], ["coordination.k8s.io"], "leases"),
        rule(READ, ["node.k8s.io"], "runtimeclasses"),
        rule(READ, ["storage.k8s.io"], "csidrivers", "volumeattachments"),
        rule(["create", "delete", "get", "patch", "update"], ["storage.k8s.io"], "csinodes"),
        *_reviewing(),
    ]


def _reviewing() -> Rules:
    return [
        rule(["create"], ["authentication.k8s.io"], "tokenreviews"),
        rule(["create"], ["authorization.k8s.io"], "localsubjectaccessreviews", "subjectaccessreviews"),
    ]


def _requesting(subresource: str = "") -> Rules:
    verbs = ["create"] if subresource else ["create", "get", "list", "watch"]
    return [rule(verbs, [CERTIFICATES], "certificatesigningrequests" + subresource)]


def _approving(signer: str) -> Rules:
    names = [f"kubernetes.io/{signer}"]
    return [PolicyRule(verbs=["approve"], apiGroups=[CERTIFICATES], resources=["signers"], resourceNames=names)]


def _certificates() -> dict[str, Rules]:
    """Return the roles for asking for certificates, and for approving what is asked of Kubernetes' own signers."""
    return {
        "system:node-bootstrapper": _requesting(),
        f"system:{CERTIFICATES}:certificatesigningrequests:nodeclient": _requesting("/nodeclient"),
        f"system:{CERTIFICATES}:certificatesigningrequests:selfnodeclient": _requesting("/selfnodeclient"),
        **{f"system:{CERTIFICATES}:{name}-approver": _approving(name) for name in SIGNERS},
    }


def _cluster_roles() -> dict[str, Rules]:
    everything = [rule(["*"], ["*"], "*"), PolicyRule(verbs=["*"], nonResourceURLs=["*"])]
    own = [rule(["create"], ["authorization.k8s.io"], "selfsubjectaccessreviews", "selfsubjectrulesreviews")]
    return {
        **_certificates(),
        "cluster-admin": everything,
        "system:aggregate-to-admin": _admin(),
        "system:aggregate-to-edit": _edit(),
        "system:aggregate-to-view": _view(),
        "system:auth-delegator": _reviewing(),
        "system:basic-user": [*own, rule(["create"], ["authentication.k8s.io"], "selfsubjectreviews")],
        "system:cloud-controller-manager": _cloud_controllers(),
        "system:discovery": [paths(*DISCOVERY, *HEALTH)],
        # Garbage collection and the deletion of namespaces may meet any kind of object.
        "system:kube-controller-manager": everything,
        "system:kube-scheduler": _scheduler(),
        "system:monitoring": [paths("/metrics", "/metrics/*", "/healthz/*", "/livez/*", "/readyz/*", *HEALTH[:3])],
        "system:node": _node(),
        "system:node-proxier": _proxier(),
        "system:persistent-volume-provisioner": [
            *_recording(),
            rule([*READ, "create", "delete"], [""], "persistentvolumes"),
            rule([*READ, "update"], [""], "persistentvolumeclaims"),
            rule(READ, ["storage.k8s.io"], "storageclasses"),
        ],
        "system:public-info-viewer": [paths(*HEALTH)],
        "system:service-account-issuer-discovery": [paths("/.well-known/openid-configuration", "/openid/v1/jwks")],
    }


AGGREGATED = {"admin": "", "edit": "admin", "view": "edit"}
"""The roles for users, and of which one each is a part. The controller-manager puts them together."""

BINDINGS: dict[str, tuple[tuple[str, str], ...]] = {
    "cluster-admin": (("Group", "system:masters"),),
    "system:basic-user": (("Group", "system:authenticated"),),
    "system:cloud-controller-manager": (("User", "system:cloud-controller-manager"),),
    "system:discovery": (("Group", "system:authenticated"),),
    "system:kube-controller-manager": (("User", "system:kube-controller-manager"),),
    "system:kube-scheduler": (("User", "system:kube-scheduler"),),
    "system:monitoring": (("Group", "system:monitoring"),),
    # Nodes have a rule book of their own; this is for the one process that runs all simulated nodes.
    "system:node": (("User", "system:kubelet-fleet"),),
    "system:node-proxier": (("User", "system:kube-proxy"),),
    "system:public-info-viewer": (("Group", "system:authenticated"), ("Group", "system:unauthenticated")),
    "system:service-account-issuer-discovery": (("Group", "system:serviceaccounts"),),
}
"""By cluster role: who has it."""


def _cluster_role(name: str, rules: Rules) -> ClusterRole:
    role = ClusterRole(rules=rules)
    _name(role, name)
    if name.startswith("system:aggregate-to-"):
        role.metadata.labels[f"{GROUP}/aggregate-to-{name.rpartition('-')[2]}"] = "true"
    return role


def _aggregate(name: str, part_of: str) -> ClusterRole:
    role = ClusterRole()
    _name(role, name)
    if part_of:
        role.metadata.labels[f"{GROUP}/aggregate-to-{part_of}"] = "true"
    selector = role.aggregationRule.clusterRoleSelectors.add()
    selector.matchLabels[f"{GROUP}/aggregate-to-{name}"] = "true"
    return role


def _cluster_binding(name: str, subjects: Sequence[tuple[str, str]]) -> ClusterRoleBinding:
    binding = ClusterRoleBinding(
        roleRef=RoleRef(apiGroup=GROUP, kind="ClusterRole", name=name),
        subjects=[Subject(apiGroup=GROUP, kind=kind, name=subject) for kind, subject in subjects],
    )
    _name(binding, name)
    return binding


def _leader_election() -> Iterator[tuple[str, Any]]:
    for user in ("kube-controller-manager", "kube-scheduler"):
        name = f"system::leader-locking-{user}"
        role = Role(rules=[rule(["get", "watch"], [""], "configmaps"), rule(["get", "update"], [""], "configmaps")])
        binding = RoleBinding(
            roleRef=RoleRef(apiGroup=GROUP, kind="Role", name=name),
            subjects=[Subject(apiGroup=GROUP, kind="User", name=f"system:{user}")],
        )
        for plural, item in (("roles", role), ("rolebindings", binding)):
            _name(item, name)
            item.metadata.namespace = "kube-system"
            yield plural, item


def _name(item: Any, name: str) -> None:
    item.metadata.name = name
    item.metadata.annotations["rbac.authorization.kubernetes.io/autoupdate"] = "true"
    for key, value in DEFAULTS.items():
        item.metadata.labels[key] = value
