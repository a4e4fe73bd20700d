"""The messages of kobune.api.dynamic.v1."""

from kobune.api.dynamic.v1.objects_pb2 import BatchRequest as BatchRequest
from kobune.api.dynamic.v1.objects_pb2 import BatchResponse as BatchResponse
from kobune.api.dynamic.v1.objects_pb2 import CollectionRequest as CollectionRequest
from kobune.api.dynamic.v1.objects_pb2 import DeleteRequest as DeleteRequest
from kobune.api.dynamic.v1.objects_pb2 import Object as Object
from kobune.api.dynamic.v1.objects_pb2 import ObjectRequest as ObjectRequest
from kobune.api.dynamic.v1.objects_pb2 import PatchRequest as PatchRequest
from kobune.api.dynamic.v1.objects_pb2 import Resource as Resource
from kobune.api.dynamic.v1.objects_pb2 import Result as Result
from kobune.api.dynamic.v1.objects_pb2 import WatchEvent as WatchEvent
from kobune.api.dynamic.v1.objects_pb2 import WatchEvents as WatchEvents
from kobune.api.dynamic.v1.objects_pb2 import Write as Write
from kobune.api.dynamic.v1.objects_pb2 import WriteRequest as WriteRequest

__all__ = ['BatchRequest', 'BatchResponse', 'CollectionRequest', 'DeleteRequest', 'Object', 'ObjectRequest', 'PatchRequest', 'Resource', 'Result', 'WatchEvent', 'WatchEvents', 'Write', 'WriteRequest']
