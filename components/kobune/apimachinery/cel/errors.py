"""What can be wrong with an expression: its text, when it is compiled; or what it meets, when it is evaluated."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Issue:
    """One thing that is wrong with the text of an expression, and where."""

    at: int
    """The position in the text, in characters."""
    message: str


class CelError(Exception):
    """An expression that cannot be compiled. Its text shows every issue below the line it is in."""

    def __init__(self, source: str, issues: Sequence[Issue]) -> None:
        self.issues = tuple(sorted(issues, key=lambda issue: issue.at))
        super().__init__("\n".join(_shown(source, issue) for issue in self.issues))


class WrongType(CelError):
    """An expression without any issue, except that its result is not of the type that is wanted."""

    def __init__(self, message: str) -> None:
        Exception.__init__(self, message)
        self.issues = ()


class EvaluationError(Exception):
    """An expression that met values which it cannot work with: `no such key: name`."""


class CostExceeded(EvaluationError):
    """An expression that worked for longer than it may."""

    def __init__(self) -> None:
        super().__init__("operation cancelled: actual cost limit exceeded")


def no_such_overload() -> EvaluationError:
    """Return the error that says: the function is not for such values."""
    return EvaluationError("no such overload")


def _shown(source: str, issue: Issue) -> str:
    before = source[: issue.at]
    line = before.count("\n")
    column = len(before) - (before.rfind("\n") + 1)
    text = source.split("\n")[line] if source else ""
    # A tab would shift the mark below.
    text = text.replace("\t", " ")
    return f"ERROR: <input>:{line + 1}:{column + 1}: {issue.message}\n | {text}\n | {'.' * column}^"
