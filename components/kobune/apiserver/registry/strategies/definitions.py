"""Custom resource definitions: what they must be, and what becomes of their status.

The rules are imported where they are used: with all that schemas may say they are the largest there are, and only
whoever defines kinds pays for them.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from kobune.apimachinery.errors import FieldError
from kobune.apiserver.customresources.conditions import mark_terminating
from kobune.apiserver.registry.strategy import Strategy


class CustomResourceDefinitionStrategy(Strategy):
    """Definitions of kinds."""

    unconditional_update = False
    has_grace = False
    free_finalizers = True

    def prepare_create(self, new: Any, view: Any) -> None:
        """Clear the status, but for the version that is stored."""
        super().prepare_create(new, view)
        _note_stored_version(new)

    def prepare_update(self, new: Any, old: Any) -> None:
        """Keep the status, and add the version that is stored from now on."""
        super().prepare_update(new, old)
        _note_stored_version(new)

    def validate_new(self, new: Any) -> Iterable[FieldError]:
        """Yield what is wrong with a new definition."""
        from kobune.apiserver.customresources.definition import rules

        return rules.new(new)

    def validate_update(self, new: Any, old: Any) -> Iterable[FieldError]:
        """Yield what is wrong with a changed definition, and was not before."""
        from kobune.apiserver.customresources.definition import rules

        return rules.changed(new, old)

    def validate_status_update(self, new: Any, old: Any) -> Iterable[FieldError]:
        """Yield what is wrong with a changed status."""
        from kobune.apiserver.customresources.definition import rules

        return rules.names(new.status.acceptedNames, "status.acceptedNames")

    def mark_deleted(self, new: Any) -> None:
        """Let the instances go first."""
        mark_terminating(new, new.metadata.deletionTimestamp)

    def warnings(self, new: Any, old: Any) -> Iterator[str]:
        """Yield a word on what the schemas say in vain."""
        from kobune.apiserver.customresources.definition import rules

        return rules.warnings(new, old)


def _note_stored_version(definition: Any) -> None:
    stored = definition.status.storedVersions
    name = next((version.name for version in definition.spec.versions if version.storage), None)
    if name is not None and name not in stored:
        stored.append(name)
