"""The messages of kobune.admission.v1."""

from kobune.admission.v1.webhooks_pb2 import ReviewRequest as ReviewRequest
from kobune.admission.v1.webhooks_pb2 import ReviewResponse as ReviewResponse

__all__ = ['ReviewRequest', 'ReviewResponse']
