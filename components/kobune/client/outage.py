"""Losing the apiserver is said once, and once that it is back."""

import logging

log = logging.getLogger(__name__)


class Outage:
    """Whether the apiserver is out of reach, as one client sees it."""

    def __init__(self) -> None:
        self._lost = False

    @property
    def lost(self) -> bool:
        return self._lost

    def begins(self, why: str) -> None:
        """Note that a request did not reach the apiserver."""
        if not self._lost:
            self._lost = True
            log.warning("lost the apiserver, trying again until it is back: %s", why)

    def ends(self) -> None:
        """Note that the apiserver answered."""
        if self._lost:
            self._lost = False
            log.info("the apiserver is back")
