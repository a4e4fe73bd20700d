"""May somebody do something? Masters may, kubelets for their node, everybody else what a role grants them."""

from collections.abc import Iterator
from typing import Any, Final

from kobune.apimachinery.errors import Forbidden
from kobune.apiserver.auth.attributes import Attributes
from kobune.apiserver.auth.node import NodeAuthorizer
from kobune.apiserver.auth.rbac import Rbac
from kobune.apiserver.auth.user import User
from kobune.apiserver.cache.view import View

MASTERS: Final = "system:masters"


class Authorizer:
    """Answers whether a wish is granted."""

    def __init__(self, view: View) -> None:
        self._nodes = NodeAuthorizer(view)
        self._rbac = Rbac(view)

    def check(self, wish: Attributes) -> None:
        """Raise `Forbidden` if the wish is not granted."""
        allowed, reason = self.decide(wish)
        if not allowed:
            words = f"{wish.denial()}: {reason}" if reason else wish.denial()
            raise Forbidden.of(wish.group, wish.resource, wish.name, words)

    def allows(self, wish: Attributes) -> bool:
        """Whether somebody may do what they wish."""
        return self.decide(wish)[0]

    def decide(self, wish: Attributes) -> tuple[bool, str]:
        """Return whether the wish is granted, and why not if there is more to say than no."""
        if MASTERS in wish.user.groups:
            return True, ""
        allowed, reason = self._nodes.decide(wish)
        if allowed or self._rbac.allows(wish):
            return True, ""
        return False, reason

    def rules(self, user: User, namespace: str) -> Iterator[Any]:
        """Yield every rule that counts for somebody in a namespace, or in the cluster if that is empty."""
        return self._rbac.rules(user, namespace)
