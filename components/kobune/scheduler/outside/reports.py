"""How long plugins outside take, and what goes wrong with them."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Protocol

from kobune.apimachinery.clock import Clock

KEPT: Final = 100


class Observer(Protocol):
    """Takes note of a question that was asked."""

    def __call__(self, plugin: str, point: str, status: str, seconds: float) -> None:
        """`status` is Success or Error."""


class Reports:
    """What is to be said about one plugin."""

    def __init__(self, plugin: str, clock: Clock) -> None:
        self.plugin = plugin
        self.observer: Observer | None = None
        self._clock = clock
        self._troubles: deque[str] = deque(maxlen=KEPT)

    @contextmanager
    def measured(self, point: str) -> Iterator[None]:
        """Measure how long a question takes, and whether it is answered."""
        began, status = self._clock.now(), "Error"
        try:
            yield
            status = "Success"
        finally:
            if self.observer is not None:
                self.observer(self.plugin, point, status, self._clock.now() - began)

    def done_without(self, why: str) -> None:
        """Take note that the plugin was to be asked, and a decision was made without it."""
        self._troubles.append(f"decided without plugin {self.plugin}: {why}")

    def troubles(self) -> list[str]:
        """Return what the event of the pod that was decided last should say."""
        said = []
        while self._troubles:
            said.append(self._troubles.popleft())
        return said
