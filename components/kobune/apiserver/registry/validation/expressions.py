"""Expressions in Kubernetes' own kinds: whether they are any, of the right type.

What compiles them is loaded with the first one.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kobune.apimachinery.errors import FieldError
from kobune.apiserver.registry.validation.causes import invalid


def conditions(at: str, found: Iterable[Any], *, params: bool | None = None) -> Iterator[FieldError]:
    """Check match conditions: of a policy, with or without parameters, or of a webhook (None)."""
    from kobune.apimachinery.cel.environments import CONDITION, variables
    from kobune.apimachinery.cel.types import BOOL

    known = CONDITION if params is None else variables(params=params)
    for index, condition in enumerate(found):
        yield from _expression(f"{at}[{index}].expression", condition.expression, known, BOOL)


def webhooks(new: Any) -> Iterator[FieldError]:
    """Check the conditions of webhooks."""
    for index, hook in enumerate(new.Webhooks):
        if hook.matchConditions:
            yield from conditions(f"webhooks[{index}].matchConditions", hook.matchConditions)


def validating_policy(new: Any) -> Iterator[FieldError]:
    """Check the expressions of a ValidatingAdmissionPolicy."""
    from kobune.apimachinery.cel.types import BOOL, NULL, STRING

    spec = new.spec
    known = yield from _variables(spec)
    for index, validation in enumerate(spec.validations):
        at = f"spec.validations[{index}]"
        yield from _expression(f"{at}.expression", validation.Expression, known, BOOL)
        yield from _expression(f"{at}.messageExpression", validation.messageExpression, known, STRING)
    for index, annotation in enumerate(spec.auditAnnotations):
        at = f"spec.auditAnnotations[{index}].valueExpression"
        yield from _expression(at, annotation.valueExpression, known, (STRING, NULL))


def mutating_policy(new: Any) -> Iterator[FieldError]:
    """Check the expressions of a MutatingAdmissionPolicy."""
    from kobune.apiserver.cel.mutations import Structs, patch_type

    spec = new.spec
    structs = Structs()
    known = yield from _variables(spec, structs)
    for index, mutation in enumerate(spec.mutations):
        name = "jsonPatch" if mutation.patchType == "JSONPatch" else "applyConfiguration"
        if mutation.HasField(name):
            at, text = f"spec.mutations[{index}].{name}.expression", getattr(mutation, name).expression
            yield from _expression(at, text, known, patch_type(mutation.patchType), structs)


def device_selectors(at: str, selectors: Iterable[Any]) -> Iterator[FieldError]:
    """Check the expressions that select devices."""
    from kobune.apimachinery.cel.environments import DEVICE
    from kobune.apimachinery.cel.types import BOOL

    for index, selector in enumerate(selectors):
        if selector.HasField("cel"):
            yield from _expression(f"{at}[{index}].cel.expression", selector.cel.expression, DEVICE, BOOL)


def device_class(new: Any) -> Iterator[FieldError]:
    """Check the selectors of a DeviceClass."""
    yield from device_selectors("spec.selectors", new.spec.selectors)


def resource_claim(new: Any) -> Iterator[FieldError]:
    """Check the selectors of a ResourceClaim."""
    yield from _claim("spec", new.spec)


def resource_claim_template(new: Any) -> Iterator[FieldError]:
    """Check the selectors of a ResourceClaimTemplate."""
    yield from _claim("spec.spec", new.spec.spec)


def _claim(at: str, spec: Any) -> Iterator[FieldError]:
    for index, request in enumerate(spec.devices.requests):
        here = f"{at}.devices.requests[{index}]"
        if request.HasField("exactly"):
            yield from device_selectors(f"{here}.exactly.selectors", request.exactly.selectors)
        for position, choice in enumerate(request.firstAvailable):
            yield from device_selectors(f"{here}.firstAvailable[{position}].selectors", choice.selectors)


def _variables(spec: Any, structs: Any = None) -> Any:
    """Check the conditions and variables of a policy, and return all that its expressions can name."""
    from kobune.apimachinery.cel import CelError, compile
    from kobune.apimachinery.cel.environments import variables
    from kobune.apimachinery.cel.types import DYN

    params = spec.HasField("paramKind")
    if spec.matchConditions:
        yield from conditions("spec.matchConditions", spec.matchConditions, params=params)
    composed: dict[str, Any] = {}
    for index, variable in enumerate(spec.variables):
        at = f"spec.variables[{index}].expression"
        found = DYN
        if variable.Expression.strip():
            try:
                found = compile(variable.Expression, variables(params=params, composed=composed), structs=structs).type
            except CelError as error:
                yield invalid(at, variable.Expression, f"compilation failed: {error}")
        composed = {**composed, variable.Name: found}
    return variables(params=params, composed=composed)


def _expression(at: str, text: str, known: Mapping[str, Any], wanted: Any, structs: Any = None) -> Iterator[FieldError]:
    from kobune.apimachinery.cel import CelError, WrongType, compile

    if not text.strip():
        return  # that something has to be here is said elsewhere
    try:
        compile(text, known, wanted, structs=structs)
    except WrongType as error:
        yield invalid(at, text, str(error))
    except CelError as error:
        yield invalid(at, text, f"compilation failed: {error}")
