"""What kubelets may do: only what concerns their own node and the pods on it. Source: *Using Node Authorization*."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from kobune.apiserver.auth.attributes import Attributes
from kobune.apiserver.auth.pod_references import references
from kobune.apiserver.auth.rbac import grants
from kobune.apiserver.cache.view import View

ROLE: Final = "system:node"
"""The role with the rules that all nodes share; nobody has to be bound to it."""
LEASES: Final = "kube-node-lease"
READ: Final = ("get", "list", "watch")

Reason = str
"""Why not; empty for: yes."""


class NodeAuthorizer:
    """Decides for kubelets."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._rules: Mapping[tuple[str, str], Callable[[str, Attributes], Reason | None]] = {
            ("", "nodes"): self._node,
            ("", "pods"): self._pods,
            ("", "secrets"): self._referenced,
            ("", "configmaps"): self._referenced,
            ("", "persistentvolumeclaims"): self._claim,
            ("", "persistentvolumes"): self._volume,
            ("", "serviceaccounts"): self._token,
            ("resource.k8s.io", "resourceclaims"): self._referenced,
            ("storage.k8s.io", "volumeattachments"): self._attachment,
            ("storage.k8s.io", "csinodes"): self._own_csi_node,
            ("coordination.k8s.io", "leases"): self._own_lease,
        }

    def decide(self, wish: Attributes) -> tuple[bool, Reason]:
        """Return whether somebody may do something because of the node whose kubelet they are, and why not."""
        node = wish.user.node
        if not node:
            return False, ""
        rule = self._rules.get((wish.group, wish.resource)) if not wish.path else None
        if rule is not None and (reason := rule(node, wish)) is not None:
            return not reason, reason
        role = self._view.find("clusterroles", "", ROLE)
        return role is not None and any(grants(each, wish) for each in role.rules), ""

    # Each says yes (""), why not, or None: what all nodes may do is decisive.

    def _node(self, node: str, wish: Attributes) -> Reason | None:
        if wish.verb not in READ or wish.subresource:
            return None
        name = wish.name or _selected(wish, "metadata.name")
        if name == node:
            return ""
        return f"node '{node}' cannot read '{name}', only its own Node object" if name else _all(node)

    def _pods(self, node: str, wish: Attributes) -> Reason | None:
        if wish.subresource or wish.verb not in READ:
            return None
        if wish.verb == "get":
            pod = self._view.find("pods", wish.namespace, wish.name)
            return "" if pod is not None and pod.spec.nodeName == node else _unrelated(node)
        if _selected(wish, "spec.nodeName") == node:
            return ""
        return "can only list/watch pods with spec.nodeName field selector"

    def _referenced(self, node: str, wish: Attributes) -> Reason:
        if wish.subresource:
            return "cannot read subresource"
        if wish.verb not in READ:
            return "can only read resources of this type"
        name = wish.name or _selected(wish, "metadata.name")
        if not name:
            return "No Object name found"
        wanted = (wish.resource, name)
        found = any(wanted in references(pod.spec) for pod in self._pods_on(node, wish.namespace))
        return "" if found else _unrelated(node)

    def _claim(self, node: str, wish: Attributes) -> Reason:
        if wish.subresource == "status" and wish.verb in ("get", "update", "patch"):
            return self._referenced(node, _reading(wish))
        return self._referenced(node, wish)

    def _volume(self, node: str, wish: Attributes) -> Reason:
        if wish.subresource or wish.verb != "get":
            return "can only get individual resources of this type"
        volume = self._view.find("persistentvolumes", "", wish.name)
        if volume is None:
            return _unrelated(node)
        claim = volume.spec.claimRef
        wanted = ("persistentvolumeclaims", claim.name)
        found = any(wanted in references(pod.spec) for pod in self._pods_on(node, claim.namespace))
        return "" if claim.name and found else _unrelated(node)

    def _token(self, node: str, wish: Attributes) -> Reason | None:
        if wish.verb != "create" or wish.subresource != "token":
            return None
        found = any(pod.spec.serviceAccountName == wish.name for pod in self._pods_on(node, wish.namespace))
        return "" if found else _unrelated(node)

    def _attachment(self, node: str, wish: Attributes) -> Reason:
        if wish.subresource or wish.verb != "get":
            return "can only get individual resources of this type"
        attachment = self._view.find("volumeattachments", "", wish.name)
        return "" if attachment is not None and attachment.spec.nodeName == node else _unrelated(node)

    def _own_csi_node(self, node: str, wish: Attributes) -> Reason:
        if wish.verb not in ("get", "create", "update", "patch", "delete"):
            return "can only get, create, update, patch, or delete a CSINode"
        if wish.subresource:
            return "cannot authorize CSINode subresources"
        if wish.verb != "create" and wish.name != node:
            return "can only access CSINode with the same name as the requesting node"
        return ""

    def _own_lease(self, node: str, wish: Attributes) -> Reason:
        if wish.verb not in ("get", "create", "update", "patch", "delete"):
            return "can only get, create, update, patch, or delete a node lease"
        if wish.namespace != LEASES:
            return f'can only access leases in the "{LEASES}" system namespace'
        if wish.verb != "create" and wish.name != node:
            return "can only access node lease with the same name as the requesting node"
        return ""

    def _pods_on(self, node: str, namespace: str) -> Iterator[Any]:
        return (pod for pod in self._view.select("pods", namespace) if pod.spec.nodeName == node)


def _selected(wish: Attributes, field: str) -> str:
    """Return the one value that a field selector leaves for a field; empty if it leaves more."""
    for term in wish.field_selector.split(","):
        name, _, value = term.replace("==", "=").partition("=")
        if name.strip() == field:
            return value.strip()
    return ""


def _reading(wish: Attributes) -> Attributes:
    return Attributes(wish.user, "get", wish.group, wish.version, wish.resource, "", wish.namespace, wish.name)


def _unrelated(node: str) -> Reason:
    return f"no relationship found between node '{node}' and this object"


def _all(node: str) -> Reason:
    return f"node '{node}' cannot read all nodes, only its own Node object"
