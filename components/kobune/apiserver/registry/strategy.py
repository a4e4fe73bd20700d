"""How kinds differ: what a kind demands of its objects beyond what all of them have in common.

Most kinds need nothing of this. One that differs has a subclass in `strategies/`, which overrides only what differs.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from kobune.apimachinery import names
from kobune.apimachinery.errors import FieldError
from kobune.apiserver.registry.rules import Rules

if TYPE_CHECKING:
    from kobune.apiserver.auth.user import User
    from kobune.apiserver.cache.view import View


class Strategy:
    """A kind like any other."""

    def __init__(
        self,
        default: Callable[[Any], None] | None = None,
        rules: Rules | None = None,
        *,
        name_rule: names.Rule | None = None,
        counted: tuple[str, ...] = (),
        returns_deleted: bool = False,
        warnings: Callable[[Any, Any], Iterator[str]] | None = None,
    ) -> None:
        """Describe a kind whose objects `default` fills in, and which keep to `rules`."""
        self._default = default
        if rules is not None:
            self.rules = rules
        if name_rule is not None:
            self.name_rule = name_rule
        if counted:
            self.counted = counted
        if returns_deleted:
            self.returns_deleted = True
        self._warnings = warnings

    rules = Rules()
    """What its objects must be like."""
    name_rule: names.Rule = staticmethod(names.dns_subdomain)
    generation = True
    """Whether `metadata.generation` counts the changes of what is `counted`."""
    counted: tuple[str, ...] = ("spec",)
    """The fields whose changes are counted."""
    create_on_update = False
    """Whether updating an object that is not there creates it."""
    returns_deleted = False
    """Whether deleting answers with the object instead of a `Status`."""
    propagation = ""
    """What becomes of the dependents of a deleted object if nobody says: they go, too, unless it is `Orphan`."""
    deletion_warnings: tuple[str, ...] = ()
    """What those are told who delete an object and do not say what becomes of its dependents."""
    graceful = False
    """Whether deleted objects may stay for a while, and show it even if they do not."""
    has_grace = True
    """Whether a deleted object shows how much grace it has."""
    unconditional_update = True
    """Whether an update may leave out which version of the object it is for."""
    repeats_metadata = True
    """Whether an update checks twice what of the metadata may change, as most kinds do."""
    rechecks_metadata = False
    """Whether an update checks the metadata once more as if it were new."""
    status_keeps: tuple[str, ...] = ()
    """The fields of the metadata that an update of the status may not change."""
    free_finalizers = False
    """Whether finalizers may be called anything."""
    allocates = False
    """Whether its objects are given addresses (services)."""
    expires = False
    """Whether its objects vanish after an hour (events)."""
    renamed_fields: Mapping[str, str] = MappingProxyType({})
    """What fields are called that selectors may name in the kind's other group, if they have other names there."""
    unknown_field = "field label not supported: {}"
    """What those are told who select by a field that is not among the `selectable_fields`."""
    deprecation = ""
    """What everybody is told who uses the kind."""

    def default(self, new: Any) -> None:
        """Fill in what the user left out."""
        if self._default is not None:
            self._default(new)

    def prepare_create(self, new: Any, view: "View") -> None:
        """Clear what users may not set, and set what only the server may: a new object has no status."""
        if "status" in new.DESCRIPTOR.fields_by_name:
            new.ClearField("status")

    def note_author(self, new: Any, user: "User") -> None:
        """Note on a new object who made it."""

    def prepare_update(self, new: Any, old: Any) -> None:
        """Keep what an update of the main resource may not change: the status."""
        if "status" in new.DESCRIPTOR.fields_by_name:
            if old.HasField("status"):
                new.status.CopyFrom(old.status)
            else:
                new.ClearField("status")

    def prepare_status_update(self, new: Any, old: Any) -> None:
        """Keep what an update of the status may not change: everything else, and maybe parts of the metadata."""
        for field in new.DESCRIPTOR.fields:
            if field.name not in ("metadata", "status"):
                new.ClearField(field.name)
                copy_field(new, old, field.name)
        for name in self.status_keeps:
            new.metadata.ClearField(name)
            copy_field(new.metadata, old.metadata, name)

    def prepare_part(self, part: str, new: Any, old: Any) -> None:
        """Keep what an update of a subresource may not change."""

    def note_time(self, new: Any, old: Any, now: float) -> None:
        """Note on an object when a part of it changed, where whoever changed it does not say."""

    def validate(self, new: Any) -> Iterable[FieldError]:
        """Return the rules that a new or changed object breaks."""
        return self.rules.always(new)

    def validate_new(self, new: Any) -> Iterable[FieldError]:
        """Return the rules that only new objects have to keep, and this one breaks."""
        return self.rules.new(new)

    def validate_update(self, new: Any, old: Any) -> Iterable[FieldError]:
        """Return the rules that the change breaks: immutable fields above all."""
        return self.rules.change(new, old)

    def validate_status_update(self, new: Any, old: Any) -> Iterable[FieldError]:
        """Return the rules that the change of the status breaks."""
        return self.rules.status(new, old)

    def validate_part(self, part: str, new: Any, old: Any) -> Iterable[FieldError]:
        """Return the rules that a change by way of a subresource breaks."""
        rule = self.rules.parts.get(part)
        return rule(new, old) if rule else ()

    def grace_seconds(self, old: Any, asked: int | None) -> int:
        """Return for how long the object stays after somebody deletes it; 0 to remove it at once."""
        return 0

    def may_go(self, old: Any) -> bool:
        """Whether nothing of the kind's own keeps a deleted object from going away."""
        return True

    def mark_deleted(self, new: Any) -> None:
        """Change what an object shows from the moment that somebody deletes it."""

    def selectable_fields(self) -> Mapping[str, str]:
        """Return the paths that field selectors may name, with the path of the field in the object."""
        return {}

    def warnings(self, new: Any, old: Any) -> Iterator[str]:
        """Yield what the author of a write should know, though it is accepted."""
        return self._warnings(new, old) if self._warnings else iter(())


class UncountedStrategy(Strategy):
    """A kind whose generation is not counted."""

    generation = False


def copy_field(new: Any, old: Any, name: str) -> None:
    """Copy a field that may be there or not from one message to another that has none."""
    if not old.DESCRIPTOR.fields_by_name[name].is_repeated and not old.HasField(name):
        return
    value = getattr(old, name)
    if hasattr(value, "CopyFrom"):
        getattr(new, name).CopyFrom(value)
    elif hasattr(value, "MergeFrom"):
        getattr(new, name).MergeFrom(value)
    else:
        setattr(new, name, value)
