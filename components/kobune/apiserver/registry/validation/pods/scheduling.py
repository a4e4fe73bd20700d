"""Where a pod may run: affinities, tolerations, how pods spread, and what it waits for."""

from collections.abc import Iterator
from typing import Any, Final

from kobune.apimachinery import names
from kobune.apimachinery.errors import FieldError
from kobune.apiserver.registry.validation.causes import (
    NOT_POSITIVE,
    duplicate,
    each,
    forbidden,
    invalid,
    known,
    required,
    unsupported,
)
from kobune.apiserver.registry.validation.labels import label_key, label_selector

EFFECTS: Final = ("NoSchedule", "PreferNoSchedule", "NoExecute")
REQUIRED: Final = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED: Final = "preferredDuringSchedulingIgnoredDuringExecution"
WITHOUT_SELECTOR: Final = "must not be specified when labelSelector is not set"


def affinity(at: str, wished: Any) -> Iterator[FieldError]:
    """Check what a pod wants of its node, and of the pods there."""
    if wished.HasField("nodeAffinity"):
        node, here = wished.nodeAffinity, f"{at}.nodeAffinity"
        if node.HasField(REQUIRED):
            yield from node_selector(f"{here}.{REQUIRED}", getattr(node, REQUIRED))
        for index, term in enumerate(getattr(node, PREFERRED)):
            yield from _weight(f"{here}.{PREFERRED}[{index}].weight", term.weight)
            yield from node_selector_term(f"{here}.{PREFERRED}[{index}].preference", term.preference)
    for name in ("podAffinity", "podAntiAffinity"):
        if not wished.HasField(name):
            continue
        pods = getattr(wished, name)
        for index, term in enumerate(getattr(pods, REQUIRED)):
            yield from _pod_term(f"{at}.{name}.{REQUIRED}[{index}]", term)
        for index, weighted in enumerate(getattr(pods, PREFERRED)):
            here = f"{at}.{name}.{PREFERRED}[{index}]"
            yield from _weight(f"{here}.weight", weighted.weight)
            yield from _pod_term(f"{here}.podAffinityTerm", weighted.podAffinityTerm)


def _weight(at: str, weight: int) -> Iterator[FieldError]:
    if not 0 < weight <= 100:
        yield invalid(at, weight, "must be in the range 1-100")


def _pod_term(at: str, term: Any) -> Iterator[FieldError]:
    for name in ("labelSelector", "namespaceSelector"):
        if term.HasField(name):
            yield from label_selector(f"{at}.{name}", getattr(term, name))
    for namespace in term.namespaces:
        yield from each(f"{at}.namespace", namespace, names.dns_label(namespace))
    yield from _label_keys(at, term)
    if not term.topologyKey:
        yield required(f"{at}.topologyKey", "can not be empty")
    yield from label_key(f"{at}.topologyKey", term.topologyKey)


def _label_keys(at: str, term: Any) -> Iterator[FieldError]:
    for name in ("matchLabelKeys", "mismatchLabelKeys"):
        keys = getattr(term, name)
        if keys and not term.HasField("labelSelector"):
            yield forbidden(f"{at}.{name}", WITHOUT_SELECTOR)
            continue
        for index, key in enumerate(keys):
            yield from label_key(f"{at}.{name}[{index}]", key)
    yield from _selected_twice(at, term)
    for index, key in enumerate(term.matchLabelKeys):
        if key in term.mismatchLabelKeys:
            yield invalid(f"{at}.matchLabelKeys[{index}]", key, "exists in both matchLabelKeys and mismatchLabelKeys")


def node_selector(at: str, selector: Any) -> Iterator[FieldError]:
    """Check which nodes are selected."""
    if not selector.nodeSelectorTerms:
        yield required(f"{at}.nodeSelectorTerms", "must have at least one node selector term")
    for index, term in enumerate(selector.nodeSelectorTerms):
        yield from node_selector_term(f"{at}.nodeSelectorTerms[{index}]", term)


def node_selector_term(at: str, term: Any) -> Iterator[FieldError]:
    """Check one alternative of a selector of nodes."""
    for index, requirement in enumerate(term.matchExpressions):
        yield from _node_requirement(f"{at}.matchExpressions[{index}]", requirement)
    for index, requirement in enumerate(term.matchFields):
        yield from _node_field(f"{at}.matchFields[{index}]", requirement)


def _node_requirement(at: str, requirement: Any) -> Iterator[FieldError]:
    match requirement.operator:
        case "In" | "NotIn":
            if not requirement.values:
                yield required(f"{at}.values", "must be specified when `operator` is 'In' or 'NotIn'")
        case "Exists" | "DoesNotExist":
            if requirement.values:
                yield forbidden(f"{at}.values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
        case "Gt" | "Lt":
            if len(requirement.values) != 1:
                yield required(f"{at}.values", "must be specified single value when `operator` is 'Lt' or 'Gt'")
        case _:
            yield invalid(f"{at}.operator", requirement.operator, "not a valid selector operator")
    yield from label_key(f"{at}.key", requirement.key)
    for index, value in enumerate(requirement.values):
        yield from each(f"{at}.values[{index}]", value, names.label_value(value))


def _node_field(at: str, requirement: Any) -> Iterator[FieldError]:
    if requirement.operator not in ("In", "NotIn"):
        yield invalid(f"{at}.operator", requirement.operator, "not a valid selector operator")
    elif len(requirement.values) != 1:
        why = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"
        yield required(f"{at}.values", why)
    if requirement.key != "metadata.name":
        yield invalid(f"{at}.key", requirement.key, "not a valid field selector key")
        return
    for index, value in enumerate(requirement.values):
        yield from each(f"{at}.values[{index}]", value, names.dns_subdomain(value))


def tolerations(at: str, found: Any) -> Iterator[FieldError]:
    """Check which taints a pod puts up with."""
    for index, toleration in enumerate(found):
        here = f"{at}[{index}]"
        operator, key, effect = toleration.operator, toleration.key, toleration.effect
        if key:
            if problems := names.qualified_name(key):
                yield from each(f"{here}.key", key, problems)
        elif operator != "Exists":
            why = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
            yield invalid(f"{here}.operator", operator, why)
        if toleration.HasField("tolerationSeconds") and effect != "NoExecute":
            why = "effect must be 'NoExecute' when `tolerationSeconds` is set"
            yield invalid(f"{here}.effect", effect, why)
        if operator in ("", "Equal"):
            if toleration.value and (problems := names.label_value(toleration.value)):
                yield invalid(f"{here}.operator", toleration.value, ";".join(problems))
        elif operator != "Exists":
            yield unsupported(f"{here}.operator", operator, ("Equal", "Exists"))
        elif toleration.value:
            yield invalid(f"{here}.operator", toleration.value, "value must be empty when `operator` is 'Exists'")
        if effect and effect not in EFFECTS:
            yield unsupported(f"{here}.effect", effect, EFFECTS)


def taint_effect(at: str, effect: str) -> Iterator[FieldError]:
    """Check the effect of a taint."""
    if not effect:
        yield required(at)
    elif effect not in EFFECTS:
        yield unsupported(at, effect, EFFECTS)


def spread(at: str, constraints: Any) -> Iterator[FieldError]:
    """Check how a pod and those like it spread."""
    for index, constraint in enumerate(constraints):
        here = f"{at}[{index}]"
        action = constraint.whenUnsatisfiable
        if constraint.maxSkew <= 0:
            yield invalid(f"{here}.maxSkew", constraint.maxSkew, NOT_POSITIVE)
        if not constraint.topologyKey:
            yield required(f"{here}.topologyKey", "can not be empty")
        if action not in ("DoNotSchedule", "ScheduleAnyway"):
            yield unsupported(f"{here}.whenUnsatisfiable", action, ("DoNotSchedule", "ScheduleAnyway"))
        if any(
            (other.topologyKey, other.whenUnsatisfiable) == (constraint.topologyKey, action)
            for other in constraints[index + 1 :]
        ):
            yield duplicate(f"{here}.{{topologyKey, whenUnsatisfiable}}", f"{{{constraint.topologyKey}, {action}}}")
        if constraint.HasField("minDomains"):
            domains = constraint.minDomains
            if domains <= 0:
                yield invalid(f"{here}.minDomains", domains, NOT_POSITIVE)
            if action != "DoNotSchedule":
                why = f"can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {action}"
                yield invalid(f"{here}.minDomains", domains, why)
        for name in ("nodeAffinityPolicy", "nodeTaintsPolicy"):
            yield from known(f"{here}.{name}", constraint, name, ("Honor", "Ignore"))
        yield from _spread_keys(f"{here}.matchLabelKeys", constraint)
        if constraint.HasField("labelSelector"):
            yield from label_selector(f"{here}.labelSelector", constraint.labelSelector)


def _spread_keys(at: str, constraint: Any) -> Iterator[FieldError]:
    if not constraint.matchLabelKeys:
        return
    if not constraint.HasField("labelSelector"):
        yield forbidden(at, WITHOUT_SELECTOR)
    for index, key in enumerate(constraint.matchLabelKeys):
        yield from label_key(f"{at}[{index}]", key)
    yield from _selected_twice(at, constraint)


def _selected_twice(at: str, term: Any) -> Iterator[FieldError]:
    """Check that the selector says nothing of `matchLabelKeys` but what they themselves have added when it was made."""
    places = {key: index for index, key in enumerate(term.matchLabelKeys)}
    if not places or not term.HasField("labelSelector"):
        return
    seen = set(term.labelSelector.matchLabels)
    for expression in term.labelSelector.matchExpressions:
        if expression.key in places and expression.key in seen:
            why = "exists in both matchLabelKeys and labelSelector"
            yield invalid(f"{at}[{places[expression.key]}]", expression.key, why)
        seen.add(expression.key)


def gates(at: str, found: Any) -> Iterator[FieldError]:
    """Check what a pod waits for before it is scheduled."""
    taken: set[str] = set()
    for index, gate in enumerate(found):
        yield from label_key(f"{at}[{index}]", gate.name)
        if gate.name in taken:
            yield duplicate(f"{at}[{index}]", gate.name)
        taken.add(gate.name)
