"""The parts of a definition that are no schema: subresources, columns, selectable fields, names, conversion."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from kobune.apimachinery import names as name_rules
from kobune.apimachinery.errors import FieldError
from kobune.apiserver.customresources.causes import (
    child,
    duplicate,
    forbidden,
    invalid,
    not_supported,
    required,
    too_many,
)
from kobune.apiserver.customresources.definition.webhook import is_certificate_bundle
from kobune.apiserver.customresources.schema.structural import Structural

Tree = Mapping[str, Any]

COLUMN_TYPES = ("boolean", "date", "integer", "number", "string")
COLUMN_FORMATS = ("byte", "date", "date-time", "double", "float", "int32", "int64", "password")
MOST_SELECTABLE = 8
REVIEW_VERSIONS = ("v1", "v1beta1")
DESIRED = "; desired format: https://host[/path]"
TOKEN = re.compile(r"'(?:[^'\\]|\\.)*'|[.\[\]]|[^.\[\]]+")


class BadFieldPath(ValueError):
    """A path that leads to no field; the message says why."""


def subresources(tree: Tree | None, path: str) -> Iterator[FieldError]:
    """Yield what is wrong with the paths of the scale."""
    scale = (tree or {}).get("scale")
    if scale is None:
        return
    for name, root in (("specReplicasPath", ".spec."), ("statusReplicasPath", ".status.")):
        at, found = f"{path}.scale.{name}", scale.get(name, "")
        if not found:
            yield required(at)
        elif not found.startswith("."):
            yield invalid(at, found, "must be a simple json path starting with .")
        elif not found.startswith(root):
            yield invalid(at, found, f"should be a json path under {root[:-1]}")
    if selector := scale.get("labelSelectorPath"):
        at = f"{path}.scale.labelSelectorPath"
        if not selector.startswith("."):
            yield invalid(at, selector, "must be a simple json path starting with .")
        elif not selector.startswith((".spec.", ".status.")):
            yield invalid(at, selector, "should be a json path under either .spec or .status")


def columns(found: Sequence[Tree], path: str) -> Iterator[FieldError]:
    """Yield what is wrong with the columns."""
    for index, column in enumerate(found):
        at = f"{path}[{index}]"
        type, format, json_path = column.get("type", ""), column.get("format", ""), column.get("jsonPath", "")
        if not column.get("name"):
            yield required(f"{at}.name")
        types = f"must be one of {','.join(COLUMN_TYPES)}"
        if not type:
            yield required(f"{at}.type", types)
        elif type not in COLUMN_TYPES:
            yield invalid(f"{at}.type", type, types)
        if format and format not in COLUMN_FORMATS:
            yield invalid(f"{at}.format", format, f"must be one of {','.join(COLUMN_FORMATS)}")
        if not json_path:
            yield required(f"{at}.JSONPath")
        elif not json_path.startswith("."):
            yield invalid(f"{at}.JSONPath", json_path, "must be a simple json path starting with .")


def selectable_fields(
    found: Sequence[Tree], schema: Structural, path: str, *, may_be_many: bool
) -> Iterator[FieldError]:
    """Yield what is wrong with the fields that selectors may name."""
    seen = set()
    for index, one in enumerate(found):
        at, json_path = f"{path}[{index}].jsonPath", one.get("jsonPath", "")
        if not json_path:
            yield required(at)
            continue
        try:
            names, node = field_path(json_path, schema, with_brackets=False)
        except BadFieldPath as error:
            yield invalid(at, json_path, f"is an invalid path: {error}")
            continue
        if names[:1] == ["metadata"]:
            yield invalid(at, json_path, "must not point to fields in metadata")
        if node.type not in ("string", "boolean", "integer"):
            why = (
                "must point to a field of type string, boolean or integer. Enum string fields and strings with formats "
                "are allowed."
            )
            yield invalid(at, json_path, why)
        if tuple(names) in seen:
            yield duplicate(at, json_path)
        seen.add(tuple(names))
    if len(seen) > MOST_SELECTABLE and not may_be_many:
        yield too_many(path, len(seen), MOST_SELECTABLE)


def field_path(text: str, schema: Structural, *, with_brackets: bool = True) -> tuple[list[str], Structural]:
    """Return the names on a path like `.spec.color`, and the schema of what is there; `BadFieldPath` if nothing is."""
    names: list[str] = []
    tokens = TOKEN.findall(text)
    while tokens:
        token = tokens.pop(0)
        if token == "[":
            if not with_brackets:
                raise BadFieldPath("array notation is not allowed")
            name = _next(tokens)
            if len(name) < 2 or name[0] != "'" or name[-1] != "'":
                raise BadFieldPath(f"expected single quoted string but got {name}")
            schema = _child_of(schema, re.sub(r"\\(.)", r"\1", name[1:-1]), names)
            if (end := _next(tokens)) != "]":
                raise BadFieldPath(f"expected ] but got {end}")
        elif token == ".":
            schema = _child_of(schema, _next(tokens), names)
        else:
            raise BadFieldPath(f"expected [ or . but got: {token}")
    return names, schema


def _next(tokens: list[str]) -> str:
    if not tokens:
        raise BadFieldPath("unexpected end of JSON path")
    return tokens.pop(0)


def _child_of(schema: Structural, name: str, names: list[str]) -> Structural:
    found = schema.properties.get(name) if schema.properties else schema.values
    if found is None:
        raise BadFieldPath("does not refer to a valid field")
    names.append(name)
    return found


def names(tree: Any, path: str) -> Iterator[FieldError]:
    """Yield what is wrong with names that are given; none of them must be."""
    for field in ("plural", "singular"):
        if name := getattr(tree, field):
            yield from _label(f"{path}.{field}", name)
    for field in ("kind", "listKind"):
        name = getattr(tree, field)
        if name and (problems := name_rules.dns_label_1035(name.lower())):
            why = "may have mixed case, but should otherwise match: " + ",".join(problems)
            yield invalid(f"{path}.{field}", name, why)
    for index, name in enumerate(tree.shortNames):
        yield from _label(f"{path}.shortNames[{index}]", name)
    if tree.kind and tree.kind == tree.listKind:
        yield invalid(f"{path}.listKind", tree.listKind, "kind and listKind may not be the same")
    for index, name in enumerate(tree.categories):
        yield from _label(f"{path}.categories[{index}]", name)


def _label(path: str, name: str) -> Iterator[FieldError]:
    if problems := name_rules.dns_label_1035(name):
        yield invalid(path, name, ",".join(problems))


def conversion(found: Any, path: str, *, must_be_known: bool, any_bundle: bool) -> Iterator[FieldError]:
    """Yield what is wrong with how versions are converted."""
    strategy = found.strategy
    if not strategy:
        yield required(child(path, "strategy"))
    elif strategy not in ("None", "Webhook"):
        yield not_supported(child(path, "strategy"), strategy, ("None", "Webhook"))
    webhook, has_client = found.webhook, found.webhook.HasField("clientConfig")
    at = child(path, "webhookClientConfig")
    if strategy == "Webhook":
        if not has_client:
            yield required(at, "required when strategy is set to Webhook")
        else:
            yield from _client(webhook.clientConfig, at, any_bundle=any_bundle)
        yield from _review_versions(list(webhook.conversionReviewVersions), path, must_be_known)
        return
    why = "should not be set when strategy is not set to Webhook"
    if has_client:
        yield forbidden(at, why)
    if webhook.conversionReviewVersions:
        yield forbidden(child(path, "conversionReviewVersions"), why)


def _review_versions(found: list[str], path: str, must_be_known: bool) -> Iterator[FieldError]:
    at = child(path, "conversionReviewVersions")
    if not found:
        yield required(at)
        return
    seen = set()
    for index, version in enumerate(found):
        if version in seen:
            yield invalid(f"{at}[{index}]", version, "duplicate version")
            continue
        seen.add(version)
        for problem in name_rules.dns_label_1035(version):
            yield invalid(f"{at}[{index}]", version, problem)
    if must_be_known and not seen & set(REVIEW_VERSIONS):
        yield invalid(at, found, f"must include at least one of {', '.join(REVIEW_VERSIONS)}")


def _client(client: Any, path: str, *, any_bundle: bool) -> Iterator[FieldError]:
    if client.HasField("url") == client.HasField("service"):
        yield required(path, "exactly one of url or service is required")
    elif client.HasField("url"):
        yield from _url(client.url, f"{path}.url")
    else:
        yield from _service(client.service, f"{path}.service")
    if client.caBundle and not any_bundle and not is_certificate_bundle(client.caBundle):
        why = "unable to load root certificates: unable to parse bytes as PEM block"
        yield invalid(f"{path}.caBundle", list(client.caBundle), why)


def _url(text: str, path: str) -> Iterator[FieldError]:
    try:
        url = urlsplit(text)
    except ValueError as error:
        yield required(path, f"url must be a valid URL: {error}{DESIRED}")
        return
    if url.scheme != "https":
        yield invalid(path, url.scheme, f"'https' is the only allowed URL scheme{DESIRED}")
    user, _, host = url.netloc.rpartition("@")
    if not host:
        yield invalid(path, host, f"host must be specified{DESIRED}")
    if user:
        yield invalid(path, user, "user information is not permitted in the URL")
    if url.fragment:
        yield invalid(path, url.fragment, "fragments are not permitted in the URL")
    if url.query:
        yield invalid(path, url.query, "query parameters are not permitted in the URL")


def _service(service: Any, path: str) -> Iterator[FieldError]:
    for field in ("name", "namespace"):
        if not getattr(service, field):
            yield required(f"{path}.{field}")
    if not 0 < service.port < 65536:
        why = "port is not valid: must be between 1 and 65535, inclusive"
        yield invalid(f"{path}.port", service.port, why)
    way, at = service.path, f"{path}.path"
    if way in ("", "/"):
        return
    if way == "//":
        yield invalid(at, way, "segment[0] may not be empty")
        return
    if not way.startswith("/"):
        yield invalid(at, way, "must start with a '/'")
    for index, segment in enumerate(way[1:].removesuffix("/").split("/")):
        if not segment:
            yield invalid(at, way, f"segment[{index}] may not be empty")
        for problem in name_rules.dns_subdomain(segment) if segment else ():
            yield invalid(at, way, f"segment[{index}]: {problem}")
