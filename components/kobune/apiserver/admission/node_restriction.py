"""Kubelets change only their own node and the pods on it. Source: *NodeRestriction*."""

from typing import Any, Final

from kobune.apiserver.admission.chain import Write
from kobune.apiserver.admission.refusal import refused

GROUP: Final = "system:nodes"
PREFIX: Final = "system:node:"
MIRROR: Final = "kubernetes.io/config.mirror"
RESTRICTED_LABELS: Final = "node-restriction.kubernetes.io/"
KUBELET_LABELS: Final = frozenset(
    {
        "kubernetes.io/hostname",
        "topology.kubernetes.io/zone",
        "topology.kubernetes.io/region",
        "failure-domain.beta.kubernetes.io/zone",
        "failure-domain.beta.kubernetes.io/region",
        "kubernetes.io/os",
        "kubernetes.io/arch",
        "beta.kubernetes.io/os",
        "beta.kubernetes.io/arch",
        "node.kubernetes.io/instance-type",
        "beta.kubernetes.io/instance-type",
    }
)
KUBELET_PREFIXES: Final = ("kubelet.kubernetes.io/", "node.kubernetes.io/")


class NodeRestriction:
    """Keeps kubelets to what is theirs."""

    resources = frozenset({"pods", "nodes", "serviceaccounts", "leases", "csinodes", "persistentvolumeclaims"})

    def validate(self, write: Write) -> None:
        user = write.call.user
        if GROUP not in user.groups or not user.name.startswith(PREFIX):
            return
        node = user.name.removeprefix(PREFIX)
        check = getattr(self, f"_{write.call.plural}", None)
        if check is not None:
            check(write, node)

    def _pods(self, write: Write, node: str) -> None:
        match write.operation, write.call.subresource:
            case "CREATE", "":
                _check_new_pod(write, node)
            case "DELETE", "":
                _check_own(write, write.old, node, "can only delete pods with spec.nodeName set to itself")
            case "UPDATE", "status":
                _check_own(
                    write, write.old, node, "can only update pod status for pods with spec.nodeName set to itself"
                )
                if dict(write.new.metadata.labels) != dict(write.old.metadata.labels):
                    raise refused(write, f'node "{node}" cannot update labels through pod status')
            case "CREATE", "eviction":
                pod = write.api.find("pods", write.call.namespace, write.call.name)
                if pod is not None:
                    _check_own(write, pod, node, "can only evict pods with spec.nodeName set to itself")
            case operation, part:
                what = f"pods/{part}" if part else "pods"
                raise refused(write, f"unexpected operation {operation} on {what}")

    def _nodes(self, write: Write, node: str) -> None:
        if write.call.name != node:
            raise refused(write, f'node "{node}" is not allowed to modify node "{write.call.name}"')
        if write.operation == "DELETE":
            return
        new, old = write.new, write.old
        if write.operation == "CREATE":
            if new.spec.HasField("configSource"):
                raise refused(write, f'node "{node}" is not allowed to create pods with a non-nil configSource')
            _check_labels(write, node, dict(new.metadata.labels), {})
            return
        if list(new.spec.taints) != list(old.spec.taints):
            raise refused(write, f'node "{node}" is not allowed to modify taints')
        if list(new.metadata.ownerReferences) != list(old.metadata.ownerReferences):
            raise refused(write, f'node "{node}" is not allowed to modify ownerReferences')
        _check_labels(write, node, dict(new.metadata.labels), dict(old.metadata.labels))

    def _leases(self, write: Write, node: str) -> None:
        if write.call.namespace != "kube-node-lease":
            why = 'can only access leases in the "kube-node-lease" system namespace'
            raise refused(write, why)
        if write.call.name != node:
            raise refused(write, "can only access node lease with the same name as the requesting node")

    def _csinodes(self, write: Write, node: str) -> None:
        if write.call.name != node:
            raise refused(write, "can only access CSINode with the same name as the requesting node")

    def _serviceaccounts(self, write: Write, node: str) -> None:
        if write.call.subresource != "token" or write.operation != "CREATE":
            return
        bound = write.new.spec.boundObjectRef
        if not write.new.spec.HasField("boundObjectRef") or bound.kind != "Pod" or not bound.name:
            raise refused(write, "node requested token not bound to a pod")
        if not bound.uID:
            raise refused(write, "node requested token with a pod binding without a uid")
        pod = write.api.find("pods", write.call.namespace, bound.name)
        if pod is None or pod.metadata.uid != bound.uID:
            raise refused(write, "the UID in the bound object reference does not match the UID in record")
        if pod.spec.nodeName != node:
            raise refused(write, "node requested token bound to a pod scheduled on a different node")

    def _persistentvolumeclaims(self, write: Write, node: str) -> None:
        if write.call.subresource != "status" or write.operation != "UPDATE":
            what = "persistentvolumeclaims"
            raise refused(write, f"may only update PVC status, not {write.operation.lower()} {what}")


def _check_own(write: Write, pod: Any, node: str, why: str) -> None:
    if pod.spec.nodeName != node:
        raise refused(write, f'node "{node}" {why}')


def _check_new_pod(write: Write, node: str) -> None:
    pod = write.new
    if MIRROR not in pod.metadata.annotations:
        raise refused(write, f'pod does not have "{MIRROR}" annotation, node "{node}" can only create mirror pods')
    if pod.spec.nodeName != node:
        raise refused(write, f'node "{node}" can only create pods with spec.nodeName set to itself')
    if pod.spec.serviceAccountName:
        raise refused(write, f'node "{node}" can not create pods that reference a service account')
    for volume in pod.spec.volumes:
        source = volume.volumeSource
        for field, shown in (("secret", "secrets"), ("configMap", "configmaps"), ("persistentVolumeClaim", "PVCs")):
            if source.HasField(field):
                raise refused(write, f'node "{node}" can not create pods that reference {shown}')
    for owner in pod.metadata.ownerReferences:
        if owner.kind != "Node" or owner.name != node:
            raise refused(write, f'node "{node}" can only create pods with an owner reference set to itself')


def _check_labels(write: Write, node: str, new: dict[str, str], old: dict[str, str]) -> None:
    changed = sorted(key for key in {*new, *old} if new.get(key) != old.get(key))
    forbidden = [key for key in changed if _is_forbidden(key)]
    if forbidden:
        verb = "set" if write.operation == "CREATE" else "modify"
        raise refused(write, f"is not allowed to {verb} the following labels: {', '.join(forbidden)}")


def _is_forbidden(key: str) -> bool:
    if key.startswith(RESTRICTED_LABELS) or f".{RESTRICTED_LABELS}" in key:
        return True
    if key in KUBELET_LABELS or key.startswith(KUBELET_PREFIXES):
        return False
    domain = key.partition("/")[0] if "/" in key else ""
    return domain in ("kubernetes.io", "k8s.io") or domain.endswith((".kubernetes.io", ".k8s.io"))
