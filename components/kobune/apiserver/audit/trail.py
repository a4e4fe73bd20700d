"""The events of one request. Source: the kind `Event` of `audit.k8s.io/v1`."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from kobune.apimachinery.clock import Clock
from kobune.apimachinery.codec.scalars import format_time
from kobune.apimachinery.errors import ApiError
from kobune.apiserver import media
from kobune.apiserver.audit.log import AuditLog
from kobune.apiserver.audit.policy import API_VERSION, LEVELS, Decision, Level, Policy
from kobune.apiserver.auth.attributes import Attributes
from kobune.apiserver.auth.user import User

DECISION: Final = "authorization.k8s.io/decision"
REASON: Final = "authorization.k8s.io/reason"


@dataclass(frozen=True)
class Sender:
    """What is known of a request besides what it wishes."""

    uri: str
    audit_id: str = ""
    """The one that the client gave it, if it did."""
    addresses: tuple[str, ...] = ()
    user_agent: str = ""


@dataclass(slots=True)
class Trail:
    """What one request leaves behind. Nothing here waits, or fails the request."""

    decision: Decision
    log: AuditLog
    clock: Clock
    audit_id: str
    facts: dict[str, Any]
    """What every stage has in common."""
    annotations: dict[str, str] = field(default_factory=dict)
    request: bytes = b""
    """The object that was sent, in JSON."""
    response: bytes = b""
    """The object that was answered, in JSON."""
    has_started: bool = False
    has_ended: bool = False

    @property
    def wants_request(self) -> bool:
        """Whether what was sent is recorded."""
        return self.decision.level >= Level.REQUEST

    @property
    def wants_response(self) -> bool:
        """Whether what was answered is recorded."""
        return self.decision.level >= Level.REQUEST_RESPONSE

    def impersonates(self, user: User) -> None:
        """Note as whom somebody acts."""
        self.facts["impersonatedUser"] = _user(user)

    def authorized(self, allowed: bool, reason: str) -> None:
        """Note what was decided about the wish, and why."""
        self.annotations[DECISION] = "allow" if allowed else "forbid"
        self.annotations[REASON] = reason

    def annotate(self, key: str, value: str) -> None:
        """Note something; the first to use a key wins."""
        self.annotations.setdefault(key, value)

    def received(self) -> None:
        """Record that the request is here."""
        self._add("RequestReceived", {})

    def started(self, code: int = 200) -> None:
        """Record that an answer begins that may take its time."""
        if not self.has_started:
            self.has_started = True
            self._add("ResponseStarted", {"responseStatus": {"metadata": {}, "code": code}})

    def completed(self, code: int, error: ApiError | None = None) -> None:
        """Record that the answer was given."""
        if self.has_ended:
            return
        self.has_ended = True
        status: dict[str, Any] = {"metadata": {}, "code": code}
        if error is not None:
            status = _status(error)
            if self.wants_response:
                self.response = orjson.dumps(media.tree_of(error.status()))
        self._add("ResponseComplete", {"responseStatus": status})

    def panicked(self, error: BaseException) -> None:
        """Record that the server failed on the request."""
        self.has_ended = True
        words = f"APIServer panic'd: {type(error).__name__}: {error}"
        status = {"metadata": {}, "status": "Failure", "message": words, "reason": "InternalError", "code": 500}
        self._add("Panic", {"responseStatus": status})

    def _add(self, stage: str, more: dict[str, Any]) -> None:
        if self.decision.level == Level.NONE or stage in self.decision.omitted:
            return
        now = _micro(self.clock.now())
        first = stage == "RequestReceived"
        known = self.facts["requestReceivedTimestamp"] if first else now
        event: dict[str, Any] = {**self.facts, "stage": stage, **more, "stageTimestamp": known}
        if self.annotations:
            event["annotations"] = dict(self.annotations)
        if not first and self.request:
            event["requestObject"] = self.request
        if stage == "ResponseComplete" and self.response:
            event["responseObject"] = self.response
        self.log.add((event, self.decision.omit_managed_fields))


@dataclass(frozen=True)
class Audit:
    """Begins the trails of requests."""

    policy: Policy
    log: AuditLog
    clock: Clock
    new_uid: Callable[[], str]

    def begin(self, wish: Attributes, sender: Sender) -> Trail:
        """Return the trail of a request, with the event that it was received."""
        decision = self.policy.decide(wish)
        audit_id = sender.audit_id or self.new_uid()
        facts: dict[str, Any] = {}
        if decision.level != Level.NONE:
            facts = {
                "kind": "Event",
                "apiVersion": API_VERSION,
                "level": LEVELS[decision.level],
                "auditID": audit_id,
                "requestURI": sender.uri,
                "verb": wish.verb,
                "user": _user(wish.user),
                "sourceIPs": list(sender.addresses),
                "userAgent": sender.user_agent,
                "requestReceivedTimestamp": _micro(self.clock.now()),
            }
            if not wish.path:
                facts["objectRef"] = _reference(wish)
        trail = Trail(decision, self.log, self.clock, audit_id, facts)
        trail.received()
        return trail


def rendered(added: tuple[dict[str, Any], bool]) -> dict[str, Any]:
    """Return an event as it is written: with the objects as objects, maybe without who owns what of them."""
    event, omit_managed_fields = added
    for key in ("requestObject", "responseObject"):
        if key in event:
            event[key] = _tree(event[key], omit_managed_fields)
    return event


def _tree(body: bytes, omit_managed_fields: bool) -> Any:
    """Return what a body says; as a text if that is no JSON."""
    try:
        tree = orjson.loads(body)
    except ValueError:  # a patch may be anything
        return body.decode(errors="replace")
    if omit_managed_fields and isinstance(tree, dict):
        items = tree.get("items")
        for item in (tree, *(items if isinstance(items, list) else ())):
            if isinstance(item, dict) and isinstance(item.get("metadata"), dict):
                item["metadata"].pop("managedFields", None)
    return tree


def _user(user: User) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if user.name:
        found["username"] = user.name
    if user.uid:
        found["uid"] = user.uid
    if user.groups:
        found["groups"] = list(user.groups)
    if user.extra:
        found["extra"] = {key: list(values) for key, values in user.extra.items()}
    return found


def _reference(wish: Attributes) -> dict[str, str]:
    parts = {
        "resource": wish.resource,
        "namespace": wish.namespace,
        "name": wish.name,
        "apiGroup": wish.group,
        "apiVersion": wish.version,
        "subresource": wish.subresource,
    }
    return {key: value for key, value in parts.items() if value}


def _status(error: ApiError) -> dict[str, Any]:
    tree: dict[str, Any] = media.tree_of(error.status())
    return {key: value for key, value in tree.items() if key not in ("kind", "apiVersion")}


def _micro(now: float) -> str:
    micros = int(now * 1_000_000)
    return f"{format_time(micros // 1_000_000)[:-1]}.{micros % 1_000_000:06d}Z"
