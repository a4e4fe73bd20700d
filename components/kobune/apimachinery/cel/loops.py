"""The loops of expressions, over lists and over the keys of maps."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from kobune.apimachinery.cel.errors import CostExceeded, EvaluationError, no_such_overload
from kobune.apimachinery.cel.values import NOTHING, Optional

Code = Callable[[list[Any]], Any]
Loop = Callable[[Code, int, list[Code], int], Code]


def _rounds(value: Any, frame: list[Any], slot: int, variables: int, cost: int) -> Iterator[None]:
    """Go through a list or map: put each element into the frame, and charge for the round."""
    spend = frame[0].spend
    if isinstance(value, Mapping):
        for key in value:
            spend(cost)
            frame[slot] = key
            if variables == 2:
                frame[slot + 1] = value[key]
            yield
    elif isinstance(value, list):
        for index, item in enumerate(value):
            spend(cost)
            if variables == 2:
                frame[slot], frame[slot + 1] = index, item
            else:
                frame[slot] = item
            yield
    else:
        raise no_such_overload()


def _quantifier(variables: int, *, decisive: bool) -> Loop:
    def make(target: Code, slot: int, arguments: list[Code], cost: int) -> Code:
        (predicate,) = arguments

        def run(frame: list[Any]) -> bool:
            error: EvaluationError | None = None
            for _ in _rounds(target(frame), frame, slot, variables, cost):
                try:
                    value: object = predicate(frame)
                except CostExceeded:
                    raise
                except EvaluationError as raised:
                    error = error or raised
                    continue
                if value is decisive:
                    return decisive
                if value is not (not decisive):
                    error = error or no_such_overload()
            if error is not None:
                raise error
            return not decisive

        return run

    return make


def _exists_one(variables: int) -> Loop:
    def make(target: Code, slot: int, arguments: list[Code], cost: int) -> Code:
        (predicate,) = arguments

        def run(frame: list[Any]) -> bool:
            rounds = _rounds(target(frame), frame, slot, variables, cost)
            return sum(_truth(predicate(frame)) for _ in rounds) == 1

        return run

    return make


def _filter(target: Code, slot: int, arguments: list[Code], cost: int) -> Code:
    (predicate,) = arguments

    def run(frame: list[Any]) -> list[Any]:
        return [frame[slot] for _ in _rounds(target(frame), frame, slot, 1, cost) if _truth(predicate(frame))]

    return run


def _map(variables: int) -> Loop:
    def make(target: Code, slot: int, arguments: list[Code], cost: int) -> Code:
        *predicates, transform = arguments

        def run(frame: list[Any]) -> list[Any]:
            made = []
            for _ in _rounds(target(frame), frame, slot, variables, cost):
                if not predicates or _truth(predicates[0](frame)):
                    made.append(transform(frame))
            return made

        return run

    return make


def _map_to_map(*, whole: bool) -> Loop:
    """Return `transformMap`, which makes new values, or `transformMapEntry`, which makes whole entries."""

    def make(target: Code, slot: int, arguments: list[Code], cost: int) -> Code:
        *predicates, transform = arguments

        def run(frame: list[Any]) -> dict[Any, Any]:
            made: dict[Any, Any] = {}
            for _ in _rounds(target(frame), frame, slot, 2, cost):
                if predicates and not _truth(predicates[0](frame)):
                    continue
                entry = transform(frame) if whole else {frame[slot]: transform(frame)}
                if not isinstance(entry, dict):
                    raise no_such_overload()
                for key, value in entry.items():
                    if key in made:
                        raise EvaluationError(f"insert failed: key {key} already exists")
                    made[key] = value
            return made

        return run

    return make


def _with_value(*, wrap: bool) -> Loop:
    """Return `optMap` or `optFlatMap`: what becomes of the value of an optional."""

    def make(target: Code, slot: int, arguments: list[Code], cost: int) -> Code:
        (transform,) = arguments

        def run(frame: list[Any]) -> Any:
            value = target(frame)
            if not isinstance(value, Optional):
                raise no_such_overload()
            if not value.present:
                return NOTHING
            frame[0].spend(cost)
            frame[slot] = value.value
            return Optional(True, transform(frame)) if wrap else transform(frame)

        return run

    return make


def _truth(value: Any) -> bool:
    if value is True or value is False:
        return bool(value)
    raise no_such_overload()


LOOPS: Final[dict[tuple[str, int], Loop]] = {
    **{("all", count): _quantifier(count, decisive=False) for count in (1, 2)},
    **{("exists", count): _quantifier(count, decisive=True) for count in (1, 2)},
    **{(name, count): _exists_one(count) for name in ("exists_one", "existsOne") for count in (1, 2)},
    ("filter", 1): _filter,
    ("map", 1): _map(1),
    ("transformList", 2): _map(2),
    ("transformMap", 2): _map_to_map(whole=False),
    ("transformMapEntry", 2): _map_to_map(whole=True),
    ("optMap", 1): _with_value(wrap=True),
    ("optFlatMap", 1): _with_value(wrap=False),
}
"""By name and number of variables."""
