"""Which requests wait for which, when there are too many."""

import math
from collections.abc import Iterator
from typing import Any, Final

from kobune.apimachinery import names
from kobune.apimachinery.errors import FieldError
from kobune.apiserver.registry.validation.causes import duplicate, each, forbidden, invalid, required, unsupported

HIGHEST: Final = 10_000
MOST_QUEUES: Final = 10_000_000
HASH_BITS: Final = 60
VERBS: Final = ("create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch")
SUBJECTS: Final = {"Group": "group", "ServiceAccount": "serviceAccount", "User": "user"}


def flow_schema(new: Any) -> Iterator[FieldError]:
    """Check a FlowSchema."""
    spec = new.spec
    at, precedence = "spec.matchingPrecedence", spec.matchingPrecedence
    if precedence <= 0:
        yield invalid(at, precedence, "must be a positive value")
    if precedence > HIGHEST:
        yield invalid(at, precedence, f"must not be greater than {HIGHEST}")
    if precedence == 1 and new.metadata.name != "exempt":
        yield invalid(at, precedence, "only the schema named 'exempt' may have matchingPrecedence 1")
    if spec.HasField("distinguisherMethod") and spec.distinguisherMethod.type not in ("ByNamespace", "ByUser"):
        yield unsupported("spec.distinguisherMethod.type", spec.distinguisherMethod, ("ByNamespace", "ByUser"))
    level, here = spec.priorityLevelConfiguration.name, "spec.priorityLevelConfiguration.name"
    if level:
        yield from each(here, level, names.dns_subdomain(level))
    else:
        yield required(here, "must reference a priority level")
    for index, rule in enumerate(spec.rules):
        yield from _rule(f"spec.rules[{index}]", rule)


def _rule(at: str, rule: Any) -> Iterator[FieldError]:
    if not rule.subjects:
        yield required(f"{at}.subjects", "subjects must contain at least one value")
    for index, subject in enumerate(rule.subjects):
        yield from _subject(f"{at}.subjects[{index}]", subject)
    if not rule.resourceRules and not rule.nonResourceRules:
        yield required(at, "at least one of resourceRules and nonResourceRules has to be non-empty")
    for index, item in enumerate(rule.resourceRules):
        yield from _resources(f"{at}.resourceRules[{index}]", item)
    for index, item in enumerate(rule.nonResourceRules):
        yield from _urls(f"{at}.nonResourceRules[{index}]", item)


def _subject(at: str, subject: Any) -> Iterator[FieldError]:
    if subject.kind not in SUBJECTS:
        yield unsupported(f"{at}.kind", subject.kind, sorted(SUBJECTS))
        return
    for kind, name in SUBJECTS.items():
        if kind != subject.kind:
            if subject.HasField(name):
                yield forbidden(f"{at}.{name}", f"{name} is forbidden when subject kind is not '{kind}'")
        elif not subject.HasField(name):
            yield required(f"{at}.{name}", f"{name} is required when subject kind is '{kind}'")
        else:
            yield from _named(f"{at}.{name}", getattr(subject, name), is_account=kind == "ServiceAccount")


def _named(at: str, who: Any, *, is_account: bool) -> Iterator[FieldError]:
    if not who.name:
        yield required(f"{at}.name")
    elif is_account and who.name != "*":
        yield from each(f"{at}.name", who.name, names.dns_subdomain(who.name))
    if is_account:
        if who.namespace:
            yield from each(f"{at}.namespace", who.namespace, names.dns_label(who.namespace))
        else:
            yield required(f"{at}.namespace", "must specify namespace for service account")


def _verbs(at: str, verbs: Any) -> Iterator[FieldError]:
    if not verbs:
        yield required(at, "verbs must contain at least one value")
    elif "*" in verbs:
        if len(verbs) > 1:
            yield invalid(at, verbs, "if '*' is present, must not specify other verbs")
    elif not set(verbs) <= set(VERBS):
        yield unsupported(at, verbs, VERBS)


def _resources(at: str, rule: Any) -> Iterator[FieldError]:
    yield from _verbs(f"{at}.verbs", rule.verbs)
    for name, noun, nouns in (("apiGroups", "api group", "api groups"), ("resources", "resource", "resources")):
        found = getattr(rule, name)
        if not found:
            yield required(f"{at}.{name}", f"resource rules must supply at least one {noun}")
        elif len(found) > 1 and "*" in found:
            yield invalid(f"{at}.{name}", found, f"if '*' is present, must not specify other {nouns}")
    here = f"{at}.namespaces"
    if not rule.namespaces and not rule.clusterScope:
        yield required(here, "resource rules that are not cluster scoped must supply at least one namespace")
    elif "*" in rule.namespaces:
        if len(rule.namespaces) > 1:
            yield invalid(here, rule.namespaces, "if '*' is present, must not specify other namespaces")
    else:
        intro = "each member of this list must be '*' or a DNS-1123 label; "
        for index, namespace in enumerate(rule.namespaces):
            problems = (f"{intro}{problem}" for problem in names.dns_label(namespace))
            yield from each(f"{here}[{index}]", namespace, problems)


def _urls(at: str, rule: Any) -> Iterator[FieldError]:
    yield from _verbs(f"{at}.verbs", rule.verbs)
    here, urls = f"{at}.nonResourceURLs", rule.nonResourceURLs
    if not urls:
        yield required(here, "nonResourceURLs must contain at least one value")
    elif "*" in urls:
        if len(urls) > 1:
            yield invalid(here, urls, "if '*' is present, must not specify other non-resource URLs")
    else:
        for index, url in enumerate(urls):
            if problem := _url_problem(url):
                yield invalid(f"{here}[{index}]", url, problem)


def _url_problem(url: str) -> str:
    if not url:
        return "must not be empty"
    if url == "/":
        return ""
    if not url.startswith("/"):
        return "must start with slash"
    if " " in url:
        return "must not contain white-space"
    if "//" in url:
        return "must not contain double slash"
    stars = url.count("*")
    if stars > 1 or (stars == 1 and not url.endswith("/*")):
        return "wildcard can only do suffix matching"
    return ""


def priority_level(new: Any) -> Iterator[FieldError]:
    """Check a PriorityLevelConfiguration."""
    spec = new.spec
    if (new.metadata.name == "exempt") != (spec.type == "Exempt"):
        yield invalid("spec.type", spec.type, "type must be 'Exempt' if and only if name is 'exempt'")
    match spec.type:
        case "Exempt":
            if spec.HasField("limited"):
                yield forbidden("spec.limited", "must be nil if the type is Exempt")
            if spec.HasField("exempt"):
                yield from _shares("spec.exempt", spec.exempt, least=0)
        case "Limited":
            if spec.HasField("exempt"):
                yield forbidden("spec.exempt", "must be nil if the type is Limited")
            if not spec.HasField("limited"):
                yield required("spec.limited", "must not be empty when type is Limited")
            else:
                yield from _limited("spec.limited", spec.limited)
        case _:
            yield unsupported("spec.type", spec.type, ("Exempt", "Limited"))


def _shares(at: str, wanted: Any, *, least: int) -> Iterator[FieldError]:
    shares = wanted.nominalConcurrencyShares
    if wanted.HasField("nominalConcurrencyShares") and shares < least:
        why = "must be a non-negative integer"
        yield invalid(f"{at}.nominalConcurrencyShares", shares, why)
    if wanted.HasField("lendablePercent") and not 0 <= wanted.lendablePercent <= 100:
        yield invalid(f"{at}.lendablePercent", wanted.lendablePercent, "must be between 0 and 100, inclusive")


def _limited(at: str, limited: Any) -> Iterator[FieldError]:
    yield from _shares(at, limited, least=0)
    if limited.HasField("borrowingLimitPercent") and limited.borrowingLimitPercent < 0:
        why = "if specified, must be a non-negative integer"
        yield invalid(f"{at}.borrowingLimitPercent", limited.borrowingLimitPercent, why)
    response, here = limited.limitResponse, f"{at}.limitResponse"
    match response.type:
        case "Reject":
            if response.HasField("queuing"):
                yield forbidden(f"{here}.queuing", "must be nil if limited.limitResponse.type is not Limited")
        case "Queue":
            if not response.HasField("queuing"):
                yield required(f"{here}.queuing", "must not be empty if limited.limitResponse.type is Limited")
            else:
                yield from _queuing(f"{here}.queuing", response.queuing)
        case _:
            yield unsupported(f"{here}.type", response.type, ("Queue", "Reject"))


def _queuing(at: str, queuing: Any) -> Iterator[FieldError]:
    queues, hand = queuing.queues, queuing.handSize
    if queuing.queueLengthLimit <= 0:
        yield invalid(f"{at}.queueLengthLimit", queuing.queueLengthLimit, "must be positive")
    if queues <= 0:
        yield invalid(f"{at}.queues", queues, "must be positive")
    elif queues > MOST_QUEUES:
        yield invalid(f"{at}.queues", queues, f"must not be greater than {MOST_QUEUES}")
    if hand <= 0:
        yield invalid(f"{at}.handSize", hand, "must be positive")
    elif hand > queues:
        yield invalid(f"{at}.handSize", hand, f"should not be greater than queues ({queues})")
    elif _entropy(queues, hand) > HASH_BITS:
        why = f"required entropy bits of deckSize {queues} and handSize {hand} should not be greater than {HASH_BITS}"
        yield invalid(f"{at}.handSize", hand, why)


def _entropy(deck: int, hand: int) -> int:
    """Return how many bits it takes to deal a hand from a deck."""
    return math.ceil(math.log2(float(deck)) * hand)


def conditions(new: Any, old: Any) -> Iterator[FieldError]:
    """Check the conditions in a status."""
    seen: set[str] = set()
    for index, condition in enumerate(new.status.conditions):
        at = f"status.conditions[{index}].type"
        if condition.type in seen:
            yield duplicate(at, condition.type)
        seen.add(condition.type)
        if not condition.type:
            yield required(at, "must not be empty")
