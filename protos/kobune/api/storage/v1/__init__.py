"""The messages of kobune.api.storage.v1."""

from kobune.api.storage.v1.types_pb2 import CSIDriver as CSIDriver
from kobune.api.storage.v1.types_pb2 import CSIDriverList as CSIDriverList
from kobune.api.storage.v1.types_pb2 import CSIDriverSpec as CSIDriverSpec
from kobune.api.storage.v1.types_pb2 import CSINode as CSINode
from kobune.api.storage.v1.types_pb2 import CSINodeDriver as CSINodeDriver
from kobune.api.storage.v1.types_pb2 import CSINodeList as CSINodeList
from kobune.api.storage.v1.types_pb2 import CSINodeSpec as CSINodeSpec
from kobune.api.storage.v1.types_pb2 import CSIStorageCapacity as CSIStorageCapacity
from kobune.api.storage.v1.types_pb2 import CSIStorageCapacityList as CSIStorageCapacityList
from kobune.api.storage.v1.types_pb2 import StorageClass as StorageClass
from kobune.api.storage.v1.types_pb2 import StorageClassList as StorageClassList
from kobune.api.storage.v1.types_pb2 import TokenRequest as TokenRequest
from kobune.api.storage.v1.types_pb2 import VolumeAttachment as VolumeAttachment
from kobune.api.storage.v1.types_pb2 import VolumeAttachmentList as VolumeAttachmentList
from kobune.api.storage.v1.types_pb2 import VolumeAttachmentSource as VolumeAttachmentSource
from kobune.api.storage.v1.types_pb2 import VolumeAttachmentSpec as VolumeAttachmentSpec
from kobune.api.storage.v1.types_pb2 import VolumeAttachmentStatus as VolumeAttachmentStatus
from kobune.api.storage.v1.types_pb2 import VolumeAttributesClass as VolumeAttributesClass
from kobune.api.storage.v1.types_pb2 import VolumeAttributesClassList as VolumeAttributesClassList
from kobune.api.storage.v1.types_pb2 import VolumeError as VolumeError
from kobune.api.storage.v1.types_pb2 import VolumeNodeResources as VolumeNodeResources

__all__ = ['CSIDriver', 'CSIDriverList', 'CSIDriverSpec', 'CSINode', 'CSINodeDriver', 'CSINodeList', 'CSINodeSpec', 'CSIStorageCapacity', 'CSIStorageCapacityList', 'StorageClass', 'StorageClassList', 'TokenRequest', 'VolumeAttachment', 'VolumeAttachmentList', 'VolumeAttachmentSource', 'VolumeAttachmentSpec', 'VolumeAttachmentStatus', 'VolumeAttributesClass', 'VolumeAttributesClassList', 'VolumeError', 'VolumeNodeResources']
