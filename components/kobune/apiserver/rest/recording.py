"""Requests over HTTP in the audit log."""

from typing import Final

from aiohttp import web

from kobune.apimachinery.errors import ApiError
from kobune.apiserver.audit.trail import Audit, Sender, Trail
from kobune.apiserver.auth.user import User
from kobune.apiserver.rest.asking import Asked, what_is_asked

AUDIT_ID: Final = "Audit-Id"
LONGEST_ID: Final = 64
NOBODY: Final = User("")
LEFT: Final = 499
"""The code of an answer that nobody was there for any more."""


class Record:
    """What is recorded of one request."""

    def __init__(self, audit: Audit, request: web.BaseRequest) -> None:
        self._audit = audit
        self._request = request
        self.trail: Trail | None = None
        self._error: ApiError | None = None

    def begin(self, user: User, asked: Asked) -> Trail:
        """Record that somebody asks; return what is noted on afterwards."""
        headers = self._request.headers
        sender = Sender(
            self._request.path_qs,
            headers.get(AUDIT_ID, "")[:LONGEST_ID],
            tuple(filter(None, (self._request.remote,))),
            headers.get("User-Agent", ""),
        )
        self.trail = self._audit.begin(asked.wish(user), sender)
        return self.trail

    def failed(self, error: ApiError) -> None:
        """Note why the request is refused: maybe because nobody knows who asks."""
        self._error = error
        if self.trail is None:
            self.begin(NOBODY, what_is_asked(self._request))

    def panicked(self, error: Exception) -> None:
        """Record a failure of ours."""
        if self.trail is not None:
            self.trail.panicked(error)

    def completed(self, response: web.StreamResponse) -> None:
        """Record the answer."""
        if self.trail is not None:
            if not response.prepared:
                response.headers[AUDIT_ID] = self.trail.audit_id
            self.trail.completed(response.status, self._error)

    def gone(self) -> None:
        """Record that the client has left."""
        if self.trail is not None:
            self.trail.completed(200 if self.trail.has_started else LEFT)
