"""What custom resources demand of writes: their schema, and what it says about their parts."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from kobune.api.meta.v1 import StatusDetails
from kobune.apimachinery import names
from kobune.apimachinery.custom import CustomObject
from kobune.apimachinery.errors import FieldError, Invalid, MethodNotAllowed
from kobune.apiserver.customresources import scale
from kobune.apiserver.customresources.causes import invalid
from kobune.apiserver.customresources.schema import embedded, uniqueness, values
from kobune.apiserver.customresources.schema.correlated import Correlated
from kobune.apiserver.registry.strategy import Strategy

if TYPE_CHECKING:
    from kobune.apiserver.cache.view import View
    from kobune.apiserver.customresources.resource import CustomResource

TERMINATING = "create not allowed while custom resource definition is terminating"
BLOCKING = frozenset(
    {
        "FieldValueNotSupported",
        "FieldValueRequired",
        "FieldValueTooLong",
        "FieldValueTooMany",
        "FieldValueTypeInvalid",
    }
)
"""Reasons that say: an object is not even of the shape that rules are written for."""
UNCHECKED = (
    "some validation rules were not checked because the object was invalid; correct the existing errors to complete "
    "validation"
)
STANDARD_FINALIZERS = ("orphan", "foregroundDeletion", "kubernetes")


class CustomStrategy(Strategy):
    """The objects of one version of a definition."""

    unconditional_update = False
    free_finalizers = True
    resource: "CustomResource"

    @property
    def _version(self) -> Any:
        return self.resource.version

    @property
    def _has_status(self) -> bool:
        return bool(self._version.subresources.HasField("status"))

    def prepare_create(self, new: Any, view: "View") -> None:
        """Clear the status where it has an address of its own."""
        if self.resource.is_terminating:
            kind = self.resource.kind
            raise MethodNotAllowed(TERMINATING, StatusDetails(group=kind.group, kind=kind.plural))
        self._check_type(new)
        if self._has_status:
            new.fields.pop("status", None)

    def prepare_update(self, new: Any, old: Any) -> None:
        """Keep the status where it has an address of its own."""
        self._check_type(new)
        if self._has_status:
            _keep(new, old, "status")

    def prepare_status_update(self, new: Any, old: Any) -> None:
        """Keep everything but the status, and who owns which fields."""
        self._check_type(new)
        before = old.copy()
        _keep(before, new, "status")
        new.fields = before.fields
        before.metadata.resourceVersion = new.metadata.resourceVersion
        del before.metadata.managedFields[:]
        before.metadata.managedFields.extend(new.metadata.managedFields)
        new.metadata.CopyFrom(before.metadata)

    def _check_type(self, new: CustomObject) -> None:
        """Raise `Invalid` for an object of another kind."""
        kind = self.resource.kind
        causes = []
        if new.kind != kind.name:
            causes.append(invalid("kind", new.kind, f"must be {kind.name}"))
        if new.api_version != kind.api_version:
            causes.append(invalid("apiVersion", new.api_version, f"must be {kind.api_version}"))
        if causes:
            raise Invalid.named(kind.group, new.kind, new.metadata.name, causes)

    def validate_new(self, new: Any) -> Iterator[FieldError]:
        """Yield what of a new object breaks the rules of its schema."""
        tree = new.tree()
        return self._with_rules(self._violations(new, tree), tree, None)

    def _violations(self, new: CustomObject, tree: Any) -> Iterator[FieldError]:
        yield from values.violations(self.resource.schema, tree)
        yield from self._scale_violations(new)
        yield from embedded.violations(new.fields, self.resource.structural)
        yield from uniqueness.duplicates(new.fields, self.resource.structural)

    def _with_rules(self, causes: Iterator[FieldError], tree: Any, old: Any) -> Iterator[FieldError]:
        """Yield the causes, and what breaks the definition's own rules, which rely on the schema being kept."""
        found = list(causes)
        yield from found
        rules = self.resource.rules
        if rules is None:
            return
        if any(cause.reason in BLOCKING for cause in found):
            yield invalid("", "null", UNCHECKED)
        else:
            yield from rules.violations(tree, old)

    def validate_update(self, new: Any, old: Any) -> Iterator[FieldError]:
        """Yield what breaks the rules, and did not before."""
        tree, before = new.tree(), old.tree()
        return self._with_rules(self._update_violations(new, old, tree, before), tree, before)

    def _update_violations(self, new: CustomObject, old: CustomObject, tree: Any, was: Any) -> Iterator[FieldError]:
        structure = self.resource.structural
        before = Correlated(tree, was, structure)
        yield from values.violations(self.resource.schema, tree, "", before)
        yield from self._scale_violations(new)
        yield from embedded.violations(new.fields, structure)
        if not any(uniqueness.duplicates(old.fields, structure)):
            yield from uniqueness.duplicates(new.fields, structure)

    def validate_status_update(self, new: Any, old: Any) -> Iterator[FieldError]:
        """Yield what of a changed status breaks the rules, and did not before."""
        return self._with_rules(self._status_update_violations(new, old), new.tree(), old.tree())

    def _status_update_violations(self, new: CustomObject, old: CustomObject) -> Iterator[FieldError]:
        structure = self.resource.structural
        part = structure.properties.get("status")
        if part is not None and "status" in new.fields:
            before = Correlated(new.fields, old.fields, structure).field("status")
            yield from values.violations(part.schema, new.fields["status"], "status", before)
        if (paths := scale.paths_of(self._version)) is not None:
            yield from scale.status_violations(new, paths)
        if not any(uniqueness.duplicates(old.fields, structure)):
            yield from uniqueness.duplicates(new.fields, structure)

    def _scale_violations(self, new: CustomObject) -> Iterator[FieldError]:
        if (paths := scale.paths_of(self._version)) is not None:
            yield from scale.spec_violations(new, paths)
            yield from scale.status_violations(new, paths)

    def selectable_fields(self) -> Mapping[str, str]:
        """Return the fields that the definition lets selectors name."""
        paths = (field.jsonPath.removeprefix(".") for field in self._version.selectableFields)
        return {path: path for path in paths}

    def warnings(self, new: Any, old: Any) -> Iterator[str]:
        """Yield a word on each new finalizer whose name could be somebody else's."""
        before = set(old.metadata.finalizers) if old is not None else set()
        for finalizer in sorted(set(new.metadata.finalizers) - before):
            head = f'metadata.finalizers: "{finalizer}"'
            for problem in names.qualified_name(finalizer):
                yield f"{head}: {problem}"
            if "/" not in finalizer and finalizer not in STANDARD_FINALIZERS:
                path = " including a path (/)" if "." in finalizer else ""
                yield (
                    f"{head}: prefer a domain-qualified finalizer name{path} to avoid accidental conflicts with other "
                    "finalizer writers"
                )


def _keep(new: CustomObject, old: CustomObject, name: str) -> None:
    """Let a field of an object be what it is in another one."""
    if name in old.fields:
        new.fields[name] = old.fields[name]
    else:
        new.fields.pop(name, None)
