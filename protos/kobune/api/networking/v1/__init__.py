"""The messages of kobune.api.networking.v1."""

from kobune.api.networking.v1.types_pb2 import HTTPIngressPath as HTTPIngressPath
from kobune.api.networking.v1.types_pb2 import HTTPIngressRuleValue as HTTPIngressRuleValue
from kobune.api.networking.v1.types_pb2 import IPAddress as IPAddress
from kobune.api.networking.v1.types_pb2 import IPAddressList as IPAddressList
from kobune.api.networking.v1.types_pb2 import IPAddressSpec as IPAddressSpec
from kobune.api.networking.v1.types_pb2 import IPBlock as IPBlock
from kobune.api.networking.v1.types_pb2 import Ingress as Ingress
from kobune.api.networking.v1.types_pb2 import IngressBackend as IngressBackend
from kobune.api.networking.v1.types_pb2 import IngressClass as IngressClass
from kobune.api.networking.v1.types_pb2 import IngressClassList as IngressClassList
from kobune.api.networking.v1.types_pb2 import IngressClassParametersReference as IngressClassParametersReference
from kobune.api.networking.v1.types_pb2 import IngressClassSpec as IngressClassSpec
from kobune.api.networking.v1.types_pb2 import IngressList as IngressList
from kobune.api.networking.v1.types_pb2 import IngressLoadBalancerIngress as IngressLoadBalancerIngress
from kobune.api.networking.v1.types_pb2 import IngressLoadBalancerStatus as IngressLoadBalancerStatus
from kobune.api.networking.v1.types_pb2 import IngressPortStatus as IngressPortStatus
from kobune.api.networking.v1.types_pb2 import IngressRule as IngressRule
from kobune.api.networking.v1.types_pb2 import IngressRuleValue as IngressRuleValue
from kobune.api.networking.v1.types_pb2 import IngressServiceBackend as IngressServiceBackend
from kobune.api.networking.v1.types_pb2 import IngressSpec as IngressSpec
from kobune.api.networking.v1.types_pb2 import IngressStatus as IngressStatus
from kobune.api.networking.v1.types_pb2 import IngressTLS as IngressTLS
from kobune.api.networking.v1.types_pb2 import NetworkPolicy as NetworkPolicy
from kobune.api.networking.v1.types_pb2 import NetworkPolicyEgressRule as NetworkPolicyEgressRule
from kobune.api.networking.v1.types_pb2 import NetworkPolicyIngressRule as NetworkPolicyIngressRule
from kobune.api.networking.v1.types_pb2 import NetworkPolicyList as NetworkPolicyList
from kobune.api.networking.v1.types_pb2 import NetworkPolicyPeer as NetworkPolicyPeer
from kobune.api.networking.v1.types_pb2 import NetworkPolicyPort as NetworkPolicyPort
from kobune.api.networking.v1.types_pb2 import NetworkPolicySpec as NetworkPolicySpec
from kobune.api.networking.v1.types_pb2 import ParentReference as ParentReference
from kobune.api.networking.v1.types_pb2 import ServiceBackendPort as ServiceBackendPort
from kobune.api.networking.v1.types_pb2 import ServiceCIDR as ServiceCIDR
from kobune.api.networking.v1.types_pb2 import ServiceCIDRList as ServiceCIDRList
from kobune.api.networking.v1.types_pb2 import ServiceCIDRSpec as ServiceCIDRSpec
from kobune.api.networking.v1.types_pb2 import ServiceCIDRStatus as ServiceCIDRStatus

__all__ = ['HTTPIngressPath', 'HTTPIngressRuleValue', 'IPAddress', 'IPAddressList', 'IPAddressSpec', 'IPBlock', 'Ingress', 'IngressBackend', 'IngressClass', 'IngressClassList', 'IngressClassParametersReference', 'IngressClassSpec', 'IngressList', 'IngressLoadBalancerIngress', 'IngressLoadBalancerStatus', 'IngressPortStatus', 'IngressRule', 'IngressRuleValue', 'IngressServiceBackend', 'IngressSpec', 'IngressStatus', 'IngressTLS', 'NetworkPolicy', 'NetworkPolicyEgressRule', 'NetworkPolicyIngressRule', 'NetworkPolicyList', 'NetworkPolicyPeer', 'NetworkPolicyPort', 'NetworkPolicySpec', 'ParentReference', 'ServiceBackendPort', 'ServiceCIDR', 'ServiceCIDRList', 'ServiceCIDRSpec', 'ServiceCIDRStatus']
