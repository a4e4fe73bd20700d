"""What the tests ask of a supervisor, and what they get."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Order:
    """One run of the process under test, and what happens to it at its `at`th call that changes a file, from 1.

    what         means
    kill         SIGKILL before the call
    kill after   SIGKILL after it
    half         SIGKILL after the first half of a write
    cut          a power cut before the call
    cut after    a power cut after it
    ENOSPC       the call fails with it, as do all later ones of its sort
    EIO          likewise, and in the end what was not synced is lost: a disk that failed to write has forgotten it
    outside      SIGKILL after `seconds`, wherever it is
    """

    directory: str
    seed: int
    begin: tuple[int, ...]
    length: int
    what: str = ""
    at: int = 0
    seconds: float = 0
    sync: bool = True
    reclaim: bool = True
    """Whether the space of compacted revisions is given back at once, now and then."""


@dataclass
class Outcome:
    """What became of a run."""

    report: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    status: int = 0
    """As of a subprocess: negative for a signal."""
