"""The messages of kobune.api.authentication.v1."""

from kobune.api.authentication.v1.token_pb2 import CreateTokenRequest as CreateTokenRequest
from kobune.api.authentication.v1.types_pb2 import BoundObjectReference as BoundObjectReference
from kobune.api.authentication.v1.types_pb2 import ExtraValue as ExtraValue
from kobune.api.authentication.v1.types_pb2 import SelfSubjectReview as SelfSubjectReview
from kobune.api.authentication.v1.types_pb2 import SelfSubjectReviewStatus as SelfSubjectReviewStatus
from kobune.api.authentication.v1.types_pb2 import TokenRequest as TokenRequest
from kobune.api.authentication.v1.types_pb2 import TokenRequestSpec as TokenRequestSpec
from kobune.api.authentication.v1.types_pb2 import TokenRequestStatus as TokenRequestStatus
from kobune.api.authentication.v1.types_pb2 import TokenReview as TokenReview
from kobune.api.authentication.v1.types_pb2 import TokenReviewSpec as TokenReviewSpec
from kobune.api.authentication.v1.types_pb2 import TokenReviewStatus as TokenReviewStatus
from kobune.api.authentication.v1.types_pb2 import UserInfo as UserInfo

__all__ = ['BoundObjectReference', 'CreateTokenRequest', 'ExtraValue', 'SelfSubjectReview', 'SelfSubjectReviewStatus', 'TokenRequest', 'TokenRequestSpec', 'TokenRequestStatus', 'TokenReview', 'TokenReviewSpec', 'TokenReviewStatus', 'UserInfo']
