"""The options of a request, read from its query."""

import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from kobune.api.core.v1 import PodExecOptions, PodLogOptions, PodPortForwardOptions
from kobune.api.meta.v1 import CreateOptions, DeleteOptions, ListOptions, PatchOptions, Time
from kobune.apimachinery.errors import BadRequest

Query = Mapping[str, str]

LISTS = ("command", "dryRun", "ports")


def list_options(query: Query) -> ListOptions:
    """Return the options of a list or watch."""
    options = ListOptions()
    _fill(options, query)
    if options.limit < 0:
        raise BadRequest(f"limit: Invalid value: {options.limit}: must be greater than or equal to 0")
    return options


def delete_options(query: Query, body: DeleteOptions | None) -> DeleteOptions:
    """Return the options of a deletion: those of the body, and what the query adds."""
    options = body or DeleteOptions()
    _fill(options, query)
    return options


def write_options(query: Query) -> CreateOptions:
    """Return the options of a create or update: what these two have in common."""
    options = CreateOptions()
    _fill(options, query)
    return options


def patch_options(query: Query) -> PatchOptions:
    """Return the options of a patch."""
    options = PatchOptions()
    _fill(options, query)
    return options


def log_options(query: Query) -> PodLogOptions:
    """Return the options of a log."""
    options = PodLogOptions()
    _fill(options, query)
    if since := query.get("sinceTime", ""):
        options.sinceTime.CopyFrom(_time(since))
    return options


def exec_options(query: Query) -> PodExecOptions:
    """Return the options of a command, or of an attachment, which has all of them but the command."""
    options = PodExecOptions()
    _fill(options, query)
    return options


def forward_options(query: Query) -> PodPortForwardOptions:
    """Return the ports that are to be forwarded."""
    options = PodPortForwardOptions()
    _fill(options, query)
    return options


def _fill(options: Message, query: Query) -> None:
    for name, value in query.items():
        field = options.DESCRIPTOR.fields_by_name.get(name)
        if field is None:
            continue
        if name in LISTS:
            _add(getattr(options, name), name, value, field.cpp_type)
        elif field.message_type is None:
            if value == "" and field.cpp_type != field.CPPTYPE_STRING and name != "sendInitialEvents":
                continue
            setattr(options, name, READERS[field.cpp_type](name, value))


def _add(values: Any, name: str, text: str, cpp_type: int) -> None:
    if cpp_type == FieldDescriptor.CPPTYPE_STRING:
        values.append(text)
        return
    for one in text.split(","):
        number = _integer(name, one)
        if not -(2**31) <= number < 2**31:
            raise BadRequest(f'strconv.ParseInt: parsing "{one}": value out of range')
        values.append(number)


def _time(text: str) -> Time:
    """Return a time of RFC 3339."""
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is None or "T" not in text:
            raise ValueError(text)
        seconds = math.floor(found.timestamp())
    except (ValueError, OverflowError):
        layout = "2006-01-02T15:04:05Z07:00"
        raise BadRequest(f'parsing time "{text}" as "{layout}": cannot parse "{text}" as "2006"') from None
    return Time(seconds=seconds)


def _boolean(name: str, text: str) -> bool:
    # As Go parses it: anything but these is true.
    return text.lower() not in ("0", "false", "")


def _integer(name: str, text: str) -> int:
    if re.fullmatch(r"[+-]?[0-9]+", text) is None:
        raise BadRequest(f'strconv.ParseInt: parsing "{text}": invalid syntax')
    if len(text) > 20 or not -(2**63) <= int(text) < 2**63:
        raise BadRequest(f'strconv.ParseInt: parsing "{text}": value out of range')
    return int(text)


READERS: dict[int, Callable[[str, str], Any]] = {
    1: _integer,
    2: _integer,
    7: _boolean,
    9: lambda name, text: text,
}
"""By protobuf's C++ type: int32, int64, bool, string."""
