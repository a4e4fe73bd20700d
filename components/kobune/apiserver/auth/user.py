"""Who is asking."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who was authenticated."""

    name: str
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: dict[str, tuple[str, ...]] = field(default_factory=dict, hash=False)


ANONYMOUS = User("system:anonymous", ("system:unauthenticated",))
LOOPBACK = User("system:apiserver", ("system:masters",))
"""The apiserver itself."""
