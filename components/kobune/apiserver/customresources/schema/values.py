"""Checks values against a JSON schema, with the words, the order and the preferences of Kubernetes' own checker.

What did not change since the object was last written is not complained about: `KEP-4008`, ratcheting.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from kobune.apimachinery.errors import FieldError
from kobune.apiserver.customresources.causes import quoted
from kobune.apiserver.customresources.schema import numbers, strings
from kobune.apiserver.customresources.schema.correlated import Correlated
from kobune.apiserver.customresources.schema.result import Result, Rule, Violation

Schema = Mapping[str, Any]

NAMES = {dict: "object", list: "array", str: "string", bool: "boolean", int: "integer", float: "number"}
NUMBER_FORMATS = {"integer": ("int32", "int64"), "number": ("float", "double")}


def violations(schema: Schema, value: Any, root: str = "", before: Correlated | None = None) -> Iterator[FieldError]:
    """Yield what is wrong with a value; not with those parts of it that are as they were `before`."""
    for violation in check(schema, value, "", before).violations:
        yield violation.cause(root)


def check(schema: Schema, value: Any, path: str, before: Correlated | None) -> Result:
    """Return what a check of a value at a path found."""
    result = _check(schema, value, path, before)
    if result.violations and before is not None and before.unchanged():
        return Result(matches=result.matches)
    return result


def _check(schema: Schema, value: Any, path: str, before: Correlated | None) -> Result:
    result = Result()
    types = types_of(schema)
    format = known_format(schema, types)
    if value is None:
        result.merge(_check_null(schema, types, path))
        _check_enum(schema, value, path, result)
        return result
    if types or format:
        result.merge(_check_type(types, format, value, path))
        result.matches += 1
    result.merge(_check_combinations(schema, value, path, before))
    result.matches += 1
    kind = type(value)
    if kind is str:
        strings.check(schema, value, path, result)
        result.matches += 1
        if format and strings.is_known(format):
            strings.check_format(format, value, path, result)
            result.matches += 1
    elif kind is int or kind is float:
        result.merge(numbers.check(schema, types, format, value, path))
        result.matches += 1
    elif kind is list:
        result.merge(_check_items(schema, value, path, before))
        result.matches += 1
    _check_enum(schema, value, path, result)
    result.matches += 1
    if kind is dict:
        result.merge(_check_object(schema, value, path, before))
        result.matches += 1
    result.matches += 1
    return result


def types_of(schema: Schema) -> tuple[str, ...]:
    """Return the types that a value may be of; none if any."""
    if schema.get("x-kubernetes-int-or-string"):
        return "integer", "string"
    name = schema.get("type")
    return (name,) if name else ()


def known_format(schema: Schema, types: tuple[str, ...]) -> str:
    """Return the format that a value must have; empty if there is none, or none that means something for its type."""
    format: str = schema.get("format") or ""
    if not format:
        return ""
    name = types[0] if len(types) == 1 else ""
    if name in ("", "string"):
        return format if strings.is_known(format) else ""
    return format if format in NUMBER_FORMATS.get(name, ()) else ""


def _check_null(schema: Schema, types: tuple[str, ...], path: str) -> Result:
    if types and not schema.get("nullable"):
        return Result([wrong_type(path, ",".join(types), "null")])
    return Result(matches=1)


def _check_type(types: tuple[str, ...], format: str, value: Any, path: str) -> Result:
    name = NAMES[type(value)]
    fits_number = (type(value) is float and numbers.is_whole(value) and "integer" in types) or (
        type(value) is int and "number" in types
    )
    fits = name in types or fits_number
    texts = type(value) in (str, list)
    if format and not texts and not fits:
        own = {int: "int64", float: "float64"}.get(type(value), "")
        if own != format:
            return Result([wrong_type(path, format, own)])
    if format and texts and not {"integer", "number"} & set(types):
        return Result(matches=1)
    return Result(matches=1) if fits else Result([wrong_type(path, ",".join(types), name)])


def wrong_type(path: str, wanted: str, found: str) -> Violation:
    """Return the violation that says: this is of another type, or not in that format."""
    return Violation(Rule.TYPE, path, found, f"{path} in body must be of type {wanted}: {quoted(found)}")


def _check_enum(schema: Schema, value: Any, path: str, result: Result) -> None:
    allowed = schema.get("enum")
    if not allowed:
        return
    if not any(_equals(value, one) for one in allowed if one is not None):
        words = f"{path} in body should be one of {allowed}"
        result.add(Violation(Rule.ENUM, path, value, words, limit=allowed))


def _equals(value: Any, one: Any) -> bool:
    if isinstance(value, bool) or isinstance(one, bool):
        return value is one
    return bool(value == one)


def _check_items(schema: Schema, value: list[Any], path: str, before: Correlated | None) -> Result:
    result = Result(matches=1)
    items = schema.get("items")
    if isinstance(items, Mapping):
        for index, item in enumerate(value):
            pair = before.element(index) if before is not None else None
            result.merge(check(items, item, f"{path}[{index}]", pair))
    least, most = schema.get("minItems"), schema.get("maxItems")
    if least is not None and len(value) < least:
        words = f"{path} in body should have at least {least} items"
        result.add(Violation(Rule.VALUE, path, len(value), words))
    if most is not None and len(value) > most:
        words = f"{path} in body should have at most {most} items"
        result.add(Violation(Rule.TOO_MANY, path, len(value), words, limit=most))
    return result


def _check_object(schema: Schema, value: dict[str, Any], path: str, before: Correlated | None) -> Result:
    result = Result()
    least, most = schema.get("minProperties"), schema.get("maxProperties")
    if least is not None and len(value) < least:
        words = f"{path} in body should have at least {least} properties"
        result.add(Violation(Rule.VALUE, path, len(value), words))
    if most is not None and len(value) > most:
        words = f"{path} in body should have at most {most} properties"
        result.add(Violation(Rule.TOO_MANY, path, len(value), words, limit=most))
    properties: Mapping[str, Schema] = schema.get("properties") or {}
    additional = schema.get("additionalProperties")
    for name in sorted(value.keys() - properties.keys()) if additional not in (None, True) else ():
        if isinstance(additional, Mapping):
            result.merge(check(additional, value[name], f"{path}.{name}", _field(before, name, path)))
        else:
            words = f"{path}.{name} in body is a forbidden property"
            result.add(Violation(Rule.VALUE, path, name, words))
    for name, known in properties.items():
        if name in value:
            at = f"{path}.{name}" if path else name
            result.merge(check(known, value[name], at, _field(before, name, path)))
    for name in schema.get("required") or ():
        if name not in value:
            at = f"{path}.{name}"
            result.add(Violation(Rule.REQUIRED, at, None, f"{at} in body is required"))
    return result


def _field(before: Correlated | None, name: str, path: str) -> Correlated | None:
    # The version of the whole object cannot be compared: both were converted to the same one.
    if before is None or (not path and name in ("kind", "apiVersion")):
        return None
    return before.field(name)


def _check_combinations(schema: Schema, value: Any, path: str, before: Correlated | None) -> Result:
    result = Result()
    if branches := schema.get("anyOf"):
        _check_any(branches, value, path, before, result)
    if branches := schema.get("oneOf"):
        _check_one(branches, value, path, before, result)
    if branches := schema.get("allOf"):
        _check_all(branches, value, path, before, result)
    if (other := schema.get("not")) is not None and not _branch(other, value, path, before).violations:
        result.add(_composite(f'"{path}" must not validate the schema (not)'))
    result.matches += 1
    return result


def _branch(schema: Schema, value: Any, path: str, before: Correlated | None) -> Result:
    # What did not change excuses parts of a branch, but not the choice of it.
    return _check(schema, value, path, before)


def _check_any(branches: list[Schema], value: Any, path: str, before: Correlated | None, result: Result) -> None:
    best: Result | None = None
    for branch in branches:
        found = _branch(branch, value, path, before)
        if not found.violations:
            result.merge(found)
            return
        if best is None or found.matches > best.matches:
            best = found
    result.add(_composite(f'"{path}" must validate at least one schema (anyOf)'))
    if best is not None:
        result.merge(best)


def _check_one(branches: list[Schema], value: Any, path: str, before: Correlated | None, result: Result) -> None:
    good: list[Result] = []
    best: Result | None = None
    for branch in branches:
        found = _branch(branch, value, path, before)
        if not found.violations:
            good.append(found)
            best = None
        elif not good and (best is None or found.matches > best.matches):
            best = found
    if len(good) == 1:
        result.merge(good[0])
        return
    count = f"Found {len(good)} valid alternatives" if good else "Found none valid"
    result.add(_composite(f'"{path}" must validate one and only one schema (oneOf). {count}'))
    if best is not None:
        result.merge(best)


def _check_all(branches: list[Schema], value: Any, path: str, before: Correlated | None, result: Result) -> None:
    good = 0
    for branch in branches:
        found = _branch(branch, value, path, before)
        good += not found.violations
        result.merge(found)
    if good != len(branches):
        tail = "" if good else ". None validated"
        result.add(_composite(f'"{path}" must validate all the schemas (allOf){tail}'))


def _composite(words: str) -> Violation:
    return Violation(Rule.COMPOSITE, "", None, words)
