"""The formats that a schema may demand of a text. Source: the reference of CustomResourceDefinitions."""

import ipaddress
import re
from collections.abc import Callable, Mapping
from datetime import date

HEX = "[0-9a-f]"
NAME = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
LETTER = r"[^\W_]|[$+<=>^`|~¢-©¬®-±´¸×÷←-⇿∀-⋿⌀-⏿①-⯿\U0001F000-\U0001FAFF]"
DURATION = re.compile(r"[+-]?(0|((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))+)")
LOOSE_DURATION = re.compile(r"(\d+)\s*([A-Za-zµ]+)")
UNITS = (
    ("ns", "nano"),
    ("us", "µs", "micro"),
    ("ms", "milli"),
    ("s", "sec"),
    ("m", "min"),
    ("h", "hr", "hour"),
    ("d", "day"),
    ("w", "wk", "week"),
)
"""The units of a duration; each may be written in full, beginning with the last name."""
TIME = re.compile(r"(\d\d):(\d\d):(\d\d)(.\d+)?(z|[+-]\d\d:\d\d)", re.ASCII)
MAC = re.compile(
    "|".join(
        f"[0-9a-f]{{{size}}}({separator}[0-9a-f]{{{size}}}){{{count}}}"
        for size, separator, counts in ((2, ":", (5, 7, 19)), (2, "-", (5, 7, 19)), (4, r"\.", (2, 3, 9)))
        for count in counts
    ),
    re.IGNORECASE,
)
CARD = re.compile(
    r"(4\d{12}(\d{3}){0,2}|5[1-5]\d{14}|(222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}|6(011|5\d\d)\d{12}"
    r"|3[47]\d{13}|3(0[0-5]|[68]\d)\d{11}|(2131|1800|35\d{3})\d{11}|6[27]\d{14})",
    re.ASCII,
)
HOST_LABEL = re.compile(rf"({LETTER})(({LETTER}|-){{0,61}}({LETTER}))?")
URI_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")
ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-\u0080-\U0010ffff]+"
EMAIL = re.compile(rf'({ATOM}(\.{ATOM})*|"([^"\\\r\n]|\\.)*")@({ATOM}(\.{ATOM})*|\[[^\]\s]*\])')
NAMED_EMAIL = re.compile(rf'\s*(("([^"\\\r\n]|\\.)*"|{ATOM}|\.)\s*)*<\s*(?P<address>.*?)\s*>\s*')


def _matches(pattern: str, flags: int = 0) -> Callable[[str], bool]:
    compiled = re.compile(pattern, flags | re.ASCII)
    return lambda text: compiled.fullmatch(text) is not None


def _uuid(third: str = f"{HEX}{{4}}", fourth: str = f"{HEX}{{4}}") -> Callable[[str], bool]:
    return _matches(f"{HEX}{{8}}-?{HEX}{{4}}-?{third}-?{fourth}-?{HEX}{{12}}", re.IGNORECASE)


def _ipv4(text: str) -> bool:
    mapped = text.lower().removeprefix("::ffff:")
    parts = mapped.split(".")
    return len(parts) == 4 and all(re.fullmatch(r"[0-9]{1,3}", part) and int(part) < 256 for part in parts)


def _ipv6(text: str) -> bool:
    try:
        return ":" in text and "%" not in text and bool(ipaddress.IPv6Address(text))
    except ValueError:
        return False


def _cidr(text: str) -> bool:
    address, slash, length = text.partition("/")
    if not slash or not re.fullmatch(r"[0-9]{1,3}", length):
        return False
    if ":" in address:
        return _ipv6(address) and int(length) <= 128
    return _ipv4(address) and int(length) <= 32


def _hostname(text: str) -> bool:
    labels = text.split(".")
    if len(text.encode()) > 255 or any(len(label.encode()) > 63 for label in labels):
        return False
    if not all(HOST_LABEL.fullmatch(label) for label in labels):
        return False
    return len(labels) == 1 or re.fullmatch(r"[^\W\d_]{2,63}", labels[-1]) is not None


def _uri(text: str) -> bool:
    if any(letter < " " or letter == "\x7f" for letter in text):
        return False
    path, _, _ = text.partition("?")
    if re.search(r"%(?![0-9a-fA-F]{2})", path):
        return False
    if text.startswith("/") or text == "*":
        return True
    if not URI_SCHEME.match(text):
        return False
    authority = re.match(r"[^:]*://([^/?]*)", text)
    if authority is None:
        return True
    host = authority[1].rpartition("@")[2]
    if host.startswith("["):
        return re.fullmatch(r"\[[0-9a-fA-F:.%a-zA-Z]*\](:[0-9]*)?", host) is not None
    return re.fullmatch(r"[^\s\"<>\\^`{|}:\[\]]*(:[0-9]*)?", host) is not None


def _email(text: str) -> bool:
    named = NAMED_EMAIL.fullmatch(text) if "<" in text else None
    address = named["address"] if named else text.strip(" \t")
    return EMAIL.fullmatch(address) is not None


def _date(text: str) -> bool:
    try:
        return re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) is not None and bool(date.fromisoformat(text))
    except ValueError:
        return text.startswith("0000-") and _date("2000" + text[4:])  # Go knows the year 0


def _date_time(text: str) -> bool:
    day, t, clock = text.lower().partition("t")
    match = TIME.match(clock.split("t")[0]) if t and _date(day) else None
    if match is None or match.end() != len(clock.split("t")[0]):
        return False
    return match[1] <= "23" and match[2] <= "59" and match[3] <= "59"


def _duration(text: str) -> bool:
    if DURATION.fullmatch(text):
        return True
    found = LOOSE_DURATION.findall(text)
    return any(_is_unit(unit.lower()) for _, unit in found)


def _is_unit(unit: str) -> bool:
    return any(unit in names or unit.startswith(names[-1]) for names in UNITS)


def _isbn10(text: str) -> bool:
    digits = re.sub(r"[\s-]+", "", text)
    if not re.fullmatch(r"[0-9]{9}[0-9X]", digits):
        return False
    values = [10 if digit == "X" else int(digit) for digit in digits]
    return sum((index + 1) * value for index, value in enumerate(values)) % 11 == 0


def _isbn13(text: str) -> bool:
    digits = re.sub(r"[\s-]+", "", text)
    if not re.fullmatch(r"[0-9]{13}", digits):
        return False
    return sum(int(digit) * (1, 3)[index % 2] for index, digit in enumerate(digits)) % 10 == 0


def _credit_card(text: str) -> bool:
    digits = re.sub(r"[^0-9]+", "", text)
    if not CARD.fullmatch(digits):
        return False
    doubled = [int(digit) * (1, 2)[index % 2] for index, digit in enumerate(reversed(digits))]
    return sum(value if value < 10 else value - 9 for value in doubled) % 10 == 0


PLAIN_BYTE = "0|[1-9][0-9]?|1[0-9]{2}|2[0-4][0-9]|25[0-5]"

FORMATS: Mapping[str, Callable[[str], bool]] = {
    "bsonobjectid": _matches("[0-9a-fA-F]{24}"),
    "byte": _matches("(([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4}))"),
    "cidr": _cidr,
    "creditcard": _credit_card,
    "date": _date,
    "datetime": _date_time,
    "duration": _duration,
    "email": _email,
    "hexcolor": _matches("#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})"),
    "hostname": _hostname,
    "ipv4": _ipv4,
    "ipv6": _ipv6,
    "isbn": lambda text: _isbn10(text) or _isbn13(text),
    "isbn10": _isbn10,
    "isbn13": _isbn13,
    "k8slongname": lambda text: len(text) <= 253 and re.fullmatch(rf"{NAME}(\.{NAME})*", text) is not None,
    "k8sshortname": lambda text: len(text) <= 63 and re.fullmatch(NAME, text) is not None,
    "mac": lambda text: MAC.fullmatch(text) is not None,
    "password": lambda text: True,
    "rgbcolor": _matches(rf"rgb\(\s*({PLAIN_BYTE})\s*,\s*({PLAIN_BYTE})\s*,\s*({PLAIN_BYTE})\s*\)"),
    "ssn": lambda text: len(text) == 11 and re.fullmatch(r"[0-9]{3}[- ]?[0-9]{2}[- ]?[0-9]{4}", text) is not None,
    "uri": _uri,
    "uuid": _uuid(),
    "uuid3": _uuid(third=f"3{HEX}{{3}}"),
    "uuid4": _uuid(third=f"4{HEX}{{3}}", fourth=f"[89ab]{HEX}{{3}}"),
    "uuid5": _uuid(third=f"5{HEX}{{3}}", fourth=f"[89ab]{HEX}{{3}}"),
}
"""By name, without hyphens: whether a text has the format."""
