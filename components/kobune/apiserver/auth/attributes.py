"""What somebody wants to do, as authorizers see it."""

from typing import NamedTuple

from kobune.apiserver.auth.user import User


class Attributes(NamedTuple):
    """One wish: a verb on a resource, or on a path that is no resource. Every request makes one: tuples are cheap."""

    user: User
    verb: str
    group: str = ""
    version: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""
    field_selector: str = ""
    """What a list or watch is narrowed to; only told of those for whom it matters: nodes."""

    def denial(self) -> str:
        """Return Kubernetes' words for: no."""
        if self.path:
            return f'forbidden: User "{self.user.name}" cannot {self.verb} path "{self.path}"'
        resource = f"{self.resource}/{self.subresource}" if self.subresource else self.resource
        qualified = f"{self.resource}.{self.group}" if self.group else self.resource
        named = f' "{self.name}"' if self.name else ""
        where = f'in the namespace "{self.namespace}"' if self.namespace else "at the cluster scope"
        return (
            f'{qualified}{named} is forbidden: User "{self.user.name}" cannot {self.verb} resource "{resource}" '
            f'in API group "{self.group}" {where}'
        )
