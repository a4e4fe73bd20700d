"""The few commands that a simulated container understands: what they would do, without doing it."""

import math
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

SHELLS = ("sh", "bash", "ash", "dash")
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
JOINTS = (";", "&&", "||")


@dataclass(frozen=True)
class Outcome:
    """What a command comes to."""

    seconds: float = 0.0
    """How long it takes; infinity if it never ends."""
    code: int = 0
    output: tuple[str, ...] = ()


def understand(argv: Sequence[str]) -> Outcome | None:
    """Return what a command does, None if that is beyond us.

    Known are `sleep`, `true`, `false`, `exit`, `echo`, and a shell's `-c` with those, joined by `;`, `&&` and `||`.
    """
    if not argv:
        return None
    if basename(argv[0]) in SHELLS:
        if len(argv) < 3 or not argv[1].startswith("-") or not argv[1].endswith("c"):
            return None
        return _script(argv[2])
    return _simple(list(argv))


def seconds_of(text: str) -> float:
    """Return the seconds of `90`, `1.5m` or `infinity`; `ValueError` for anything else."""
    if text in ("infinity", "inf"):
        return math.inf
    unit = UNITS.get(text[-1:])
    value = float(text[:-1]) * unit if unit else float(text)
    if not 0 <= value < math.inf:
        raise ValueError(f"{text} is no duration")
    return value


def basename(path: str) -> str:
    return path.rpartition("/")[2]


def _script(text: str) -> Outcome | None:
    seconds, code = 0.0, 0
    output: list[str] = []
    try:
        steps = list(_steps(text))
    except ValueError:
        return None
    for joint, argv in steps:
        if (joint == "&&" and code) or (joint == "||" and not code):
            continue
        outcome = _simple(argv)
        if outcome is None:
            return None
        seconds += outcome.seconds
        code = outcome.code
        output += outcome.output
        if seconds == math.inf or argv[0] == "exit":
            break
    return Outcome(seconds, code, tuple(output))


def _steps(text: str) -> Iterator[tuple[str, list[str]]]:
    """Split a script into its commands, each with what joins it to the one before; `ValueError` if it is not plain."""
    if any(sign in text for sign in "$`\\"):
        raise ValueError("it computes something")
    lexer = shlex.shlex(text.strip().replace("\n", ";"), posix=True, punctuation_chars=True)
    joint = ";"
    argv: list[str] = []
    for token in lexer:
        if token in JOINTS:
            if argv:
                yield joint, argv
            joint, argv = token, []
        elif set(token) <= set("();<>|&"):
            raise ValueError("it has more than plain commands")
        else:
            argv.append(token)
    if argv:
        yield joint, argv


def _simple(argv: list[str]) -> Outcome | None:
    try:
        match [basename(argv[0]), *argv[1:]]:
            case ["true" | ":", *_]:
                return Outcome()
            case ["false", *_]:
                return Outcome(code=1)
            case ["exit"]:
                return Outcome()
            case ["exit", code]:
                return Outcome(code=int(code) % 256)
            case ["sleep", *times] if times:
                return Outcome(seconds=sum(seconds_of(time) for time in times))
            case ["echo", *words]:
                return Outcome(output=(" ".join(words),))
    except ValueError:
        pass
    return None
