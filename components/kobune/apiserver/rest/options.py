"""The options of a request, read from its query."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from google.protobuf.message import Message

from kobune.api.meta.v1 import CreateOptions, DeleteOptions, ListOptions, PatchOptions
from kobune.apimachinery.errors import BadRequest

Query = Mapping[str, str]

LISTS = ("dryRun",)


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


def _fill(options: Message, query: Query) -> None:
    for name, value in query.items():
        field = options.DESCRIPTOR.fields_by_name.get(name)
        if field is None:
            continue
        if name in LISTS:
            getattr(options, name).append(value)
        elif field.message_type is None:
            if value == "" and field.cpp_type != field.CPPTYPE_STRING and name != "sendInitialEvents":
                continue
            setattr(options, name, READERS[field.cpp_type](name, value))


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
