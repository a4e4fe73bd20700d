"""The messages of kobune.api.flowcontrol.v1."""

from kobune.api.flowcontrol.v1.types_pb2 import ExemptPriorityLevelConfiguration as ExemptPriorityLevelConfiguration
from kobune.api.flowcontrol.v1.types_pb2 import FlowDistinguisherMethod as FlowDistinguisherMethod
from kobune.api.flowcontrol.v1.types_pb2 import FlowSchema as FlowSchema
from kobune.api.flowcontrol.v1.types_pb2 import FlowSchemaCondition as FlowSchemaCondition
from kobune.api.flowcontrol.v1.types_pb2 import FlowSchemaList as FlowSchemaList
from kobune.api.flowcontrol.v1.types_pb2 import FlowSchemaSpec as FlowSchemaSpec
from kobune.api.flowcontrol.v1.types_pb2 import FlowSchemaStatus as FlowSchemaStatus
from kobune.api.flowcontrol.v1.types_pb2 import GroupSubject as GroupSubject
from kobune.api.flowcontrol.v1.types_pb2 import LimitResponse as LimitResponse
from kobune.api.flowcontrol.v1.types_pb2 import LimitedPriorityLevelConfiguration as LimitedPriorityLevelConfiguration
from kobune.api.flowcontrol.v1.types_pb2 import NonResourcePolicyRule as NonResourcePolicyRule
from kobune.api.flowcontrol.v1.types_pb2 import PolicyRulesWithSubjects as PolicyRulesWithSubjects
from kobune.api.flowcontrol.v1.types_pb2 import PriorityLevelConfiguration as PriorityLevelConfiguration
from kobune.api.flowcontrol.v1.types_pb2 import PriorityLevelConfigurationCondition as PriorityLevelConfigurationCondition
from kobune.api.flowcontrol.v1.types_pb2 import PriorityLevelConfigurationList as PriorityLevelConfigurationList
from kobune.api.flowcontrol.v1.types_pb2 import PriorityLevelConfigurationReference as PriorityLevelConfigurationReference
from kobune.api.flowcontrol.v1.types_pb2 import PriorityLevelConfigurationSpec as PriorityLevelConfigurationSpec
from kobune.api.flowcontrol.v1.types_pb2 import PriorityLevelConfigurationStatus as PriorityLevelConfigurationStatus
from kobune.api.flowcontrol.v1.types_pb2 import QueuingConfiguration as QueuingConfiguration
from kobune.api.flowcontrol.v1.types_pb2 import ResourcePolicyRule as ResourcePolicyRule
from kobune.api.flowcontrol.v1.types_pb2 import ServiceAccountSubject as ServiceAccountSubject
from kobune.api.flowcontrol.v1.types_pb2 import Subject as Subject
from kobune.api.flowcontrol.v1.types_pb2 import UserSubject as UserSubject

__all__ = ['ExemptPriorityLevelConfiguration', 'FlowDistinguisherMethod', 'FlowSchema', 'FlowSchemaCondition', 'FlowSchemaList', 'FlowSchemaSpec', 'FlowSchemaStatus', 'GroupSubject', 'LimitResponse', 'LimitedPriorityLevelConfiguration', 'NonResourcePolicyRule', 'PolicyRulesWithSubjects', 'PriorityLevelConfiguration', 'PriorityLevelConfigurationCondition', 'PriorityLevelConfigurationList', 'PriorityLevelConfigurationReference', 'PriorityLevelConfigurationSpec', 'PriorityLevelConfigurationStatus', 'QueuingConfiguration', 'ResourcePolicyRule', 'ServiceAccountSubject', 'Subject', 'UserSubject']
