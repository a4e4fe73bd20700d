"""Pods tolerate a node that is briefly not ready or unreachable; new nodes keep pods away until they are ready."""

from kobune.apiserver.admission.chain import Write

NOT_READY = "node.kubernetes.io/not-ready"
UNREACHABLE = "node.kubernetes.io/unreachable"
SECONDS = 300


class DefaultTolerationSeconds:
    """Gives pods five minutes on a node that fails."""

    resources = frozenset({"pods"})

    def mutate(self, write: Write) -> None:
        if write.operation != "CREATE" or write.call.subresource:
            return
        tolerations = write.new.spec.tolerations
        for key in (NOT_READY, UNREACHABLE):
            if not any(t.key in (key, "") and t.effect in ("NoExecute", "") for t in tolerations):
                tolerations.add(key=key, operator="Exists", effect="NoExecute", tolerationSeconds=SECONDS)


class TaintNodesByCondition:
    """Taints a new node as not ready, until the node controller sees that it is."""

    resources = frozenset({"nodes"})

    def mutate(self, write: Write) -> None:
        if write.operation != "CREATE":
            return
        taints = write.new.spec.taints
        if not any(taint.key == NOT_READY and taint.effect == "NoSchedule" for taint in taints):
            taints.add(key=NOT_READY, effect="NoSchedule")
