"""All that a definition must fulfil, in Kubernetes' words.

A definition that is changed is excused from what its schemas did not fulfil before: rules have become stricter over
time, and nobody should be unable to change what was accepted once.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kobune.apimachinery import names as name_rules
from kobune.apimachinery.errors import FieldError
from kobune.apiserver.customresources.causes import invalid, not_supported, required
from kobune.apiserver.customresources.definition import approval, defaults, golang, parts, schemas, structure
from kobune.apiserver.customresources.definition.form import Form, form_of, schema_of
from kobune.apiserver.customresources.definition.schemas import Demands
from kobune.apiserver.customresources.definition.webhook import is_certificate_bundle
from kobune.apiserver.customresources.schema.formats import FORMATS
from kobune.apiserver.customresources.schema.structural import structural
from kobune.apiserver.customresources.schema.values import NUMBER_FORMATS

Tree = Mapping[str, Any]

names = parts.names

NO_PRESERVING = (
    "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead"
)
STORED_BEFORE = (
    "missing from spec.versions; {0} was previously a storage version, and must remain in spec.versions until a "
    "storage migration ensures no data remains persisted in {0} and removes {0} from status.storedVersions"
)
SHOULD_BE_TOP = "per-version {0} may not all be set to identical values (top-level {1} should be used instead)"
EXPLICIT_DOMAIN = "should be a domain with at least one dot"


def new(definition: Any) -> Iterator[FieldError]:
    """Yield what is wrong with a new definition."""
    spec = definition.spec
    if definition.metadata.name and definition.metadata.name != f"{spec.names.plural}.{spec.group}":
        yield invalid("metadata.name", definition.metadata.name, 'must be spec.names.plural+"."+spec.group')
    yield from _spec(definition, form_of(definition), Demands())
    yield from _status(definition)
    if approval.is_protected(spec.group):
        yield from _approval(definition)
    if spec.preserveUnknownFields:
        yield invalid("spec.preserveUnknownFields", True, NO_PRESERVING)


def changed(new: Any, old: Any) -> Iterator[FieldError]:
    """Yield what is wrong with a changed definition, but not what was wrong before."""
    before = form_of(old)
    form = form_of(new)
    yield from _spec(new, form, _demands(before), old, before)
    established = any(found.type == "Established" and found.status == "True" for found in old.status.conditions)
    if established:
        yield from _immutable("spec.scope", new.spec.scope, old.spec.scope)
        yield from _immutable("spec.names.kind", new.spec.names.kind, old.spec.names.kind)
    yield from _immutable("spec.group", new.spec.group, old.spec.group)
    yield from _immutable("spec.names.plural", new.spec.names.plural, old.spec.names.plural)
    yield from _status(new)
    annotations = approval.state_of(new.metadata.annotations)[0], approval.state_of(old.metadata.annotations)[0]
    if approval.is_protected(new.spec.group) and annotations[0] != annotations[1]:
        yield from _approval(new)
    if new.spec.preserveUnknownFields and not old.spec.preserveUnknownFields:
        yield invalid("spec.preserveUnknownFields", True, NO_PRESERVING)


def _immutable(path: str, now: str, before: str) -> Iterator[FieldError]:
    if now != before:
        yield invalid(path, now, "field is immutable")


def _approval(definition: Any) -> Iterator[FieldError]:
    path = f"metadata.annotations[{approval.ANNOTATION}]"
    state, why = approval.state_of(definition.metadata.annotations)
    if state == "Missing":
        yield required(path, why)
    elif state == "Invalid":
        yield invalid(path, definition.metadata.annotations[approval.ANNOTATION], why)


def _status(definition: Any) -> Iterator[FieldError]:
    yield from parts.names(definition.status.acceptedNames, "status.acceptedNames")
    stored = list(definition.status.storedVersions)
    if not stored:
        yield invalid("status.storedVersions", None, "must have at least one stored version")
        return
    known = {version.name for version in definition.spec.versions}
    for version in definition.spec.versions:
        if version.storage and version.name not in stored:
            yield invalid("status.storedVersions", stored, f"must have the storage version {version.name}")
    for index, name in enumerate(stored):
        if name not in known:
            yield invalid(f"status.storedVersions[{index}]", name, STORED_BEFORE.format(name))


def _demands(before: Form) -> Demands:
    """Return what is asked of schemas, given what those before did not fulfil."""
    nodes = [node for schema in before.schemas() for node in structure.walk(schema)]
    is_structural = not any(structure.unsupported(s) or structure.violations(s, "") for s in before.schemas())
    return Demands(
        structural=is_structural,
        known_types=all(node.get("type", "") in ("", *schemas.TYPES) for node in nodes),
        pruned_defaults=not is_structural or all(_has_pruned_defaults(schema) for schema in before.schemas()),
        atomic_sets=not any(
            node.get("x-kubernetes-list-type") == "set" and any(schemas.atomic_items(node["items"], ""))
            for node in nodes
            if isinstance(node.get("items"), Mapping)
        ),
        keyed_lists=not any(any(schemas.keyed_items(node, "")) for node in nodes),
    )


def _has_pruned_defaults(schema: Tree) -> bool:
    return not any(
        cause.message.endswith("must not have unknown fields")
        for cause in defaults.violations(structural(schema), "", must_be_pruned=True)
    )


def _spec(
    definition: Any,
    form: Form,
    demands: Demands,
    old: Any = None,
    before: Form | None = None,
) -> Iterator[FieldError]:
    spec = definition.spec
    yield from _group(spec.group)
    if not spec.scope:
        yield required("spec.scope")
    elif spec.scope not in ("Cluster", "Namespaced"):
        yield not_supported("spec.scope", spec.scope, ("Cluster", "Namespaced"))
    yield from _missing_schemas(form, is_new=before is None or all(map(schema_of, (before.shared, *before.versions))))
    yield from _versions(form, demands, before)
    for field in ("plural", "singular", "kind", "listKind"):
        if not getattr(spec.names, field):
            yield required(f"spec.names.{field}")
    yield from parts.names(spec.names, "spec.names")
    yield from _shared(form, demands, before)
    yield from _conversion(spec, old)


def _group(group: str) -> Iterator[FieldError]:
    if not group:
        yield required("spec.group")
    elif problems := name_rules.dns_subdomain(group):
        yield invalid("spec.group", group, ",".join(problems))
    elif "." not in group:
        yield invalid("spec.group", group, EXPLICIT_DOMAIN)


def _missing_schemas(form: Form, *, is_new: bool) -> Iterator[FieldError]:
    if schema_of(form.shared) is not None:
        return
    for index, version in enumerate(form.versions):
        if schema_of(version) is None:
            path = f"spec.versions[{index}].schema.openAPIV3Schema"
            if is_new:
                yield required(path)
            elif version.get("served") and not form.spec.get("preserveUnknownFields"):
                yield required(path, "because otherwise all fields are pruned")


def _versions(form: Form, demands: Demands, before: Form | None) -> Iterator[FieldError]:
    for index, version in enumerate(form.versions):
        path, name = f"spec.versions[{index}]", version.get("name", "")
        if problems := name_rules.dns_label_1035(name):
            yield invalid(f"{path}.name", name, ",".join(problems))
        yield from _deprecation(version, f"{path}.deprecationWarning")
        if (schema := schema_of(version)) is not None:
            has_status = "status" in form.subresources_of(version)
            yield from schemas.violations(schema, f"{path}.schema.openAPIV3Schema", demands, has_status=has_status)
        yield from parts.subresources(version.get("subresources"), f"{path}.subresources")
        yield from parts.columns(version.get("additionalPrinterColumns") or (), f"{path}.additionalPrinterColumns")
        if selectable := version.get("selectableFields"):
            at = f"{path}.selectableFields"
            if schema is None:
                why = "may only be set when `version.schema.openAPIV3Schema` is not included"
                yield invalid(at, "", why)
            elif not structure.unsupported(schema):
                many = _had_many(before, name, selectable)
                yield from parts.selectable_fields(selectable, structural(schema), at, may_be_many=many)
    shown = [golang.version(version) for version in form.versions] or None
    for part, top in (
        ("schema", "validation"),
        ("subresources", "subresources"),
        ("additionalPrinterColumns", "additionalPrinterColumns"),
    ):
        first = form.versions[0].get(part) if form.versions else None
        if first and all(version.get(part) == first for version in form.versions):
            words = SHOULD_BE_TOP.format("schemas" if part == "schema" else part, top)
            yield invalid("spec.versions", shown, words)
    found = [version.get("name", "") for version in form.versions]
    if len(set(found)) < len(found):
        yield invalid("spec.versions", shown, "must contain unique version names")
    if sum(bool(version.get("storage")) for version in form.versions) != 1:
        yield invalid("spec.versions", shown, "must have exactly one version marked as storage version")


def _deprecation(version: Tree, path: str) -> Iterator[FieldError]:
    words = version.get("deprecationWarning")
    if words is None:
        return
    if not version.get("deprecated"):
        yield invalid(path, words, "can only be set for deprecated versions")
        return
    if len(words.encode()) > 256:
        yield invalid(path, words, "must be <= 256 characters long")
    if not words:
        yield invalid(path, words, "must not be an empty string")
    size = 0
    for letter in words:
        if not letter.isprintable():
            why = f"must only contain printable UTF-8 characters; non-printable character found at index {size}"
            yield invalid(path, words, why)
            return
        size += len(letter.encode(errors="replace"))


def _shared(form: Form, demands: Demands, before: Form | None) -> Iterator[FieldError]:
    shared = form.shared
    if (schema := schema_of(shared)) is not None:
        has_status = any("status" in form.subresources_of(version) for version in form.versions)
        yield from schemas.violations(schema, "spec.validation.openAPIV3Schema", demands, has_status=has_status)
    yield from parts.subresources(shared.get("subresources"), "spec.subresources")
    yield from parts.columns(shared.get("additionalPrinterColumns") or (), "spec.additionalPrinterColumns")
    if selectable := shared.get("selectableFields"):
        if schema is None:
            why = "may only be set when validations.schema is included"
            yield invalid("spec.selectableFields", "", why)
        elif not structure.unsupported(schema):
            many = before is not None and _is_many(before.shared, selectable)
            yield from parts.selectable_fields(
                selectable, structural(schema), "spec.selectableFields", may_be_many=many
            )


def _had_many(before: Form | None, name: str, selectable: Sequence[Tree]) -> bool:
    versions = before.versions if before is not None else ()
    return any(version.get("name") == name and _is_many(version, selectable) for version in versions)


def _is_many(part: Tree, selectable: Sequence[Tree]) -> bool:
    old = part.get("selectableFields") or ()
    return len(old) > parts.MOST_SELECTABLE and old == selectable


def _conversion(spec: Any, old: Any) -> Iterator[FieldError]:
    if not spec.HasField("conversion"):
        return
    if spec.conversion.strategy != "None" and spec.preserveUnknownFields:
        why = "must be None if spec.preserveUnknownFields is true"
        yield invalid("spec.conversion.strategy", spec.conversion.strategy, why)
    known, any_bundle = True, True
    if old is not None:
        before = old.spec.conversion.webhook
        versions = list(before.conversionReviewVersions)
        known = not versions or bool(set(versions) & set(parts.REVIEW_VERSIONS))
        established = any(found.type == "Established" and found.status == "True" for found in old.status.conditions)
        bundle = before.clientConfig.caBundle
        any_bundle = not established or bool(bundle and not is_certificate_bundle(bundle))
    yield from parts.conversion(spec.conversion, "spec.conversion", must_be_known=known, any_bundle=any_bundle)


def warnings(new: Any, old: Any) -> Iterator[str]:
    """Yield a word on each format that means nothing, and each set whose elements are no scalars."""
    known = set(_odd_formats(old)) if old is not None else set()
    for format in _odd_formats(new):
        if format not in known:
            yield f'unrecognized format "{format}"'
    seen = set(_odd_sets(old)) if old is not None else set()
    yield from sorted(set(_odd_sets(new)) - seen)


def _odd_formats(definition: Any) -> Iterator[str]:
    for schema in form_of(definition).schemas():
        for node in structure.walk(schema):
            if (format := node.get("format")) and not _is_known_format(format, node.get("type", "")):
                yield format


def _is_known_format(format: str, type: str) -> bool:
    if type in ("", "string"):
        return format.replace("-", "") in FORMATS
    return format in NUMBER_FORMATS.get(type, ())


def _odd_sets(definition: Any) -> Iterator[str]:
    for schema in form_of(definition).schemas():
        for node in structure.walk(schema):
            items = node.get("items")
            if node.get("x-kubernetes-list-type") != "set" or not isinstance(items, Mapping):
                continue
            if (type := items.get("type")) in ("object", "array"):
                yield (
                    f'x-kubernetes-list-type: set for items of type "{type}" is not supported by server-side apply or '
                    "CEL validation rules"
                )
