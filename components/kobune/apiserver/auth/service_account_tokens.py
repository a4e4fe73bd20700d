"""Service account tokens: JWTs bound to an account, and maybe to a pod. Source: *Managing Service Accounts*."""

from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from kobune.apiserver.auth.user import User
from kobune.apiserver.cache.view import View

ISSUER = "https://kubernetes.default.svc.cluster.local"
ALGORITHM = "ES256"
CREDENTIAL = "authentication.kubernetes.io/credential-id"
KEPT = 1000
"""How many tokens are remembered."""


@dataclass(frozen=True)
class Known:
    """What a token of ours says."""

    user: User
    namespace: str
    needs: list[tuple[str, dict[str, str]]]
    """Resources and objects, by name and uid, that have to be there."""
    begins: float
    ends: float


@dataclass(frozen=True)
class ServiceAccountTokens:
    """Issues the tokens of service accounts and recognizes them; each signature is checked once."""

    view: View
    key: EllipticCurvePrivateKey
    _known: dict[str, Known] = field(default_factory=dict)

    def issue(self, account: Any, audiences: list[str], seconds: int, bound: Any = None) -> tuple[str, float]:
        """Return a token for an account (bound to a pod or secret if given) and when it expires."""
        now = self.view.now()
        private = {
            "namespace": account.metadata.namespace,
            "serviceaccount": {"name": account.metadata.name, "uid": account.metadata.uid},
        }
        if bound is not None:
            private[bound.kind.lower()] = {"name": bound.name, "uid": bound.uID}
        claims = {
            "iss": ISSUER,
            "sub": f"system:serviceaccount:{account.metadata.namespace}:{account.metadata.name}",
            "aud": audiences or [ISSUER],
            "iat": int(now),
            "nbf": int(now),
            "exp": int(now) + seconds,
            "jti": self.view.new_uid(),
            "kubernetes.io": private,
        }
        return jwt.encode(claims, self.key, ALGORITHM), now + seconds

    def user_of(self, token: str) -> User | None:
        """Return the account of a token; None if it is not ours, has expired, or the account or pod is gone."""
        known = self._known.get(token)
        if known is None:
            known = self._read(token)
            if known is None:
                return None
            if len(self._known) >= KEPT:
                self._known.clear()
            self._known[token] = known
        if not known.begins <= self.view.now() < known.ends:
            return None
        for resource, reference in known.needs:
            if not self._is_there(resource, known.namespace, reference):
                return None
        return known.user

    def _read(self, token: str) -> "Known | None":
        """Return what a token says; None if we did not sign it. Its times are compared with our own clock later."""
        try:
            claims = jwt.decode(
                token,
                self.key.public_key(),
                [ALGORITHM],
                audience=ISSUER,
                issuer=ISSUER,
                options={"verify_exp": False, "verify_nbf": False, "verify_iat": False},
            )
            private = claims["kubernetes.io"]
            namespace, account = private["namespace"], private["serviceaccount"]
            needs = [("serviceaccounts", account)]
            extra: dict[str, tuple[str, ...]] = {CREDENTIAL: (f"JTI={claims['jti']}",)}
            if secret := private.get("secret"):
                needs.append(("secrets", secret))
            if pod := private.get("pod"):
                needs.append(("pods", pod))
                extra["authentication.kubernetes.io/pod-name"] = (pod["name"],)
                extra["authentication.kubernetes.io/pod-uid"] = (pod["uid"],)
            groups = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated")
            user = User(claims["sub"], groups, account["uid"], extra)
            return Known(user, namespace, needs, claims["nbf"], claims["exp"])
        except (jwt.InvalidTokenError, KeyError, TypeError):
            return None

    def _is_there(self, resource: str, namespace: str, reference: dict[str, str]) -> bool:
        found = self.view.find(resource, namespace, reference["name"])
        return found is not None and found.metadata.uid == reference["uid"]
