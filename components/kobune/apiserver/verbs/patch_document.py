"""What a client sends as a patch: its tree, and what is odd about its text."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from kobune.apimachinery.errors import BadRequest, UnsupportedMediaType
from kobune.apiserver import duplicates, json_problems

JSON_PATCH: Final = "application/json-patch+json"
MERGE_PATCH: Final = "application/merge-patch+json"
STRATEGIC_PATCH: Final = "application/strategic-merge-patch+json"
APPLY_PATCH: Final = "application/apply-patch+yaml"
SUPPORTED: Final = (JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH, APPLY_PATCH)
CUSTOM_SUPPORTED: Final = (JSON_PATCH, MERGE_PATCH, APPLY_PATCH)
"""For custom resources, of whose lists nobody says how they merge."""

GO_MAP: Final = "map[string]interface {}"
TEXTS: Final = ("op", "path", "from")
SHAPES: Final = {dict: "object", list: "array", str: "string", bool: "bool", int: "number", float: "number"}


@dataclass(frozen=True)
class PatchDocument:
    """A patch in one of the languages of patches."""

    language: str
    tree: Any
    odd: Sequence[str] = ()
    """What is wrong with its text without making it unreadable, in Kubernetes' words."""


def check_language(language: str, languages: Sequence[str]) -> None:
    """Raise `UnsupportedMediaType` for a language that is none of these."""
    if language not in languages:
        raise UnsupportedMediaType(
            f"the body of the request was in an unknown format - accepted media types include: {', '.join(languages)}"
        )


def parse(language: str, body: bytes, field_validation: str = "Warn") -> PatchDocument:
    """Return what a body says; `BadRequest` if it makes no sense in its language."""
    checks = field_validation != "Ignore"
    prefix = "error decoding patch: " if checks and language != STRATEGIC_PATCH else ""
    try:
        tree = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        if language == MERGE_PATCH and not checks:
            raise BadRequest("Invalid JSON Patch") from None
        raise BadRequest(prefix + json_problems.problem(body, error)) from None
    if why := _misfit(language, tree, checks):
        raise BadRequest(why if why[0].isupper() else prefix + why)
    if not checks:
        return PatchDocument(language, tree)
    odd = [f'duplicate field "{path}"' for path in duplicates.find(body)] if duplicates.suspected(body, tree) else []
    if language == JSON_PATCH:
        odd += [
            f'unknown field "[{at}].{name}"'
            for at, operation in enumerate(tree or ())
            for name in operation or ()
            if name not in (*TEXTS, "value")
        ]
        odd = [f"json patch {word}" for word in odd]
    return PatchDocument(language, tree, odd)


def _misfit(language: str, tree: Any, checks: bool) -> str:
    """Return why a tree is no patch; empty if it is one."""
    if language == JSON_PATCH:
        return _no_operations(tree, checks)
    if tree is None:
        # To a strategic merge this is a patch that says nothing.
        return "Invalid JSON Patch" if language == MERGE_PATCH else ""
    if isinstance(tree, dict):
        return ""
    return _no(GO_MAP, tree) if checks or language == STRATEGIC_PATCH else "Invalid JSON Patch"


def _no_operations(tree: Any, checks: bool) -> str:
    if tree is None:
        return ""
    if not isinstance(tree, list):
        return _no("[]handlers.jsonPatchOp" if checks else "jsonpatch.Patch", tree)
    for operation in tree:
        if operation is None:
            continue
        if not isinstance(operation, dict):
            return _no("handlers.jsonPatchOp" if checks else "jsonpatch.Operation", operation)
        for name in TEXTS if checks else ():
            if not isinstance(value := operation.get(name), str | None):
                shape = SHAPES[type(value)]
                return f"json: cannot unmarshal {shape} into Go struct field jsonPatchOp.{name} of type string"
    return ""


def _no(wanted: str, tree: Any) -> str:
    return f"json: cannot unmarshal {SHAPES[type(tree)]} into Go value of type {wanted}"
