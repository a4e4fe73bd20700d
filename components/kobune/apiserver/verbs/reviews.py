"""Questions in the form of objects: who is this, may they do that. Nothing of them is stored."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from kobune.api.authentication.v1 import UserInfo
from kobune.apimachinery.errors import BadRequest, FieldError, Invalid
from kobune.apiserver.auth.attributes import Attributes
from kobune.apiserver.auth.service_account_tokens import OURS
from kobune.apiserver.auth.user import User
from kobune.apiserver.registry.validation import access
from kobune.apiserver.verbs.api import Api
from kobune.apiserver.verbs.call import Call


def review_access(api: Api, call: Call, review: Any) -> Any:
    """Answer whether somebody named in the review may do something."""
    _check(call, access.access_review(review))
    return _review_access(api, review)


def _review_access(api: Api, review: Any) -> Any:
    spec = review.spec
    extra = {key: tuple(value.items) for key, value in spec.extra.items()}
    return _answer(api, review, User(spec.user, tuple(spec.groups), spec.uid, extra))


def review_local_access(api: Api, call: Call, review: Any) -> Any:
    """Answer the same within one namespace."""
    review.metadata.namespace = review.metadata.namespace or call.namespace
    _check(call, access.local_access_review(review))
    if review.spec.resourceAttributes.namespace != call.namespace:
        raise BadRequest(f"spec.resourceAttributes.namespace must match namespace: {call.namespace}")
    return _review_access(api, review)


def review_own_access(api: Api, call: Call, review: Any) -> Any:
    """Answer whether the caller may do something: `kubectl auth can-i`."""
    _check(call, access.own_access_review(review))
    return _answer(api, review, call.user)


def review_own_rules(api: Api, call: Call, review: Any) -> Any:
    """Answer what the caller may do in a namespace: `kubectl auth can-i --list`."""
    review.status.Clear()
    namespace = review.spec.namespace
    if not namespace:
        raise BadRequest("no namespace on request")
    for rule in api.authorizer.rules(call.user, namespace):
        if rule.nonResourceURLs:
            review.status.nonResourceRules.add(verbs=rule.verbs, nonResourceURLs=rule.nonResourceURLs)
        else:
            review.status.resourceRules.add(
                verbs=rule.verbs, apiGroups=rule.apiGroups, resources=rule.resources, resourceNames=rule.resourceNames
            )
    review.status.incomplete, problem = api.authorizer.gaps(call.user, namespace)
    if problem:
        review.status.evaluationError = problem
    return review


def review_token(api: Api, call: Call, review: Any) -> Any:
    """Answer whose token it is."""
    if not review.spec.token:
        raise BadRequest("token is required for TokenReview in authentication")
    review.status.Clear()
    found = api.bearers.review(review.spec.token, list(review.spec.audiences) or OURS)
    if found is None:
        review.status.error = "invalid bearer token"
        return review
    user, audiences = found
    review.status.authenticated = True
    review.status.audiences.extend(audiences)
    review.status.user.CopyFrom(_user_info(user))
    return review


def review_self(api: Api, call: Call, review: Any) -> Any:
    """Answer who the caller is: `kubectl auth whoami`."""
    review.status.userInfo.CopyFrom(_user_info(call.user))
    return review


REVIEWS: Mapping[str, Callable[[Api, Call, Any], Any]] = {
    "subjectaccessreviews": review_access,
    "localsubjectaccessreviews": review_local_access,
    "selfsubjectaccessreviews": review_own_access,
    "selfsubjectrulesreviews": review_own_rules,
    "selfsubjectreviews": review_self,
    "tokenreviews": review_token,
}
"""By the plural of the resource."""


def _check(call: Call, causes: Iterable[FieldError]) -> None:
    """Raise `Invalid` if a review breaks rules; its kind is not said."""
    if found := list(causes):
        raise Invalid.named(call.resource.kind.group, "", "", found)


def _answer(api: Api, review: Any, user: User) -> Any:
    spec = review.spec
    if spec.HasField("nonResourceAttributes"):
        asked = spec.nonResourceAttributes
        wish = Attributes(user, asked.verb, path=asked.path)
    else:
        asked = spec.resourceAttributes
        wish = Attributes(
            user,
            asked.verb,
            asked.group,
            asked.version,
            asked.resource,
            asked.subresource,
            asked.namespace,
            asked.name,
            field_selector=_selector(asked.fieldSelector),
        )
    review.status.Clear()
    review.status.allowed, reason = api.authorizer.decide(wish)
    if reason:
        review.status.reason = reason
    return review


def _selector(asked: Any) -> str:
    """Return the part of a field selector that authorizers look at: that fields have one value."""
    if asked.rawSelector:
        return str(asked.rawSelector)
    return ",".join(
        f"{each.key}={each.values[0]}" for each in asked.requirements if each.operator == "In" and len(each.values) == 1
    )


def _user_info(user: User) -> UserInfo:
    info = UserInfo(username=user.name, uid=user.uid, groups=user.groups)
    for key, values in user.extra.items():
        info.extra[key].items.extend(values)
    return info
