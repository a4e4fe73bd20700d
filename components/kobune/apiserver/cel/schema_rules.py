"""The rules in the schemas of custom resources (`x-kubernetes-validations`): compiled once, applied to every write.

Source: *Validation rules* in the page on custom resource definitions. `rules_of` makes them from a schema's tree of
JSON; `Rules.violations` applies them to an object's tree.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from kobune.apimachinery.cel import types
from kobune.apimachinery.cel.budget import PER_REQUEST, Budget
from kobune.apimachinery.cel.errors import CelError, CostExceeded, EvaluationError
from kobune.apimachinery.cel.program import Program, compile
from kobune.apimachinery.cel.types import Type
from kobune.apimachinery.cel.values import NOTHING, Optional
from kobune.apimachinery.custom import same_tree
from kobune.apimachinery.errors import FieldError
from kobune.apiserver.cel.schema_types import type_of_schema
from kobune.apiserver.customresources.causes import OMITTED, ROOT, child, duplicate, forbidden, invalid, required

KEY: Final = "x-kubernetes-validations"
OUT_OF_BUDGET: Final = "validation failed due to running out of cost budget, no further validation rules will be run"
LONGEST_MESSAGE: Final = 5 * 1024


@dataclass(frozen=True)
class Rule:
    """One rule, as the schema has it, and compiled."""

    spec: Mapping[str, Any]
    program: Program | None
    """None for a rule that was never valid."""
    message: Program | None

    @property
    def text(self) -> str:
        return str(self.spec.get("rule", "")).strip()

    @property
    def is_transition(self) -> bool:
        """Whether the rule compares with what was there before."""
        return self.program is not None and "oldSelf" in self.program.variables


@dataclass(frozen=True)
class Rules:
    """The rules for a part of objects, and for the parts in it."""

    kind: str
    """What the schema calls the type of the part."""
    own: Sequence[Rule]
    fields: Mapping[str, "Rules"]
    values: "Rules | None"
    items: "Rules | None"
    keys: Sequence[str] | None
    """What tells the items of a list of type map apart."""

    def violations(self, tree: Any, old: Any = None, path: str = "") -> Iterator[FieldError]:
        """Yield what of an object breaks rules; `old` is the object before, None for a new one."""
        budget = Budget(PER_REQUEST)
        try:
            yield from self._check(tree, old, path, budget)
        except CostExceeded:
            yield FieldError("InternalError", path or ROOT, f"Internal error: {OUT_OF_BUDGET}")

    def _check(self, value: Any, old: Any, path: str, budget: Budget) -> Iterator[FieldError]:
        if value is None:
            return
        unchanged = old is not None and same_tree(value, old)
        for rule in self.own:
            if unchanged and not rule.is_transition:
                continue
            if budget.left <= 0:
                raise CostExceeded
            yield from self._apply(rule, value, old, path, budget)
        if type(value) is dict:
            before = old if type(old) is dict else {}
            for name in value:
                if (inner := self.fields.get(name)) is not None:
                    yield from inner._check(value[name], before.get(name), child(path, name), budget)
                elif self.values is not None:
                    yield from self.values._check(value[name], before.get(name), f"{path}[{name}]", budget)
        elif type(value) is list and self.items is not None:
            for index, item in enumerate(value):
                yield from self.items._check(item, self._before(item, old), f"{path}[{index}]", budget)

    def _before(self, item: Any, old: Any) -> Any:
        """Return the item of the list before with the same keys; None if there was none, or the list has no keys."""
        if self.keys is None or type(old) is not list or type(item) is not dict:
            return None
        wanted = [item.get(key) for key in self.keys]
        return next((was for was in old if type(was) is dict and [was.get(key) for key in self.keys] == wanted), None)

    def _apply(self, rule: Rule, value: Any, old: Any, path: str, budget: Budget) -> Iterator[FieldError]:
        if rule.program is None:
            return
        values = {"self": value, "oldSelf": old}
        if rule.spec.get("optionalOldSelf"):
            values["oldSelf"] = NOTHING if old is None else Optional(True, old)
        elif rule.is_transition and old is None:
            return
        try:
            if rule.program.evaluate(values, budget) is True:
                return
        except EvaluationError as error:
            yield invalid(path, self.kind, self._failure(rule, error))
            if isinstance(error, CostExceeded):
                raise
            return
        yield _violation(rule, value, path, self._message(rule, values, budget))

    def _failure(self, rule: Rule, error: EvaluationError) -> str:
        shown = _shown(rule)
        if isinstance(error, CostExceeded):
            return (
                f"'{error}': no further validation rules will be run due to call cost exceeds limit for rule: {shown}"
            )
        if str(error) == "no such overload":
            return (
                f"'{error}': call arguments did not match a supported operator, function or macro signature for rule: "
                f"{shown}"
            )
        return f"{error} evaluating rule: {shown}"

    def _message(self, rule: Rule, values: Mapping[str, Any], budget: Budget) -> str:
        if rule.message is not None:
            try:
                text = str(rule.message.evaluate(values, budget)).strip()
            except CostExceeded:
                raise
            except EvaluationError:
                text = ""
            if text and "\n" not in text and len(text) <= LONGEST_MESSAGE:
                return text
        return str(rule.spec.get("message", "")).strip() or f"failed rule: {rule.text}"


def rules_of(schema: Mapping[str, Any]) -> Rules | None:
    """Return the rules in the schema of whole objects, a tree of JSON; None if there are none."""
    return _rules_of(schema, root=True) if _has_rules(schema) else None


def compile_rule(spec: Mapping[str, Any], type: Type) -> Rule:
    """Return a rule on values of a type; `CelError` if it, or the expression of its message, makes no sense."""
    variables = variables_of(spec, type)
    program = compile(str(spec.get("rule", "")), variables, types.BOOL)
    text = str(spec.get("messageExpression", ""))
    return Rule(spec, program, compile(text, variables, types.STRING) if text else None)


def variables_of(spec: Mapping[str, Any], type: Type) -> dict[str, Type]:
    """Return the variables of a rule."""
    old = types.optional_of(type) if spec.get("optionalOldSelf") else type
    return {"self": type, "oldSelf": old}


def _rules_of(schema: Mapping[str, Any], *, root: bool = False) -> Rules | None:
    children = {
        name: rules
        for name, inner in (schema.get("properties") or {}).items()
        if isinstance(inner, Mapping) and (rules := _rules_of(inner)) is not None
    }
    values = _inner(schema.get("additionalProperties"))
    items = _inner(schema.get("items"))
    own = _own(schema, root=root)
    if not (own or children or values or items):
        return None
    keys = tuple(schema.get("x-kubernetes-list-map-keys") or ())
    is_map = schema.get("x-kubernetes-list-type") == "map"
    return Rules(str(schema.get("type", "")), own, children, values, items, keys if is_map else None)


def _inner(schema: Any) -> Rules | None:
    return _rules_of(schema) if isinstance(schema, Mapping) else None


def _own(schema: Mapping[str, Any], *, root: bool) -> list[Rule]:
    specs = schema.get(KEY) or ()
    type = type_of_schema(schema, "self", root=root) if specs else None
    found = []
    for spec in specs:
        try:
            found.append(compile_rule(spec, type) if type is not None else Rule(spec, None, None))
        except CelError:
            found.append(Rule(spec, None, None))
    return found


def _has_rules(schema: Any) -> bool:
    if not isinstance(schema, Mapping):
        return False
    inner = (*(schema.get("properties") or {}).values(), schema.get("additionalProperties"), schema.get("items"))
    return bool(schema.get(KEY)) or any(map(_has_rules, inner))


def _violation(rule: Rule, value: Any, path: str, message: str) -> FieldError:
    at = path + str(rule.spec.get("fieldPath", "")) if path else str(rule.spec.get("fieldPath", "")).removeprefix(".")
    match rule.spec.get("reason"):
        case "FieldValueForbidden":
            return forbidden(at, message)
        case "FieldValueRequired":
            return required(at, message)
        case "FieldValueDuplicate":
            return duplicate(at, value)
    return invalid(at, OMITTED if isinstance(value, dict | list) else value, message)


def _shown(rule: Rule) -> str:
    message = str(rule.spec.get("message", ""))
    return f"Rule: {rule.text}, Message: {message}" if message else rule.text
