"""Who is asking."""

from dataclasses import dataclass, field
from typing import Final

SYSTEM: Final = "system:"
SERVICE_ACCOUNT: Final = "system:serviceaccount:"
NODE: Final = "system:node:"
NODES: Final = "system:nodes"


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who was authenticated."""

    name: str
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: dict[str, tuple[str, ...]] = field(default_factory=dict, hash=False)

    @property
    def node(self) -> str:
        """The node that somebody is the kubelet of; empty for everybody else."""
        return self.name.removeprefix(NODE) if self.name.startswith(NODE) and NODES in self.groups else ""

    @property
    def is_component(self) -> bool:
        """Whether it is a part of the cluster itself, and not somebody who uses it."""
        return self.name.startswith(SYSTEM) and not self.name.startswith(SERVICE_ACCOUNT)


ANONYMOUS = User("system:anonymous", ("system:unauthenticated",))
LOOPBACK = User("system:apiserver", ("system:masters",))
"""The apiserver itself."""
