"""The messages of kobune.api.admissionregistration.v1."""

from kobune.api.admissionregistration.v1.types_pb2 import ApplyConfiguration as ApplyConfiguration
from kobune.api.admissionregistration.v1.types_pb2 import AuditAnnotation as AuditAnnotation
from kobune.api.admissionregistration.v1.types_pb2 import ExpressionWarning as ExpressionWarning
from kobune.api.admissionregistration.v1.types_pb2 import JSONPatch as JSONPatch
from kobune.api.admissionregistration.v1.types_pb2 import MatchCondition as MatchCondition
from kobune.api.admissionregistration.v1.types_pb2 import MatchResources as MatchResources
from kobune.api.admissionregistration.v1.types_pb2 import MutatingAdmissionPolicy as MutatingAdmissionPolicy
from kobune.api.admissionregistration.v1.types_pb2 import MutatingAdmissionPolicyBinding as MutatingAdmissionPolicyBinding
from kobune.api.admissionregistration.v1.types_pb2 import MutatingAdmissionPolicyBindingList as MutatingAdmissionPolicyBindingList
from kobune.api.admissionregistration.v1.types_pb2 import MutatingAdmissionPolicyBindingSpec as MutatingAdmissionPolicyBindingSpec
from kobune.api.admissionregistration.v1.types_pb2 import MutatingAdmissionPolicyList as MutatingAdmissionPolicyList
from kobune.api.admissionregistration.v1.types_pb2 import MutatingAdmissionPolicySpec as MutatingAdmissionPolicySpec
from kobune.api.admissionregistration.v1.types_pb2 import MutatingWebhook as MutatingWebhook
from kobune.api.admissionregistration.v1.types_pb2 import MutatingWebhookConfiguration as MutatingWebhookConfiguration
from kobune.api.admissionregistration.v1.types_pb2 import MutatingWebhookConfigurationList as MutatingWebhookConfigurationList
from kobune.api.admissionregistration.v1.types_pb2 import Mutation as Mutation
from kobune.api.admissionregistration.v1.types_pb2 import NamedRuleWithOperations as NamedRuleWithOperations
from kobune.api.admissionregistration.v1.types_pb2 import ParamKind as ParamKind
from kobune.api.admissionregistration.v1.types_pb2 import ParamRef as ParamRef
from kobune.api.admissionregistration.v1.types_pb2 import Rule as Rule
from kobune.api.admissionregistration.v1.types_pb2 import RuleWithOperations as RuleWithOperations
from kobune.api.admissionregistration.v1.types_pb2 import ServiceReference as ServiceReference
from kobune.api.admissionregistration.v1.types_pb2 import TypeChecking as TypeChecking
from kobune.api.admissionregistration.v1.types_pb2 import ValidatingAdmissionPolicy as ValidatingAdmissionPolicy
from kobune.api.admissionregistration.v1.types_pb2 import ValidatingAdmissionPolicyBinding as ValidatingAdmissionPolicyBinding
from kobune.api.admissionregistration.v1.types_pb2 import ValidatingAdmissionPolicyBindingList as ValidatingAdmissionPolicyBindingList
from kobune.api.admissionregistration.v1.types_pb2 import ValidatingAdmissionPolicyBindingSpec as ValidatingAdmissionPolicyBindingSpec
from kobune.api.admissionregistration.v1.types_pb2 import ValidatingAdmissionPolicyList as ValidatingAdmissionPolicyList
from kobune.api.admissionregistration.v1.types_pb2 import ValidatingAdmissionPolicySpec as ValidatingAdmissionPolicySpec
from kobune.api.admissionregistration.v1.types_pb2 import ValidatingAdmissionPolicyStatus as ValidatingAdmissionPolicyStatus
from kobune.api.admissionregistration.v1.types_pb2 import ValidatingWebhook as ValidatingWebhook
from kobune.api.admissionregistration.v1.types_pb2 import ValidatingWebhookConfiguration as ValidatingWebhookConfiguration
from kobune.api.admissionregistration.v1.types_pb2 import ValidatingWebhookConfigurationList as ValidatingWebhookConfigurationList
from kobune.api.admissionregistration.v1.types_pb2 import Validation as Validation
from kobune.api.admissionregistration.v1.types_pb2 import Variable as Variable
from kobune.api.admissionregistration.v1.types_pb2 import WebhookClientConfig as WebhookClientConfig

__all__ = ['ApplyConfiguration', 'AuditAnnotation', 'ExpressionWarning', 'JSONPatch', 'MatchCondition', 'MatchResources', 'MutatingAdmissionPolicy', 'MutatingAdmissionPolicyBinding', 'MutatingAdmissionPolicyBindingList', 'MutatingAdmissionPolicyBindingSpec', 'MutatingAdmissionPolicyList', 'MutatingAdmissionPolicySpec', 'MutatingWebhook', 'MutatingWebhookConfiguration', 'MutatingWebhookConfigurationList', 'Mutation', 'NamedRuleWithOperations', 'ParamKind', 'ParamRef', 'Rule', 'RuleWithOperations', 'ServiceReference', 'TypeChecking', 'ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding', 'ValidatingAdmissionPolicyBindingList', 'ValidatingAdmissionPolicyBindingSpec', 'ValidatingAdmissionPolicyList', 'ValidatingAdmissionPolicySpec', 'ValidatingAdmissionPolicyStatus', 'ValidatingWebhook', 'ValidatingWebhookConfiguration', 'ValidatingWebhookConfigurationList', 'Validation', 'Variable', 'WebhookClientConfig']
