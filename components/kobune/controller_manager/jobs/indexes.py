"""Sets of completion indexes, as a Job's status writes them: `0,2-4`."""

from collections.abc import Iterable, Iterator


def parse(text: str, limit: int | None = None) -> set[int]:
    """Return the indexes that a text lists, those from `limit` on left out; what makes no sense is passed over."""
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        if first.isdecimal() and (last.isdecimal() or not last):
            found.update(range(int(first), int(last or first) + 1))
    return found if limit is None else {index for index in found if index < limit}


def written(indexes: Iterable[int]) -> str:
    """Return the text for indexes: runs of three and more are written with a dash."""
    return ",".join(str(a) if a == b else f"{a}-{b}" if b > a + 1 else f"{a},{b}" for a, b in _runs(indexes))


def _runs(indexes: Iterable[int]) -> Iterator[tuple[int, int]]:
    first = last = None
    for index in sorted(indexes):
        if last is not None and index == last + 1:
            last = index
            continue
        if first is not None and last is not None:
            yield first, last
        first = last = index
    if first is not None and last is not None:
        yield first, last
