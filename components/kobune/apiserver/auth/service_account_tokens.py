"""Service account tokens: JWTs bound to an account, and maybe to a pod. Source: *Managing Service Accounts*."""

from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from kobune.apiserver.auth.user import User
from kobune.apiserver.cache.view import View

ISSUER = "https://kubernetes.default.svc.cluster.local"
ALGORITHM = "ES256"


@dataclass(frozen=True)
class ServiceAccountTokens:
    """Issues the tokens of service accounts and recognizes them."""

    view: View
    key: EllipticCurvePrivateKey

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
        try:
            claims = jwt.decode(
                token,
                self.key.public_key(),
                [ALGORITHM],
                audience=ISSUER,
                issuer=ISSUER,
                # The times are compared with our own clock below.
                options={"verify_exp": False, "verify_nbf": False, "verify_iat": False},
            )
            private = claims["kubernetes.io"]
            namespace, account = private["namespace"], private["serviceaccount"]
            if not claims["nbf"] <= self.view.now() < claims["exp"]:
                return None
        except (jwt.InvalidTokenError, KeyError, TypeError):
            return None
        if not self._is_there("serviceaccounts", namespace, account):
            return None
        extra: dict[str, tuple[str, ...]] = {"authentication.kubernetes.io/credential-id": (f"JTI={claims['jti']}",)}
        if pod := private.get("pod"):
            if not self._is_there("pods", namespace, pod):
                return None
            extra["authentication.kubernetes.io/pod-name"] = (pod["name"],)
            extra["authentication.kubernetes.io/pod-uid"] = (pod["uid"],)
        groups = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated")
        return User(claims["sub"], groups, account["uid"], extra)

    def _is_there(self, resource: str, namespace: str, reference: dict[str, str]) -> bool:
        found = self.view.find(resource, namespace, reference["name"])
        return found is not None and found.metadata.uid == reference["uid"]
