"""Why something does not start, said so that a person can act on it."""

from collections.abc import Iterator


class CannotStart(Exception):
    """A component or a cluster cannot start; the message is one clear line, fit to be all that the user sees."""


def reason(error: BaseException) -> str:
    """Return, in one line, why something failed: what `CannotStart` says, or the first error of a group."""
    leaves = list(_leaves(error))
    cause = next((leaf for leaf in leaves if isinstance(leaf, CannotStart)), leaves[0])
    text = next(iter(str(cause).splitlines()), "")
    if isinstance(cause, CannotStart):
        return text
    return f"{type(cause).__name__}: {text}" if text else type(cause).__name__


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error
