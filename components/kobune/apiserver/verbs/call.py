"""What a verb is told: who asks for what, whatever the face."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kobune.apiserver.auth.attributes import Attributes
from kobune.apiserver.auth.user import User
from kobune.apiserver.registry.resource import Resource

if TYPE_CHECKING:
    from kobune.apiserver.audit.trail import Trail


@dataclass(slots=True)
class Call:
    """One request, after it was authenticated, authorized and parsed."""

    user: User
    resource: Resource
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    field_selector: str = ""
    """What a list or watch is narrowed to, for authorizers."""
    dry_run: bool = False
    field_manager: str = ""
    force: bool = False
    """Whether an applied configuration takes fields from those who own them."""
    user_agent: str = "kube-apiserver"
    """What program asks, if it does not name itself a field manager."""
    field_validation: str = "Strict"
    """Strict, Warn or Ignore: what happens to fields that the kind does not know."""
    warnings: list[str] = field(default_factory=list)
    """What the client is told besides the answer."""
    trail: "Trail | None" = None
    """What is left for the audit log, if there is one."""
    created: bool = False
    """Whether an update has created the object."""

    @property
    def manager(self) -> str:
        """The name under which whoever calls owns the fields they change."""
        return self.field_manager or self.user_agent.partition("/")[0][:128] or "unknown"

    @property
    def group(self) -> str:
        return self.resource.kind.group

    @property
    def plural(self) -> str:
        return self.resource.kind.plural

    def attributes(self, verb: str) -> Attributes:
        """Return the call as authorizers see it."""
        version = self.resource.kind.version
        selector = self.field_selector if self.user.node else ""
        return Attributes(
            self.user,
            verb,
            self.group,
            version,
            self.plural,
            self.subresource,
            self.namespace,
            self.name,
            field_selector=selector,
        )
