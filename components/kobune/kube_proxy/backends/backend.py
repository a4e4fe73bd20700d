"""The promise of whatever makes connections to Services arrive at their endpoints."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, Self

from kobune.kube_proxy.ruleset import Frontend, Problem, Ruleset


@dataclass(frozen=True)
class FrontendState:
    """How a frontend is doing."""

    frontend: Frontend
    listening: str
    """Where it can be reached, `127.96.1.2:80`; empty where connections are refused."""
    connections: int = 0
    """That are open now."""
    accepted: int = 0
    """Connections since it was opened."""


class Backend(Protocol):
    """Serves rulesets while it is entered; leaving it leaves nothing behind."""

    async def __aenter__(self) -> Self:
        """Get ready to serve."""

    async def __aexit__(self, *failure: object) -> None:
        """Stop serving, and break off all connections."""

    async def apply(self, ruleset: Ruleset) -> Sequence[Problem]:
        """Serve this ruleset instead of the last one, and return everything in it that cannot be had.

        New connections are spread over a frontend's endpoints in turn, or stay with the one that the client's address
        had before. Established connections live on: also those of frontends and endpoints that are gone. What could
        not be had before is tried again. A frontend that cannot be had takes nothing away from the others.
        """

    def states(self) -> Sequence[FrontendState]:
        """Return how each frontend is doing."""
