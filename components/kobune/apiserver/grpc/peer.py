"""Who is at the other end of a gRPC call."""

from typing import Any

import grpc.aio
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificate

from kobune.apiserver.auth.authenticate import Authenticator, has_token
from kobune.apiserver.auth.authorize import Authorizer
from kobune.apiserver.auth.impersonate import PREFIX, impersonated
from kobune.apiserver.auth.user import User

KEPT = 1000


def agent_of(user: User) -> str:
    """Return the name under which somebody owns fields who does not say what program it is.

    gRPC's own user agent says nothing of it, but `system:kube-scheduler` does.
    """
    return user.name.rpartition(":")[2]


class Peers:
    """Knows the users of client certificates; each certificate is read once."""

    def __init__(self, authenticator: Authenticator, authorizer: Authorizer) -> None:
        self._authenticator = authenticator
        self._authorizer = authorizer
        self._known: dict[bytes, User] = {}

    def user_of(self, context: "grpc.aio.ServicerContext[Any, Any]") -> User:
        """Return who calls, or whom they act as: by a token if there is one, otherwise by certificate.

        `Unauthorized` if neither will do; `Forbidden` for somebody who may not act as another.
        """
        authorization = ""
        impersonates = False
        metadata: Any = context.invocation_metadata() or ()
        for key, value in metadata:
            if key == "authorization":
                authorization = str(value)
            elif key.startswith(PREFIX):
                impersonates = True
        user = (
            self._authenticator.by_header(authorization) if has_token(authorization) else self._by_certificate(context)
        )
        return impersonated(self._authorizer, user, metadata) if impersonates else user

    def _by_certificate(self, context: "grpc.aio.ServicerContext[Any, Any]") -> User:
        pem = next(iter(context.auth_context().get("x509_pem_cert", ())), None)
        if pem is None:
            return self._authenticator.by_header("")
        user = self._known.get(pem)
        if user is None:
            if len(self._known) > KEPT:
                self._known.clear()
            certificate = load_pem_x509_certificate(pem)
            user = self._known[pem] = self._authenticator.by_certificate(certificate.public_bytes(Encoding.DER))
        return user
