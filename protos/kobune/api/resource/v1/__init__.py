"""The messages of kobune.api.resource.v1."""

from kobune.api.resource.v1.types_pb2 import AllocatedDeviceStatus as AllocatedDeviceStatus
from kobune.api.resource.v1.types_pb2 import AllocationResult as AllocationResult
from kobune.api.resource.v1.types_pb2 import CELDeviceSelector as CELDeviceSelector
from kobune.api.resource.v1.types_pb2 import CapacityRequestPolicy as CapacityRequestPolicy
from kobune.api.resource.v1.types_pb2 import CapacityRequestPolicyRange as CapacityRequestPolicyRange
from kobune.api.resource.v1.types_pb2 import CapacityRequirements as CapacityRequirements
from kobune.api.resource.v1.types_pb2 import Counter as Counter
from kobune.api.resource.v1.types_pb2 import CounterSet as CounterSet
from kobune.api.resource.v1.types_pb2 import Device as Device
from kobune.api.resource.v1.types_pb2 import DeviceAllocationConfiguration as DeviceAllocationConfiguration
from kobune.api.resource.v1.types_pb2 import DeviceAllocationResult as DeviceAllocationResult
from kobune.api.resource.v1.types_pb2 import DeviceAttribute as DeviceAttribute
from kobune.api.resource.v1.types_pb2 import DeviceCapacity as DeviceCapacity
from kobune.api.resource.v1.types_pb2 import DeviceClaim as DeviceClaim
from kobune.api.resource.v1.types_pb2 import DeviceClaimConfiguration as DeviceClaimConfiguration
from kobune.api.resource.v1.types_pb2 import DeviceClass as DeviceClass
from kobune.api.resource.v1.types_pb2 import DeviceClassConfiguration as DeviceClassConfiguration
from kobune.api.resource.v1.types_pb2 import DeviceClassList as DeviceClassList
from kobune.api.resource.v1.types_pb2 import DeviceClassSpec as DeviceClassSpec
from kobune.api.resource.v1.types_pb2 import DeviceConfiguration as DeviceConfiguration
from kobune.api.resource.v1.types_pb2 import DeviceConstraint as DeviceConstraint
from kobune.api.resource.v1.types_pb2 import DeviceCounterConsumption as DeviceCounterConsumption
from kobune.api.resource.v1.types_pb2 import DeviceRequest as DeviceRequest
from kobune.api.resource.v1.types_pb2 import DeviceRequestAllocationResult as DeviceRequestAllocationResult
from kobune.api.resource.v1.types_pb2 import DeviceSelector as DeviceSelector
from kobune.api.resource.v1.types_pb2 import DeviceSubRequest as DeviceSubRequest
from kobune.api.resource.v1.types_pb2 import DeviceTaint as DeviceTaint
from kobune.api.resource.v1.types_pb2 import DeviceToleration as DeviceToleration
from kobune.api.resource.v1.types_pb2 import ExactDeviceRequest as ExactDeviceRequest
from kobune.api.resource.v1.types_pb2 import NetworkDeviceData as NetworkDeviceData
from kobune.api.resource.v1.types_pb2 import NodeAllocatableResourceMapping as NodeAllocatableResourceMapping
from kobune.api.resource.v1.types_pb2 import OpaqueDeviceConfiguration as OpaqueDeviceConfiguration
from kobune.api.resource.v1.types_pb2 import ResourceClaim as ResourceClaim
from kobune.api.resource.v1.types_pb2 import ResourceClaimConsumerReference as ResourceClaimConsumerReference
from kobune.api.resource.v1.types_pb2 import ResourceClaimList as ResourceClaimList
from kobune.api.resource.v1.types_pb2 import ResourceClaimSpec as ResourceClaimSpec
from kobune.api.resource.v1.types_pb2 import ResourceClaimStatus as ResourceClaimStatus
from kobune.api.resource.v1.types_pb2 import ResourceClaimTemplate as ResourceClaimTemplate
from kobune.api.resource.v1.types_pb2 import ResourceClaimTemplateList as ResourceClaimTemplateList
from kobune.api.resource.v1.types_pb2 import ResourceClaimTemplateSpec as ResourceClaimTemplateSpec
from kobune.api.resource.v1.types_pb2 import ResourcePool as ResourcePool
from kobune.api.resource.v1.types_pb2 import ResourceSlice as ResourceSlice
from kobune.api.resource.v1.types_pb2 import ResourceSliceList as ResourceSliceList
from kobune.api.resource.v1.types_pb2 import ResourceSliceSpec as ResourceSliceSpec

__all__ = ['AllocatedDeviceStatus', 'AllocationResult', 'CELDeviceSelector', 'CapacityRequestPolicy', 'CapacityRequestPolicyRange', 'CapacityRequirements', 'Counter', 'CounterSet', 'Device', 'DeviceAllocationConfiguration', 'DeviceAllocationResult', 'DeviceAttribute', 'DeviceCapacity', 'DeviceClaim', 'DeviceClaimConfiguration', 'DeviceClass', 'DeviceClassConfiguration', 'DeviceClassList', 'DeviceClassSpec', 'DeviceConfiguration', 'DeviceConstraint', 'DeviceCounterConsumption', 'DeviceRequest', 'DeviceRequestAllocationResult', 'DeviceSelector', 'DeviceSubRequest', 'DeviceTaint', 'DeviceToleration', 'ExactDeviceRequest', 'NetworkDeviceData', 'NodeAllocatableResourceMapping', 'OpaqueDeviceConfiguration', 'ResourceClaim', 'ResourceClaimConsumerReference', 'ResourceClaimList', 'ResourceClaimSpec', 'ResourceClaimStatus', 'ResourceClaimTemplate', 'ResourceClaimTemplateList', 'ResourceClaimTemplateSpec', 'ResourcePool', 'ResourceSlice', 'ResourceSliceList', 'ResourceSliceSpec']
