"""What is wrong with the expressions of a policy for the kinds that it is about. Importing this loads expressions."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from kobune.api.admissionregistration.v1 import ExpressionWarning
from kobune.apimachinery.cel import CelError, compile
from kobune.apimachinery.kinds import Kind
from kobune.apiserver.admission.policies.composed import compose
from kobune.apiserver.admission.policies.typed import type_of_resource
from kobune.apiserver.registry.registry import Registry
from kobune.apiserver.registry.resource import Resource

MOST: Final = 10
"""How many kinds are looked at."""


def warnings_of(spec: Any, registry: Registry) -> list[ExpressionWarning]:
    """Return what to say about each expression, for each of the kinds that the rules name without `*`."""
    kinds = list(_resources(spec, registry))[:MOST]
    params = _params(spec, registry)
    found = []
    for index, validation in enumerate(spec.validations):
        for field, expression in (
            ("expression", validation.Expression),
            ("messageExpression", validation.messageExpression),
        ):
            problems = [
                f"{_shown(each.kind)}: {why}\n" for each in kinds if (why := _problem(spec, expression, each, params))
            ]
            if expression and problems:
                at = f"spec.validations[{index}].{field}"
                found.append(ExpressionWarning(fieldRef=at, warning="\n".join(problems)))
    return found


def _problem(spec: Any, expression: str, resource: Resource, params: Resource | None) -> str:
    given = {"object": type_of_resource(resource)}
    given["oldObject"] = given["object"]
    if params is not None:
        given["params"] = type_of_resource(params)
    try:
        composition = compose(spec.variables, params=spec.HasField("paramKind"), given=given)
        compile(expression, composition.types)
    except CelError as error:
        return str(error)
    return ""


def _resources(spec: Any, registry: Registry) -> Iterator[Resource]:
    seen = set()
    for item in spec.matchConstraints.resourceRules:
        rule = item.ruleWithOperations.rule
        for group in _named(rule.apiGroups):
            for version in _named(rule.apiVersions):
                for plural in _named(rule.resources):
                    found = registry.find(group, version, plural)
                    if found is not None and found.kind not in seen:
                        seen.add(found.kind)
                        yield found


def _named(values: Sequence[str]) -> Sequence[str]:
    """Return the values of a rule; none if they are all there are."""
    return () if "*" in values else [value for value in values if "/" not in value]


def _params(spec: Any, registry: Registry) -> Resource | None:
    if not spec.HasField("paramKind"):
        return None
    group, _, version = spec.paramKind.apiVersion.rpartition("/")
    return next(
        (
            each
            for each in registry
            if (each.kind.group, each.kind.version, each.kind.name) == (group, version, spec.paramKind.kind)
        ),
        None,
    )


def _shown(kind: Kind) -> str:
    return f"{kind.group}/{kind.version}, Kind={kind.name}"
