"""The messages of kobune.api.certificates.v1."""

from kobune.api.certificates.v1.types_pb2 import CertificateSigningRequest as CertificateSigningRequest
from kobune.api.certificates.v1.types_pb2 import CertificateSigningRequestCondition as CertificateSigningRequestCondition
from kobune.api.certificates.v1.types_pb2 import CertificateSigningRequestList as CertificateSigningRequestList
from kobune.api.certificates.v1.types_pb2 import CertificateSigningRequestSpec as CertificateSigningRequestSpec
from kobune.api.certificates.v1.types_pb2 import CertificateSigningRequestStatus as CertificateSigningRequestStatus
from kobune.api.certificates.v1.types_pb2 import ExtraValue as ExtraValue

__all__ = ['CertificateSigningRequest', 'CertificateSigningRequestCondition', 'CertificateSigningRequestList', 'CertificateSigningRequestSpec', 'CertificateSigningRequestStatus', 'ExtraValue']
