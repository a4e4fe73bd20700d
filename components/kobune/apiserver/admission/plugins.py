"""Which plugins there are, in the order in which they run."""

from kobune.apiserver.admission.chain import Admission
from kobune.apiserver.admission.escalation import Escalation
from kobune.apiserver.admission.namespace_lifecycle import NamespaceLifecycle
from kobune.apiserver.admission.priority import Priority, SystemPriority
from kobune.apiserver.admission.service_account import ServiceAccount
from kobune.apiserver.admission.tolerations import DefaultTolerationSeconds, TaintNodesByCondition


def default_admission() -> Admission:
    """Return the chain that every apiserver has."""
    return Admission(
        [
            NamespaceLifecycle(),
            ServiceAccount(),
            DefaultTolerationSeconds(),
            TaintNodesByCondition(),
            Priority(),
            SystemPriority(),
            Escalation(),
        ]
    )
