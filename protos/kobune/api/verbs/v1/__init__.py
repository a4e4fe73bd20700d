"""The messages of kobune.api.verbs.v1."""

from kobune.api.verbs.v1.verbs_pb2 import CreateRequest as CreateRequest
from kobune.api.verbs.v1.verbs_pb2 import DeleteCollectionRequest as DeleteCollectionRequest
from kobune.api.verbs.v1.verbs_pb2 import DeleteRequest as DeleteRequest
from kobune.api.verbs.v1.verbs_pb2 import GetRequest as GetRequest
from kobune.api.verbs.v1.verbs_pb2 import ListRequest as ListRequest
from kobune.api.verbs.v1.verbs_pb2 import ListResponse as ListResponse
from kobune.api.verbs.v1.verbs_pb2 import PatchRequest as PatchRequest
from kobune.api.verbs.v1.verbs_pb2 import UpdateRequest as UpdateRequest
from kobune.api.verbs.v1.verbs_pb2 import WatchEvent as WatchEvent
from kobune.api.verbs.v1.verbs_pb2 import WatchEvents as WatchEvents
from kobune.api.verbs.v1.verbs_pb2 import WatchRequest as WatchRequest

__all__ = ['CreateRequest', 'DeleteCollectionRequest', 'DeleteRequest', 'GetRequest', 'ListRequest', 'ListResponse', 'PatchRequest', 'UpdateRequest', 'WatchEvent', 'WatchEvents', 'WatchRequest']
