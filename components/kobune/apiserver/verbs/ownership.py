"""Who owns which fields of the object that a request writes: keeps `metadata.managedFields` current.

The rules are in `apimachinery.apply`, which knows trees only. Here an object becomes trees: in the version that the
request names, and only the parts that differ, since most writes touch little of an object.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any, Final, cast

import orjson
from google.protobuf.message import Message

from kobune.api.meta.v1 import ManagedFieldsEntry, ObjectMeta
from kobune.apimachinery import apply as rules
from kobune.apimachinery import codec
from kobune.apimachinery.apply import Manager, Managers, Unreadable, Versioned, read_managers, write_managers
from kobune.apimachinery.custom import CustomObject, deep_copy
from kobune.apimachinery.errors import Conflict
from kobune.apiserver.registry.resource import Resource
from kobune.apiserver.registry.strategy import copy_field
from kobune.apiserver.verbs.api import Api
from kobune.apiserver.verbs.call import Call

STATUS: Final[dict[str, Any]] = {"f:status": {}}
TRACKED_METADATA: Final = ("generateName", "labels", "annotations", "ownerReferences", "finalizers")
KUBECTL: Final = "kubectl"
LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"


def created(api: Api, call: Call, new: Any) -> None:
    """Let whoever creates an object own what they sent, and what was filled in for them."""
    del new.metadata.managedFields[:]
    raw = api.owned.of(call.resource, new, lambda: _created(api, call, new))
    if not raw:
        return
    manager = _updater(call)
    entry = new.metadata.managedFields.add(
        manager=manager.name, operation=manager.operation, apiVersion=manager.api_version, fieldsType="FieldsV1"
    )
    entry.time.seconds = _now(api)
    entry.fieldsV1.Raw = raw


def _created(api: Api, call: Call, new: Any) -> bytes:
    """Return the fields that whoever creates an object owns; empty if there are none."""
    owners = rules.created(_tree(call.resource, new), _updater(call), _versioned(api, call), now=0)
    return next((rules.written(owned.fields) for owned in owners.values()), b"")


def changed(api: Api, call: Call, new: Any, old: Any) -> None:
    """Let whoever changes an object own what they changed; objects that nobody tracks stay untracked."""
    managers = _given(new.metadata, old.metadata)
    del new.metadata.managedFields[:]
    if not managers:
        write_managers(new.metadata, managers)
        return
    before, after = _different_parts(call, old, new)
    owners = rules.update(before, after, managers, _updater(call), _versioned(api, call), now=_now(api))
    write_managers(new.metadata, owners)


def applied(api: Api, call: Call, config: dict[str, Any], old: Any, *, force: bool) -> tuple[dict[str, Any], Managers]:
    """Return the tree of an object to which a configuration was applied, and its managers; or raise `Conflict`.

    `old` is None if the configuration creates the object.
    """
    by, now = _versioned(api, call), _now(api)
    live: dict[str, Any] = {}
    managers: Managers = {}
    if old is not None:
        live = _without_managers(_tree(call.resource, old))
        # JSON of a message does not say what kind it is, a configuration does.
        live["apiVersion"], live["kind"] = config["apiVersion"], config["kind"]
        managers = _readable(old.metadata) or rules.before_first_apply(live, by, now=None)
    manager = Manager(call.field_manager, rules.APPLY, subresource=call.subresource)
    try:
        return rules.apply(live, config, managers, manager, by, force=force, now=now)
    except rules.Conflicts as conflicts:
        if manager.name == KUBECTL and conflicts.only_with(rules.still_as(_last_applied(live), live, by.type)):
            # They took these fields themselves, when kubectl still applied on its own side.
            return rules.apply(live, config, managers, manager, by, force=True, now=now)
        raise Conflict.between_managers(str(conflicts), conflicts.found) from None


def _last_applied(live: dict[str, Any]) -> Any:
    """Return what kubectl applied the last time that it did so by itself; empty if it never did."""
    try:
        return orjson.loads((live["metadata"].get("annotations") or {}).get(LAST_APPLIED) or "{}")
    except orjson.JSONDecodeError:
        return {}


def only_times_differ(one: ObjectMeta, other: ObjectMeta) -> bool:
    """Whether two objects' managers differ, if at all, in when they last changed something."""
    before, after = one.managedFields, other.managedFields
    return len(before) == len(after) and all(map(_same_but_time, before, after))


def _same_but_time(one: ManagedFieldsEntry, other: ManagedFieldsEntry) -> bool:
    return (
        one.manager == other.manager
        and one.operation == other.operation
        and one.subresource == other.subresource
        and one.apiVersion == other.apiVersion
        and one.fieldsV1.Raw == other.fieldsV1.Raw
    )


def _given(new: ObjectMeta, old: ObjectMeta) -> Managers:
    """Return the managers that a write starts from: those that it sends if it does, those that there are otherwise.

    A single empty entry is how a client asks that nobody owns anything any more.
    """
    sent = new.managedFields
    if len(sent) == 1 and not sent[0].ListFields():
        return {}
    return (_readable(new) if sent else {}) or _readable(old)


def _readable(meta: ObjectMeta) -> Managers:
    try:
        return read_managers(meta)
    except Unreadable:
        return {}


def _updater(call: Call) -> Manager:
    return Manager(call.manager, rules.UPDATE, call.resource.kind.api_version, call.subresource)


def _now(api: Api) -> int:
    return int(api.now())


def _versioned(api: Api, call: Call) -> Versioned:
    resource = call.resource
    has_status = not call.subresource and resource.kind.subresource("status") is not None

    def convert(tree: Any, api_version: str) -> tuple[Any, rules.Type] | None:
        group, _, version = api_version.rpartition("/")
        other = api.registry.find(group, version, resource.kind.plural)
        if other is None or other.stored is not resource.stored:
            return None
        if other is resource:
            return tree, resource.ownership
        if resource.is_custom:
            # What a webhook would make of it cannot be waited for: fields are taken to keep their names.
            other_tree = {**deep_copy(tree), "apiVersion": api_version}
            return other.read_tree(other_tree)[0].tree(), other.ownership
        # Kinds of several versions are few, and their managers seldom mix them.
        stored = resource.to_stored(cast(Any, codec.decode(resource.message, orjson.dumps(tree))[0]))
        return _tree(other, stored), other.ownership

    ignored = STATUS if has_status else {}
    return Versioned(
        resource.kind.api_version, resource.ownership, convert, ignored, _empty(cast(Any, resource.kind.message))
    )


@cache
def _empty(message: type[Message] | None) -> dict[str, Any]:
    return {} if message is None else codec.encode(message())


def _tree(resource: Resource, stored: Any) -> dict[str, Any]:
    """Return an object as the resource's version shows it."""
    shown: Any = resource.conversion.from_stored(stored) if resource.conversion else stored
    tree: dict[str, Any] = shown.tree() if isinstance(shown, CustomObject) else codec.encode(shown)
    return tree


def _without_managers(tree: dict[str, Any]) -> dict[str, Any]:
    metadata = {name: value for name, value in tree.get("metadata", {}).items() if name != "managedFields"}
    return {**tree, "metadata": metadata}


def _different_parts(call: Call, old: Any, new: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the trees of two states of an object with only what differs, as far as the request may change it."""
    if call.resource.conversion or isinstance(new, CustomObject):
        before, after = _tree(call.resource, old), _tree(call.resource, new)
        if call.subresource == "status":
            return _only_status(before), _only_status(after)
        return before, after
    if call.subresource == "status":
        return _parts(old, ("status",)), _parts(new, ("status",))
    names = [
        field.name
        for field in new.DESCRIPTOR.fields
        if getattr(old, field.name) != getattr(new, field.name) or (field.has_presence and not new.HasField(field.name))
    ]
    return _parts(old, names), _parts(new, names)


def _parts(message: Any, names: Sequence[str]) -> dict[str, Any]:
    """Return the tree of an object with nothing in it but these fields."""
    shell = type(message)()
    for name in names:
        value = getattr(message, name)
        if name == "metadata":
            for part in TRACKED_METADATA:
                copy_field(shell.metadata, value, part)
        else:
            copy_field(shell, message, name)
    return codec.encode(shell)  # type: ignore[no-any-return]


def _only_status(tree: dict[str, Any]) -> dict[str, Any]:
    return {"status": tree["status"]} if "status" in tree else {}
