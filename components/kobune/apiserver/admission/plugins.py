"""Which plugins there are, in the order in which they run: as in Kubernetes."""

from kobune.apiserver.admission.certificates import (
    CertificateApproval,
    CertificateSigning,
    CertificateSubjectRestriction,
)
from kobune.apiserver.admission.chain import Admission
from kobune.apiserver.admission.default_ingress_class import DefaultIngressClass
from kobune.apiserver.admission.escalation import Escalation
from kobune.apiserver.admission.limit_ranger import LimitRanger
from kobune.apiserver.admission.namespace_lifecycle import NamespaceLifecycle
from kobune.apiserver.admission.node_declared_features import NodeDeclaredFeatures
from kobune.apiserver.admission.node_restriction import NodeRestriction
from kobune.apiserver.admission.pod_security.plugin import PodSecurity
from kobune.apiserver.admission.pod_topology_labels import PodTopologyLabels
from kobune.apiserver.admission.policies.mutating import MutatingAdmissionPolicies
from kobune.apiserver.admission.policies.validating import ValidatingAdmissionPolicies
from kobune.apiserver.admission.priority import Priority, SystemPriority
from kobune.apiserver.admission.resource_quota import ResourceQuota
from kobune.apiserver.admission.runtime_class import RuntimeClass
from kobune.apiserver.admission.service_account import ServiceAccount
from kobune.apiserver.admission.storage import (
    DefaultStorageClass,
    PersistentVolumeClaimResize,
    StorageObjectInUseProtection,
)
from kobune.apiserver.admission.tolerations import DefaultTolerationSeconds, TaintNodesByCondition
from kobune.apiserver.admission.webhooks.calling import Caller
from kobune.apiserver.admission.webhooks.plugins import MutatingAdmissionWebhook, ValidatingAdmissionWebhook
from kobune.apiserver.cache.view import View


def default_admission(view: View, caller: Caller) -> Admission:
    """Return the chain that every apiserver has; it asks webhooks through `caller`."""
    return Admission(
        [
            NamespaceLifecycle(),
            LimitRanger(),
            ServiceAccount(),
            NodeRestriction(),
            TaintNodesByCondition(),
            PodSecurity(),
            Priority(),
            SystemPriority(),
            DefaultTolerationSeconds(),
            DefaultStorageClass(),
            StorageObjectInUseProtection(),
            PersistentVolumeClaimResize(),
            RuntimeClass(),
            CertificateApproval(),
            CertificateSigning(),
            CertificateSubjectRestriction(),
            DefaultIngressClass(),
            PodTopologyLabels(),
            NodeDeclaredFeatures(),
            Escalation(),
            MutatingAdmissionPolicies(view),
            MutatingAdmissionWebhook(view, caller),
            ValidatingAdmissionPolicies(view),
            ValidatingAdmissionWebhook(view, caller),
            ResourceQuota(),
        ]
    )
