"""The ledger of fidelity as text and as JSON. Apart from its command, so that others do not pay for its imports."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from kobune.apimachinery.fidelity import Entry, Fidelity, ledger, missing
from kobune.apimachinery.kinds import Kind, kind_of, messages
from kobune.apimachinery.schema import descriptor_of
from kobune.component_base.failure import CannotStart


def print_kind(word: str, *, as_json: bool) -> None:
    """Print the ledger of one kind."""
    kind = find(word, _kinds())
    entries = list(ledger(descriptor_of(kind.message)))
    if as_json:
        print(json.dumps({entry.path: entry.fidelity.word for entry in entries}, indent=2))
        return
    _print_rows([(entry.fidelity.word, entry.path) for entry in entries])
    print(f"{kind.name} ({kind.api_version}): {_summary(entries)}{_why(kind)}")


def print_all(*, as_json: bool) -> None:
    """Print how much of each kind has an effect."""
    ledgers = [(kind, list(ledger(descriptor_of(kind.message)))) for kind in _kinds()]
    if as_json:
        print(json.dumps([_counted(kind, entries) for kind, entries in ledgers], indent=2))
        return
    rows: list[tuple[str, ...]] = [("KIND", "VERSION", "ENFORCED", "STORED", "REFUSED", "")]
    for kind, entries in ledgers:
        count = Counter(entry.fidelity for entry in entries)
        numbers = [str(count[each]) for each in Fidelity]
        rows.append((kind.name, kind.api_version, *numbers, missing(descriptor_of(kind.message))))
    _print_rows(rows)
    print(_summary([entry for _, entries in ledgers for entry in entries]))


def find(word: str, kinds: Sequence[Kind]) -> Kind:
    """Return the kind that somebody means by its name, plural, singular or a short name; `CannotStart` if none is."""
    name, _, group = word.lower().partition(".")
    meant = [
        kind
        for kind in kinds
        if name in (kind.name.lower(), kind.plural, kind.singular, *kind.short_names) and group in ("", kind.group)
    ]
    if not meant:
        raise CannotStart(f"there is no kind {word!r}: kobune fidelity lists them all")
    # Of several groups the first counts, as for kubectl; of its versions the newest.
    return max((kind for kind in meant if kind.group == meant[0].group), key=lambda kind: kind.version)


def _kinds() -> list[Kind]:
    return [kind_of(message) for message in messages()]


def _counted(kind: Kind, entries: list[Entry]) -> dict[str, Any]:
    count = Counter(entry.fidelity for entry in entries)
    return {
        "kind": kind.name,
        "apiVersion": kind.api_version,
        **{each.word: count[each] for each in Fidelity},
        "missing": missing(descriptor_of(kind.message)),
    }


def _summary(entries: list[Entry]) -> str:
    count = Counter(entry.fidelity for entry in entries)
    return ", ".join(f"{count[each]} {each.word}" for each in Fidelity)


def _why(kind: Kind) -> str:
    why = missing(descriptor_of(kind.message))
    return f"; {why}" if why else ""


def _print_rows(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for cells in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip())
