"""Whether what the store holds is an object: others write there, too, through the etcd API."""

import logging
from typing import TYPE_CHECKING

from kobune.apimachinery.errors import InternalError

if TYPE_CHECKING:
    from kobune.apiserver.registry.resource import Resource
    from kobune.apiserver.storage.store import Entry

log = logging.getLogger(__name__)


class NoObject(InternalError):
    """What is at a key cannot be read as an object of the kind that belongs there."""


def raw_of(resource: "Resource", entry: "Entry") -> bytes:
    """Return what an entry holds of an object; `NoObject`, and a line in the log, if that is none."""
    try:
        raw = resource.unwrap(entry.value)
        resource.check(raw)
    except Exception as error:  # it can be anything, and so can what decoders say to it
        key = entry.key.decode(errors="replace")
        why = f"{key} holds no {resource.kind.name} at revision {entry.mod_revision}: {str(error) or repr(error)}"
        log.error("%s; it is left out until somebody corrects or deletes it, as etcdctl can", why)
        raise NoObject(why) from error
    return raw
