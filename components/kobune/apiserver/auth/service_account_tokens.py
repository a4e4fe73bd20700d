"""Service account tokens: JWTs bound to an account, and maybe to a pod. Source: *Managing Service Accounts*."""

from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm

from kobune.apiserver.auth.user import User
from kobune.apiserver.cache.view import View

ISSUER = "https://kubernetes.default.svc.cluster.local"
OURS = (ISSUER,)
"""The audience that this server is."""
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
    audiences: tuple[str, ...]
    """For whom it is."""
    begins: float
    ends: float


@dataclass(frozen=True)
class ServiceAccountTokens:
    """Issues the tokens of service accounts and recognizes them; each signature is checked once."""

    view: View
    key: EllipticCurvePrivateKey
    _known: dict[str, Known] = field(default_factory=dict)

    def issue(
        self, account: Any, audiences: list[str], seconds: int, bound: Any = None, node: Any = None
    ) -> tuple[str, float]:
        """Return a token for an account (bound to a pod, secret or node if given) and when it expires.

        `node` is the metadata of the node that the pod runs on.
        """
        now = self.view.now()
        private = {
            "namespace": account.metadata.namespace,
            "serviceaccount": {"name": account.metadata.name, "uid": account.metadata.uid},
        }
        if bound is not None:
            private[bound.kind.lower()] = {"name": bound.name, "uid": bound.uID}
        if node is not None:
            private["node"] = {"name": node.name, "uid": node.uid}
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
        return jwt.encode(claims, self.key, ALGORITHM, {"kid": self.key_id}), now + seconds

    def user_of(self, token: str) -> User | None:
        """Return the account of a token; None if it is not for us, has expired, or the account or pod is gone."""
        found = self.review(token, OURS)
        return None if found is None else found[0]

    def review(self, token: str, audiences: Sequence[str]) -> tuple[User, Sequence[str]] | None:
        """Return the account of a token, and for which of these audiences it is; None if it is none or for others."""
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
        shared = [audience for audience in audiences if audience in known.audiences]
        return (known.user, shared) if shared else None

    def keys(self) -> dict[str, Any]:
        """Return the set of keys with which others can check our signatures, as a JSON Web Key Set."""
        key = ECAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return {"keys": [{"use": "sig", "kid": self.key_id, "alg": ALGORITHM, **key}]}

    @cached_property
    def key_id(self) -> str:
        """What the key is called: a digest of it."""
        public = self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return urlsafe_b64encode(sha256(public).digest()).decode().rstrip("=")

    def _read(self, token: str) -> "Known | None":
        """Return what a token says; None if we did not sign it. Its times are compared with our own clock later."""
        try:
            claims = jwt.decode(
                token,
                self.key.public_key(),
                [ALGORITHM],
                issuer=ISSUER,
                options={"verify_aud": False, "verify_exp": False, "verify_nbf": False, "verify_iat": False},
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
            if node := private.get("node"):
                if not pod:
                    needs.append(("nodes", node))
                extra["authentication.kubernetes.io/node-name"] = (node["name"],)
                extra["authentication.kubernetes.io/node-uid"] = (node["uid"],)
            groups = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated")
            user = User(claims["sub"], groups, account["uid"], extra)
            audiences = claims["aud"]
            audiences = (audiences,) if isinstance(audiences, str) else tuple(audiences)
            return Known(user, namespace, needs, audiences, claims["nbf"], claims["exp"])
        except (jwt.InvalidTokenError, KeyError, TypeError):
            return None

    def _is_there(self, resource: str, namespace: str, reference: dict[str, str]) -> bool:
        found = self.view.find(resource, "" if resource == "nodes" else namespace, reference["name"])
        return found is not None and found.metadata.uid == reference["uid"]
