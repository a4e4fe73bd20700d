"""On which nodes a DaemonSet's pods belong, and what such a pod looks like.

Source: the documentation's *DaemonSet*, *How Daemon Pods are scheduled* and *Taints and tolerations*.
"""

from collections.abc import Mapping, Sequence

from kobune.api.apps.v1 import ControllerRevision, DaemonSet
from kobune.api.core.v1 import Node, NodeSelectorTerm, Pod, PodSpec, Toleration
from kobune.apimachinery.node_selectors import NAME, is_selected, required_terms
from kobune.apimachinery.tolerations import tolerates
from kobune.controller_manager.history import POD_LABEL
from kobune.controller_manager.pods import pod_from

GENERATION_LABEL = "pod-template-generation"
GENERATION = "deprecated.daemonset.template.generation"
ALWAYS_TOLERATED: Mapping[str, str] = {
    "node.kubernetes.io/not-ready": "NoExecute",
    "node.kubernetes.io/unreachable": "NoExecute",
    "node.kubernetes.io/disk-pressure": "NoSchedule",
    "node.kubernetes.io/memory-pressure": "NoSchedule",
    "node.kubernetes.io/pid-pressure": "NoSchedule",
    "node.kubernetes.io/unschedulable": "NoSchedule",
}
TOLERATED_ON_HOST_NETWORK: Mapping[str, str] = {"node.kubernetes.io/network-unavailable": "NoSchedule"}


def belongs(wanted: DaemonSet, tolerations: Sequence[Toleration], node: Node) -> bool:
    """Whether a node is one that a DaemonSet wants a pod on. `tolerations` are those of such a pod."""
    return _is_allowed(wanted.spec.template.spec, node) and not _repels(tolerations, node, ("NoSchedule", "NoExecute"))


def may_stay(wanted: DaemonSet, tolerations: Sequence[Toleration], node: Node) -> bool:
    """Whether a pod that is on the node already may stay: new taints with NoSchedule do not drive it away."""
    return _is_allowed(wanted.spec.template.spec, node) and not _repels(tolerations, node, ("NoExecute",))


def tolerations_of(spec: PodSpec) -> list[Toleration]:
    """Return the tolerations of a DaemonSet's pods: those of its template and those that all of them have."""
    added = {**ALWAYS_TOLERATED, **(TOLERATED_ON_HOST_NETWORK if spec.hostNetwork else {})}
    own = [Toleration(key=key, operator="Exists", effect=effect) for key, effect in added.items()]
    return [*spec.tolerations, *(each for each in own if each not in spec.tolerations)]


def new_pod(wanted: DaemonSet, revision: ControllerRevision, node: str) -> Pod:
    """Return the pod for a node. It is the scheduler that binds it, so it names the node by its affinity."""
    pod = pod_from(wanted.spec.template, wanted)
    pod.metadata.generateName = f"{wanted.metadata.name}-"
    pod.metadata.labels[POD_LABEL] = digest_of(revision)
    pod.metadata.labels[GENERATION_LABEL] = generation_of(wanted)
    affinity = pod.spec.affinity.nodeAffinity
    affinity.ClearField("requiredDuringSchedulingIgnoredDuringExecution")
    term = NodeSelectorTerm()
    term.matchFields.add(key=NAME, operator="In", values=[node])
    affinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms.append(term)
    tolerations = tolerations_of(wanted.spec.template.spec)
    del pod.spec.tolerations[:]
    pod.spec.tolerations.extend(tolerations)
    return pod


def target_of(pod: Pod) -> str:
    """Return the name of the node that a pod is on, or is meant for; empty if it is for none."""
    if pod.spec.nodeName:
        return pod.spec.nodeName
    for term in required_terms(pod.spec.affinity.nodeAffinity):
        for field in term.matchFields:
            if field.key == NAME and field.operator == "In" and len(field.values) == 1:
                return field.values[0]
    return ""


def digest_of(revision: ControllerRevision) -> str:
    """Return what a revision's pods carry as their label."""
    return revision.metadata.labels.get(POD_LABEL, "")


def generation_of(wanted: DaemonSet) -> str:
    """Return how often the template was changed, as the label has it."""
    return wanted.metadata.annotations.get(GENERATION, str(wanted.metadata.generation))


def _is_allowed(spec: PodSpec, node: Node) -> bool:
    if spec.nodeName and spec.nodeName != node.metadata.name:
        return False
    return is_selected(spec, node.metadata.name, node.metadata.labels)


def _repels(tolerations: Sequence[Toleration], node: Node, effects: Sequence[str]) -> bool:
    return any(
        taint.effect in effects and not tolerates(tolerations, taint.key, taint.value, taint.effect)
        for taint in node.spec.taints
    )
