"""The messages of kobune.api.authorization.v1."""

from kobune.api.authorization.v1.types_pb2 import ExtraValue as ExtraValue
from kobune.api.authorization.v1.types_pb2 import FieldSelectorAttributes as FieldSelectorAttributes
from kobune.api.authorization.v1.types_pb2 import LabelSelectorAttributes as LabelSelectorAttributes
from kobune.api.authorization.v1.types_pb2 import LocalSubjectAccessReview as LocalSubjectAccessReview
from kobune.api.authorization.v1.types_pb2 import NonResourceAttributes as NonResourceAttributes
from kobune.api.authorization.v1.types_pb2 import NonResourceRule as NonResourceRule
from kobune.api.authorization.v1.types_pb2 import ResourceAttributes as ResourceAttributes
from kobune.api.authorization.v1.types_pb2 import ResourceRule as ResourceRule
from kobune.api.authorization.v1.types_pb2 import SelfSubjectAccessReview as SelfSubjectAccessReview
from kobune.api.authorization.v1.types_pb2 import SelfSubjectAccessReviewSpec as SelfSubjectAccessReviewSpec
from kobune.api.authorization.v1.types_pb2 import SelfSubjectRulesReview as SelfSubjectRulesReview
from kobune.api.authorization.v1.types_pb2 import SelfSubjectRulesReviewSpec as SelfSubjectRulesReviewSpec
from kobune.api.authorization.v1.types_pb2 import SubjectAccessReview as SubjectAccessReview
from kobune.api.authorization.v1.types_pb2 import SubjectAccessReviewSpec as SubjectAccessReviewSpec
from kobune.api.authorization.v1.types_pb2 import SubjectAccessReviewStatus as SubjectAccessReviewStatus
from kobune.api.authorization.v1.types_pb2 import SubjectRulesReviewStatus as SubjectRulesReviewStatus

__all__ = ['ExtraValue', 'FieldSelectorAttributes', 'LabelSelectorAttributes', 'LocalSubjectAccessReview', 'NonResourceAttributes', 'NonResourceRule', 'ResourceAttributes', 'ResourceRule', 'SelfSubjectAccessReview', 'SelfSubjectAccessReviewSpec', 'SelfSubjectRulesReview', 'SelfSubjectRulesReviewSpec', 'SubjectAccessReview', 'SubjectAccessReviewSpec', 'SubjectAccessReviewStatus', 'SubjectRulesReviewStatus']
