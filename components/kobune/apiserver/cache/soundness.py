"""Whether what the store holds is an object: others write there, too, through the etcd API."""

import logging
from typing import TYPE_CHECKING

from kobune.apimachinery.errors import InternalError
from kobune.apiserver.cache.stored import Stored

if TYPE_CHECKING:
    from kobune.apiserver.registry.resource import Resource
    from kobune.apiserver.storage.store import Entry

log = logging.getLogger(__name__)


class NoObject(InternalError):
    """What is at a key cannot be read as an object of the kind that belongs there."""


def read(resource: "Resource", entry: "Entry") -> Stored:
    """Return the object of an entry, its message made already; `NoObject`, and a line in the log, if it is none."""
    try:
        stored = Stored(resource, resource.unwrap(entry.value), entry.mod_revision)
        if not stored.message.metadata.name:
            raise ValueError("it has no name")
    except Exception as error:  # it can be anything, and so can what decoders say to it
        raise _no_object(resource, entry, error) from error
    return stored


def _no_object(resource: "Resource", entry: "Entry", error: Exception) -> NoObject:
    key = entry.key.decode(errors="replace")
    why = f"{key} holds no {resource.kind.name} at revision {entry.mod_revision}: {str(error) or repr(error)}"
    log.error("%s; it is left out until somebody corrects or deletes it, as etcdctl can", why)
    return NoObject(why)
