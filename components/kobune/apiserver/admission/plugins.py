"""Which plugins there are, in the order in which they run: as in Kubernetes."""

from kobune.apiserver.admission.chain import Admission
from kobune.apiserver.admission.escalation import Escalation
from kobune.apiserver.admission.namespace_lifecycle import NamespaceLifecycle
from kobune.apiserver.admission.policies.validating import ValidatingAdmissionPolicies
from kobune.apiserver.admission.priority import Priority, SystemPriority
from kobune.apiserver.admission.service_account import ServiceAccount
from kobune.apiserver.admission.tolerations import DefaultTolerationSeconds, TaintNodesByCondition
from kobune.apiserver.admission.webhooks.calling import Caller
from kobune.apiserver.admission.webhooks.plugins import MutatingAdmissionWebhook, ValidatingAdmissionWebhook
from kobune.apiserver.cache.view import View


def default_admission(view: View, caller: Caller) -> Admission:
    """Return the chain that every apiserver has; it asks webhooks through `caller`."""
    return Admission(
        [
            NamespaceLifecycle(),
            ServiceAccount(),
            TaintNodesByCondition(),
            Priority(),
            SystemPriority(),
            DefaultTolerationSeconds(),
            Escalation(),
            MutatingAdmissionWebhook(view, caller),
            ValidatingAdmissionPolicies(view),
            ValidatingAdmissionWebhook(view, caller),
        ]
    )
