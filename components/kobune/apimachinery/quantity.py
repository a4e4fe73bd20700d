"""Amounts of resources: `100m`, `1Gi`, `0.5`.

Kubernetes keeps quantities as text in a canonical form; arithmetic here is exact. Source: *Quantity* in the API
reference.
"""

import re
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_UP, Context, Decimal
from functools import lru_cache

PATTERN = re.compile(r"([+-]?)(\d+\.?\d*|\.\d+)(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE]|[eE][+-]?\d+)?", re.ASCII)
BINARY = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50, "Ei": 2**60}
DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
SUFFIX = {exponent: suffix for suffix, exponent in DECIMAL.items()}
NANO = Decimal("1e-9")
LARGEST = Decimal(2**63 - 1)
FARTHEST = 60
"""Exponents beyond this make nothing but the largest or the smallest amount."""

RULE = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"


@lru_cache(maxsize=8192)
def parse(text: str) -> Decimal:
    """Return the exact amount; `ValueError` with Kubernetes' words if `text` is not a quantity."""
    return _split(text)[0]


@lru_cache(maxsize=8192)
def canonical(text: str) -> str:
    """Return the form in which Kubernetes writes the quantity back: `1000m` becomes `1`, `1024Mi` becomes `1Gi`."""
    amount, suffix = _split(text)
    if suffix in BINARY:
        return _binary(amount)
    return _decimal(amount, exponent_form=suffix[:1] in ("e", "E") and suffix != "E")


def units(text: str) -> int:
    """Return the amount rounded up to whole units: bytes, pods."""
    return int(parse(text).to_integral_value(rounding=ROUND_CEILING)) if text else 0


def milli(text: str) -> int:
    """Return the amount rounded up to thousandths: millicores."""
    return int((parse(text) * 1000).to_integral_value(rounding=ROUND_CEILING)) if text else 0


def total(texts: list[str]) -> str:
    """Return the sum in canonical form, in the format of the first that is not zero."""
    amount = sum((parse(text) for text in texts), Decimal(0))
    binary = any(_split(text)[1] in BINARY for text in texts[:1])
    return _binary(amount) if binary else _decimal(amount, exponent_form=False)


def _split(text: str) -> tuple[Decimal, str]:
    match = PATTERN.fullmatch(text)
    if match is None:
        raise ValueError(RULE)
    sign, number, suffix = match[1], match[2], match[3] or ""
    amount = _scaled(Decimal(number), suffix)
    return (-amount if sign == "-" else amount), suffix


def _scaled(amount: Decimal, suffix: str) -> Decimal:
    """Return an amount in units; like Kubernetes, no larger than 2**63 - 1, and rounded up to a billionth."""
    if suffix in BINARY:
        exponent, factor = 0, BINARY[suffix]
    else:
        exponent = DECIMAL[suffix] if suffix in DECIMAL else int(suffix[1:][:20])
        factor = 1
    if not amount:
        return Decimal(0)
    magnitude = amount.adjusted() + exponent
    if magnitude > FARTHEST:
        return LARGEST
    if magnitude < -FARTHEST:
        return NANO
    context = Context(prec=2 * FARTHEST, rounding=ROUND_UP)
    scaled = context.multiply(context.scaleb(context.plus(amount), exponent), Decimal(factor))
    if scaled >= LARGEST:
        return LARGEST
    whole = scaled.to_integral_value(rounding=ROUND_FLOOR)
    return whole if whole == scaled else scaled.quantize(NANO, ROUND_UP, context)


def _binary(amount: Decimal) -> str:
    if amount != amount.to_integral_value() or abs(amount) < 1024:
        return _decimal(amount, exponent_form=False)
    whole, suffix = int(amount), ""
    for name in BINARY:
        if whole % 1024:
            break
        whole, suffix = whole // 1024, name
    return f"{whole}{suffix}"


def _decimal(amount: Decimal, *, exponent_form: bool) -> str:
    if not amount:
        return "0"
    exponent = -9
    whole = int(amount.scaleb(9))
    while whole % 1000 == 0 and exponent < 18:
        whole, exponent = whole // 1000, exponent + 3
    if exponent_form:
        return f"{whole}e{exponent}" if exponent else str(whole)
    return f"{whole}{SUFFIX[exponent]}"
