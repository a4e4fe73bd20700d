"""Whether tolerations cover a taint. Source: the documentation's *Taints and Tolerations*."""

from collections.abc import Iterable

from kobune.api.core.v1 import Toleration


def tolerates(tolerations: Iterable[Toleration], key: str, value: str, effect: str) -> bool:
    """Whether one of the tolerations covers the taint."""
    return any(covers(toleration, key, value, effect) for toleration in tolerations)


def covers(toleration: Toleration, key: str, value: str, effect: str) -> bool:
    """Whether a toleration is about the taint."""
    if toleration.effect and toleration.effect != effect:
        return False
    if toleration.key and toleration.key != key:
        return False
    match toleration.operator:
        case "Exists":
            return True
        case "" | "Equal":
            return bool(toleration.key) and toleration.value == value
        case "Gt" | "Lt":
            return _compares(toleration, value)
    return False


def _compares(toleration: Toleration, value: str) -> bool:
    try:
        found, bound = int(value), int(toleration.value)
    except ValueError:
        return False
    return found > bound if toleration.operator == "Gt" else found < bound
