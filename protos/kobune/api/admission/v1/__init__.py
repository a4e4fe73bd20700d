"""The messages of kobune.api.admission.v1."""

from kobune.api.admission.v1.types_pb2 import AdmissionRequest as AdmissionRequest
from kobune.api.admission.v1.types_pb2 import AdmissionResponse as AdmissionResponse
from kobune.api.admission.v1.types_pb2 import AdmissionReview as AdmissionReview

__all__ = ['AdmissionRequest', 'AdmissionResponse', 'AdmissionReview']
