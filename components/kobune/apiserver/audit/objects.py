"""The objects of a request in the audit log: what was sent, what was answered; nothing is made that nobody wants."""

from typing import TYPE_CHECKING, Any

import orjson
import yaml
from google.protobuf.message import Message

from kobune.apiserver import media

if TYPE_CHECKING:
    from kobune.apiserver.cache.stored import Stored
    from kobune.apiserver.verbs.call import Call
    from kobune.apiserver.verbs.read import Listing


def note_sent(call: "Call", content_type: str, body: bytes, message: Any = None) -> None:
    """Note the body of a request; `message` is what it stands for, where it is known."""
    trail = call.trail
    if trail is None or not trail.wants_request:
        return
    if isinstance(message, Message) and "json" not in content_type:
        trail.request = orjson.dumps(media.tree_of(message))
    elif "yaml" in content_type:
        trail.request = orjson.dumps(yaml.safe_load(body), default=str)
    else:
        trail.request = body


def note_answer(call: "Call", answer: "Stored | Message") -> None:
    """Note the object that is the answer."""
    trail = call.trail
    if trail is None or not trail.wants_response:
        return
    if isinstance(answer, Message):
        trail.response = orjson.dumps(media.tree_of(answer))
    else:
        trail.response = call.resource.view(answer).json


def note_listing(call: "Call", listing: "Listing") -> None:
    """Note the list that is the answer."""
    if call.trail is not None and call.trail.wants_response:
        call.trail.response = media.list_json(call.resource, listing)
