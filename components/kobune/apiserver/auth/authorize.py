"""May somebody do something? Masters may, kubelets for their node, everybody else what a role grants them."""

from collections.abc import Iterator
from typing import Any, Final

from kobune.apimachinery.errors import Forbidden
from kobune.apiserver.auth.attributes import Attributes
from kobune.apiserver.auth.node import NodeAuthorizer
from kobune.apiserver.auth.rbac import Rbac, in_one
from kobune.apiserver.auth.user import User
from kobune.apiserver.cache.view import View

MASTERS: Final = "system:masters"
NO_RULES: Final = "node authorizer does not support user rule resolution"


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
        """Return whether the wish is granted, and by what or why not, as far as there is more to say than yes or no."""
        if MASTERS in wish.user.groups:
            return True, ""
        allowed, reason = self._nodes.decide(wish)
        if allowed:
            return True, ""
        allowed, words = self._rbac.decide(wish)
        return allowed, words if allowed else "\n".join(filter(None, (reason, words)))

    def rules(self, user: User, namespace: str) -> Iterator[Any]:
        """Yield every rule that counts for somebody in a namespace, or in the cluster if that is empty."""
        return self._rbac.rules(user, namespace)

    def gaps(self, user: User, namespace: str) -> tuple[bool, str]:
        """Return whether there are rights that `rules` does not show, and what stands in the way of showing them."""
        problems = [NO_RULES] if user.node else []
        if missing := self._rbac.problem(user, namespace):
            problems.append(missing)
        return bool(user.node), in_one(problems)
