"""What of the API has an effect in this cluster: the ledger of fidelity, read off the schema.

What the words mean is said in `kobune/api/schema/schema.proto`. What is said of a field holds for all that is in it: in
a stored object nothing is enforced.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from google.protobuf.descriptor import Descriptor

from kobune.apimachinery.codec.shape import Field, fields, is_object
from kobune.apimachinery.schema import effect_options


class Fidelity(Enum):
    """What the cluster does with a field that somebody sets."""

    ENFORCED = 0
    STORED = 1
    REFUSED = 2

    @property
    def word(self) -> str:
        return self.name.lower()


@dataclass(frozen=True)
class Entry:
    """One line of the ledger."""

    path: str
    """`spec.containers[].image`; an object in `{}` has free keys."""
    fidelity: Fidelity
    message: Descriptor
    """The message that has the field."""
    field: Field


def missing(descriptor: Descriptor) -> str:
    """Return why nothing acts on objects of a kind, to go on after "is kept, but"; empty if something does."""
    return effect_options(descriptor).missing


def of_message(descriptor: Descriptor) -> Fidelity:
    """Return what is done with a message as a whole."""
    return Fidelity(effect_options(descriptor).fidelity)


def of_field(field: Field) -> Fidelity:
    """Return what is done with a field: what is said of it, or of the message in it."""
    own = Fidelity(field.schema.fidelity)
    if own is Fidelity.ENFORCED and field.message is not None:
        return of_message(field.message)
    return own


def ledger(descriptor: Descriptor) -> Iterator[Entry]:
    """Yield every field of a kind, but for its metadata; a stored or refused field stands for all that is in it."""
    for field in fields(descriptor):
        if not (is_object(descriptor) and field.name == "metadata"):
            yield from _entries(descriptor, field, "", of_message(descriptor), (descriptor,))


def _entries(
    owner: Descriptor, field: Field, prefix: str, around: Fidelity, above: tuple[Descriptor, ...]
) -> Iterator[Entry]:
    found = around if around is not Fidelity.ENFORCED else of_field(field)
    inner = field.message
    if field.schema.inline:
        path = prefix
    else:
        yield Entry(f"{prefix}{_name(field)}", found, owner, field)
        path = f"{prefix}{_name(field)}."
    if inner is not None and inner not in above and found is Fidelity.ENFORCED:
        for each in fields(inner):
            yield from _entries(inner, each, path, found, (*above, inner))


def _name(field: Field) -> str:
    return f"{field.json}{'[]' if field.is_list else '{}' if field.is_map else ''}"
