"""Get one object, or list many: a join of bytes that are there already."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice

from kobune.api.meta.v1 import ListOptions, StatusCause, StatusDetails
from kobune.apimachinery.errors import BadRequest, Expired, FieldError, Invalid, Timeout
from kobune.apimachinery.selectors import (
    FieldSelector,
    InvalidSelector,
    Selector,
    UnknownField,
    parse_fields,
    parse_labels,
)
from kobune.apiserver.cache.stored import Stored
from kobune.apiserver.registry.resource import Resource
from kobune.apiserver.registry.validation import forbidden
from kobune.apiserver.storage import errors
from kobune.apiserver.storage.store import Entry, prefix_end
from kobune.apiserver.verbs.api import Api
from kobune.apiserver.verbs.call import Call
from kobune.apiserver.verbs.modify import must_get
from kobune.apiserver.verbs.pages import Page, parse_continue, parse_revision

MATCH = "resourceVersionMatch"


@dataclass(frozen=True)
class Filter:
    """Which objects of a resource somebody wants to see. Equal filters share what is sent to watchers."""

    namespace: str
    name: str
    labels: Selector
    fields: FieldSelector
    resource: Resource

    def everything(self) -> bool:
        """Whether the objects need not be looked at."""
        return not (self.name or self.labels or self.fields)

    def matches(self, stored: Stored) -> bool:
        """Whether an object is wanted (its namespace is not looked at)."""
        if self.everything():
            return True
        meta = stored.message.metadata
        if self.name and meta.name != self.name:
            return False
        return self.labels.matches(meta.labels) and self.fields.matches(field_reader(self.resource, stored))


@dataclass(frozen=True)
class Listing:
    """Objects at a revision; `remaining` is how many more there are behind the last, if that is known."""

    items: list[Stored]
    revision: int
    next: str = ""
    remaining: int | None = None


def get(api: Api, call: Call, resource_version: str = "") -> Stored:
    """Return the object as it is now; `NotFound` if there is none, `Timeout` if `resource_version` is yet to come."""
    if resource_version:
        known_revision(api, resource_version)
    return must_get(api, call)


def known_revision(api: Api, text: str) -> int:
    """Return a resource version as a number, 0 for none; `Timeout` if there is no such version yet."""
    asked = parse_revision(text)
    if asked > api.cacher.revision:
        what = "Too large resource version"
        details = StatusDetails(retryAfterSeconds=1)
        details.causes.append(StatusCause(reason="ResourceVersionTooLarge", message=what))
        raise Timeout(f"Timeout: {what}: {asked}, current: {api.cacher.revision}", details)
    return asked


def list_objects(api: Api, call: Call, options: ListOptions) -> Listing:
    """Return the objects that the options select, a page of them if they have a limit.

    Raises `BadRequest` for options that make no sense, `Expired` when the revision asked for is compacted.
    """
    wanted = make_filter(call, options)
    check_list(options)
    page = parse_continue(getattr(options, "continue"))
    if page is not None and options.resourceVersion not in ("", "0"):
        raise BadRequest("specifying resource version is not allowed when using continue")
    revision = (page.revision if page else _exact_revision(api, options)) or api.cacher.revision
    last = call.resource.prefix() + page.after.encode() if page else b""
    # One more than the page holds tells whether there are more.
    most = options.limit + 1 if options.limit > 0 else None
    found = _range(api, call, revision, last, most if wanted.everything() else None)
    items = list(islice(filter(wanted.matches, found.items), most))
    if most is None or len(items) < most:
        return Listing(items, revision)
    items.pop()
    remaining = found.count - len(items) if wanted.everything() else None
    return Listing(items, revision, Page(revision, _place(items[-1])).token(), remaining)


def make_filter(call: Call, options: ListOptions) -> Filter:
    """Return what the options select; `BadRequest` if a selector makes no sense."""
    strategy = call.resource.strategy
    renamed = strategy.renamed_fields if call.resource is not call.resource.stored else None
    supported = {"metadata.name": "metadata.name", **(renamed or strategy.selectable_fields())}
    if call.resource.kind.namespaced:
        supported["metadata.namespace"] = "metadata.namespace"
    try:
        labels = parse_labels(options.labelSelector)
        fields = parse_fields(options.fieldSelector, list(supported))
    except UnknownField as error:
        raise BadRequest(_unknown_field(call, error.path)) from None
    except InvalidSelector as error:
        raise BadRequest(str(error)) from None
    return Filter(call.namespace, call.name, labels, fields, call.resource)


def field_reader(resource: Resource, stored: Stored) -> Callable[[str], str]:
    """Return the function that reads an object's field by its path, as selectors of a resource see it."""
    row = resource if resource.is_custom else stored.resource
    paths = {**row.strategy.renamed_fields, **row.strategy.selectable_fields()}
    return lambda path: row.field(stored, paths.get(path, path))


def check_list(options: ListOptions) -> None:
    """Raise `Invalid` if the options of a list do not go together."""
    if options.HasField("sendInitialEvents"):
        raise invalid_options(forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"))
    match = options.resourceVersionMatch
    if not match:
        return
    if not options.resourceVersion:
        raise invalid_options(forbidden(MATCH, f"{MATCH} is forbidden unless resourceVersion is provided"))
    if match not in ("Exact", "NotOlderThan"):
        why = f'Unsupported value: "{match}": supported values: "Exact", "NotOlderThan", ""'
        raise invalid_options(FieldError("FieldValueNotSupported", MATCH, why))
    if match == "Exact" and options.resourceVersion == "0":
        raise invalid_options(forbidden(MATCH, f'{MATCH} "exact" is forbidden for resourceVersion "0"'))


def invalid_options(*causes: FieldError) -> Invalid:
    """Return the error that says what is wrong with the options of a list or watch."""
    return Invalid.named("meta.k8s.io", "ListOptions", "", causes)


def _unknown_field(call: Call, path: str) -> str:
    if call.resource.is_custom:
        return f"field label not supported: {path}"
    if call.resource.strategy.selectable_fields():
        return call.resource.strategy.unknown_field.format(path)
    return f'"{path}" is not a known field selector: only "metadata.name", "metadata.namespace"'


def _exact_revision(api: Api, options: ListOptions) -> int:
    """Return the revision to read at: 0 for now."""
    asked = known_revision(api, options.resourceVersion)
    return asked if options.resourceVersionMatch == "Exact" else 0


@dataclass(frozen=True)
class _Range:
    """Objects in order of their keys; `count` is how many there are from the first of them on."""

    items: Iterable[Stored]
    count: int


def _range(api: Api, call: Call, revision: int, after: bytes, limit: int | None) -> _Range:
    """Return the objects at a revision whose keys follow `after`; of the past, no more than `limit`."""
    ring = api.cacher.ring(call.resource)
    prefix = call.resource.prefix(call.namespace)
    start = max(prefix, after + b"\0")
    if revision == api.cacher.revision:
        return _Range(ring.select(prefix, start), ring.count(prefix, start))
    try:
        past = api.store.range(start, prefix_end(prefix), revision=revision, limit=limit or 0)
    except errors.Compacted:
        raise Expired("The provided continue parameter is too old to display a consistent list result.") from None
    resource = call.resource.stored

    def as_it_was(entry: Entry) -> Stored | None:
        now: Stored | None = ring.objects.get(entry.key)
        if now is not None and now.revision == entry.mod_revision:
            return now if now.is_sound() else None
        return api.cacher.stored(resource, entry)

    return _Range(filter(None, map(as_it_was, past.entries)), past.count)


def _place(stored: Stored) -> str:
    meta = stored.message.metadata
    return f"{meta.namespace}/{meta.name}" if meta.namespace else meta.name
