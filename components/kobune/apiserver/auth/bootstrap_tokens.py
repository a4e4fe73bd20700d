"""Bootstrap tokens: what a machine shows that is about to join the cluster.

Source: *Authenticating with Bootstrap Tokens*.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hmac import compare_digest
from typing import Any, Final

from kobune.apimachinery.codec.scalars import parse_time
from kobune.apiserver.auth.service_account_tokens import ISSUER
from kobune.apiserver.auth.user import User
from kobune.apiserver.cache.view import View

TOKEN: Final = re.compile(r"([a-z0-9]{6})\.([a-z0-9]{16})")
TYPE: Final = "bootstrap.kubernetes.io/token"
NAMESPACE: Final = "kube-system"
PREFIX: Final = "bootstrap-token-"
GROUP: Final = "system:bootstrappers"
EXTRA_GROUP: Final = re.compile(r"system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]")


@dataclass(frozen=True)
class BootstrapTokens:
    """Knows the tokens that lie as secrets in `kube-system`."""

    view: View

    def user_of(self, token: str) -> User | None:
        """Return whom a token `id.secret` stands for; None if it is no such token, or not valid."""
        match = TOKEN.fullmatch(token)
        if match is None:
            return None
        identity, secret = match.groups()
        found = self.view.find("secrets", NAMESPACE, PREFIX + identity)
        if found is None or found.type != TYPE or found.metadata.HasField("deletionTimestamp"):
            return None
        data = found.data
        if not compare_digest(data.get("token-secret", b""), secret.encode()):
            return None
        if _text(data, "token-id") != identity or _text(data, "usage-bootstrap-authentication") != "true":
            return None
        groups = _groups(_text(data, "auth-extra-groups"))
        if groups is None or self._has_expired(_text(data, "expiration")):
            return None
        return User(f"system:bootstrap:{identity}", (GROUP, *groups, "system:authenticated"))

    def review(self, token: str, audiences: Sequence[str]) -> tuple[User, Sequence[str]] | None:
        """Return whom a token stands for, to this server only; None if it is no such token or meant for others."""
        user = self.user_of(token) if ISSUER in audiences else None
        return None if user is None else (user, (ISSUER,))

    def _has_expired(self, expiration: str) -> bool:
        if not expiration:
            return False
        try:
            return parse_time(expiration)[0] <= self.view.now()
        except ValueError:
            return True


def _text(data: Any, key: str) -> str:
    return str(data[key], "utf-8", "replace") if key in data else ""


def _groups(listed: str) -> list[str] | None:
    """Return the further groups of a token, None if one is not for joining machines."""
    groups = sorted({group for group in map(str.strip, listed.split(",")) if group})
    return groups if all(EXTRA_GROUP.fullmatch(group) for group in groups) else None
