"""Checks texts against the lengths, the pattern and the format of a schema."""

from collections.abc import Mapping
from typing import Any

from kobune.apimachinery import regexp
from kobune.apiserver.customresources.causes import quoted
from kobune.apiserver.customresources.schema.formats import FORMATS
from kobune.apiserver.customresources.schema.result import Result, Rule, Violation


def is_known(format: str) -> bool:
    """Whether a format means something."""
    return format.replace("-", "") in FORMATS


def check(schema: Mapping[str, Any], value: str, path: str, result: Result) -> None:
    """Note the first of the rules about texts that a value breaks."""
    most, least = schema.get("maxLength"), schema.get("minLength")
    if most is not None and len(value) > most:
        words = f"{path} in body should be at most {most} chars long"
        result.add(Violation(Rule.TOO_LONG, path, value, words, limit=most))
    elif least is not None and len(value) < least:
        words = f"{path} in body should be at least {least} chars long"
        result.add(Violation(Rule.VALUE, path, value, words))
    elif pattern := schema.get("pattern"):
        try:
            fits = regexp.compile(pattern).search(value)
        except regexp.BadPattern as error:
            pattern, fits = f"{pattern}, but pattern is invalid: {error}", False
        if not fits:
            words = f"{path} in body should match '{pattern}'"
            result.add(Violation(Rule.VALUE, path, value, words))


def check_format(format: str, value: str, path: str, result: Result) -> None:
    """Note if a text is not in the format."""
    if not FORMATS[format.replace("-", "")](value):
        words = f"{path} in body must be of type {format}: {quoted(value)}"
        result.add(Violation(Rule.TYPE, path, value, words))
