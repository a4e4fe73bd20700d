"""What makes a cloud a nuisance: it takes its time, and it answers only so many requests a second."""

import math
from dataclasses import dataclass
from random import Random

from kobune.apimachinery.clock import Clock

FOREVER = math.inf


@dataclass(frozen=True)
class Throttle:
    """So many requests a second are answered, for a time."""

    rate: float
    until: float = FOREVER
    tokens: float = 1.0
    at: float = 0.0

    def asked(self, now: float) -> tuple["Throttle", bool]:
        """Return what holds after one more request, and whether that one is answered. Nothing is saved up."""
        tokens = min(max(self.rate, 1.0), self.tokens + (now - self.at) * self.rate) if self.rate else 0.0
        answered = tokens >= 1.0
        return Throttle(self.rate, self.until, tokens - answered, now), answered


class Troubles:
    """How much of a nuisance the cloud is at present."""

    def __init__(self, latency: float, *, clock: Clock, random: Random) -> None:
        """Have answers take `latency` seconds on average."""
        self.latency = latency
        self._throttle: Throttle | None = None
        self._clock = clock
        self._random = random

    @property
    def throttle(self) -> Throttle | None:
        """What requests are held to now."""
        if self._throttle is not None and self._throttle.until <= self._clock.now():
            self._throttle = None
        return self._throttle

    def set(self, rate: float | None, seconds: float | None) -> None:
        """Answer `rate` requests a second for some seconds; all if it is None, until it is said otherwise."""
        now = self._clock.now()
        until = FOREVER if seconds is None else now + seconds
        self._throttle = None if rate is None else Throttle(rate, until, at=now)

    def lasts(self) -> float | None:
        """Return for how long requests are held to something; None if no end was given."""
        if self.throttle is None or self.throttle.until == FOREVER:
            return None
        return self.throttle.until - self._clock.now()

    def answers(self) -> bool:
        """Take a request, and return whether it is answered."""
        if (throttle := self.throttle) is None:
            return True
        self._throttle, answered = throttle.asked(self._clock.now())
        return answered

    async def pass_time(self, least: float = 0.0) -> None:
        """Return after as long as an answer takes: about `least` seconds, or the latency if that is more."""
        if seconds := max(self.latency, least):
            await self._clock.sleep(seconds * (0.5 + self._random.random()))
