"""The pods that a plugin outside holds, until it says what becomes of them."""

import threading
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress

from kobune.scheduler.v1 import Release


class Holds:
    """Who waits for which verdict; verdicts come from another thread."""

    def __init__(self, *, allow: bool, whose: str) -> None:
        """`allow` says what becomes of those that are held when the connection is lost."""
        self._allow = allow
        self._whose = whose
        self._lock = threading.Lock()
        self._waiting: dict[str, Future[str]] = {}

    def expect(self, uid: str) -> "Future[str]":
        """Return what will hold the verdict about a pod: why it loses its node, or nothing."""
        verdict: Future[str] = Future()
        with self._lock:
            self._waiting[uid] = verdict
        return verdict

    def forget(self, uid: str) -> None:
        """Expect no verdict about a pod."""
        with self._lock:
            self._waiting.pop(uid, None)

    def said(self, release: Release) -> None:
        """Let go of a pod; one that nobody waits for does not matter."""
        with self._lock:
            waiting = self._waiting.pop(release.uid, None)
        if waiting is not None:
            _settle(waiting, release.refusal)

    def lost(self, why: str) -> None:
        """Let go of all pods: the plugin does not know of them any more."""
        with self._lock:
            waiting, self._waiting = self._waiting, {}
        for verdict in waiting.values():
            _settle(verdict, "" if self._allow else f"plugin {self._whose} is lost: {why}")


def _settle(verdict: "Future[str]", why: str) -> None:
    with suppress(InvalidStateError):  # the pod is gone, or has waited for too long
        verdict.set_result(why)
