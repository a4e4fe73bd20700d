"""One call over gRPC: who makes it, the seat that it takes, and what it leaves in the audit log."""

import logging
from typing import Any

from kobune.apimachinery.errors import ApiError
from kobune.apiserver.audit.trail import Sender
from kobune.apiserver.auth.attributes import Attributes
from kobune.apiserver.auth.user import User
from kobune.apiserver.flowcontrol.level import Level
from kobune.apiserver.front import Front
from kobune.apiserver.grpc.errors import unexpected
from kobune.apiserver.grpc.peer import Peers
from kobune.apiserver.registry.resource import Resource
from kobune.apiserver.verbs.call import Call

NOBODY = User("")

log = logging.getLogger(__name__)


class Rpc:
    """A call, or one of the writes that travel together in one."""

    def __init__(self, front: Front, peers: Peers, context: Any, path: str) -> None:
        self._front = front
        self._peers = peers
        self.context = context
        self._path = path
        self._call: Call | None = None
        self._user: User | None = None
        self._began = front.api.now() if log.isEnabledFor(logging.DEBUG) else 0.0

    @property
    def user(self) -> User:
        """Who calls; `Unauthorized` or `Forbidden` if nobody knows, or they may not act as whom they say."""
        if self._user is None:
            self._user = self._peers.user_of(self.context)
        return self._user

    def part(self) -> "Rpc":
        """Return one of the writes of this call."""
        part = Rpc(self._front, self._peers, self.context, self._path)
        part._user = self._user
        return part

    async def enter(self, verb: str, resource: Resource | None, subresource: str, namespace: str) -> Level:
        """Return the level on which the call has a seat now, to be given back; raises `Overloaded`.

        From then on it sees everything that was acknowledged before, by whichever apiserver.
        """
        if self._front.api.shared is not None:
            await self._front.api.shared.fresh()
        group, name = (resource.kind.group, resource.kind.plural) if resource is not None else ("", "")
        if subresource:
            name = f"{name}/{subresource}"
        flow = self._front.flows.of(self.user, verb, group, name, namespace)
        if not flow.level.take():
            await flow.level.wait(flow.number)
        return flow.level

    def begin(self, call: Call, verb: str) -> None:
        """Record what is asked, before anybody decides about it."""
        self._call = call
        if self._front.audit is not None:
            self._record(call, call.attributes(verb))

    def _record(self, call: Call, wish: Attributes) -> None:
        if self._front.audit is not None:
            agent = dict(self.context.invocation_metadata() or ()).get("user-agent", "")
            peer = self.context.peer().partition(":")[2].rpartition(":")[0]
            call.trail = self._front.audit.begin(wish, Sender(self._path, "", (peer,) if peer else (), str(agent)))

    def started(self) -> None:
        """Record that a stream begins."""
        if self._call is not None and self._call.trail is not None:
            self._call.trail.started()

    def _told(self, code: int) -> None:
        """Log the call, once, if anybody wants to know."""
        if self._began:
            name = self._call.name if self._call is not None else ""
            took = (self._front.api.now() - self._began) * 1000
            who = self._user.name if self._user is not None else ""
            log.debug("%s %s %r: %d, %.1f ms", who, self._path, name, code, took)
            self._began = 0.0

    def completed(self, code: int = 200) -> None:
        """Record that the call was answered."""
        self._told(code)
        if self._call is not None and self._call.trail is not None:
            self._call.trail.completed(201 if self._call.created else code)

    def failed(self, error: ApiError) -> None:
        """Record why it was refused: maybe because nobody knows who calls."""
        self._told(error.http)
        if self._front.audit is None:
            return
        if self._call is not None and self._call.trail is not None:
            self._call.trail.completed(error.http, error)
        elif self._user is None:
            sender = Sender(self._path)
            self._front.audit.begin(Attributes(NOBODY, "post", path=self._path), sender).completed(error.http, error)

    def panicked(self, error: Exception) -> ApiError:
        """Record a failure of ours; return what the caller is told of it."""
        if self._call is not None and self._call.trail is not None:
            self._call.trail.panicked(error)
        return unexpected(error)
