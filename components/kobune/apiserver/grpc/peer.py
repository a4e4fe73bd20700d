"""Who is at the other end of a gRPC call."""

from typing import Any

import grpc.aio
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificate

from kobune.apiserver.auth.authenticate import Authenticator
from kobune.apiserver.auth.user import User

KEPT = 1000


class Peers:
    """Knows the users of client certificates; each certificate is read once."""

    def __init__(self, authenticator: Authenticator) -> None:
        self._authenticator = authenticator
        self._known: dict[bytes, User] = {}

    def user_of(self, context: "grpc.aio.ServicerContext[Any, Any]") -> User:
        """Return who calls: by a token if there is one, otherwise by certificate; `Unauthorized` if neither will do."""
        for key, value in context.invocation_metadata() or ():
            if key == "authorization":
                return self._authenticator.by_header(str(value))
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
