"""How to talk to the server of an APIService: where it is, whom to trust, and who we are."""

import ssl
from dataclasses import dataclass, field
from typing import Any, Final

from kobune.apimachinery.errors import ServiceUnavailable
from kobune.apiserver.cache.view import View
from kobune.apiserver.verbs import destinations
from kobune.component_base.credentials import Credentials

MOST_CONTEXTS: Final = 64


@dataclass(frozen=True)
class Way:
    """The way to a server."""

    base: str
    """Its URL, without a path."""
    tls: ssl.SSLContext
    server_name: str


@dataclass(frozen=True)
class Connecting:
    """Knows the certificate by which the apiserver shows that what it says of users is true."""

    credentials: Credentials | None = None
    _contexts: dict[tuple[bytes, bool], ssl.SSLContext] = field(default_factory=dict)

    def way(self, view: View, item: Any) -> Way:
        """Return the way to the server of an APIService; `ServiceUnavailable` if there is none."""
        where = item.spec.service
        found = destinations.api_service(view, where.namespace, where.name, where.port)
        host = f"[{found.host}]" if ":" in found.host else found.host
        context = self._context(bytes(item.spec.caBundle), item.spec.insecureSkipTLSVerify)
        return Way(f"https://{host}:{found.port}", context, f"{where.name}.{where.namespace}.svc")

    def _context(self, bundle: bytes, insecure: bool) -> ssl.SSLContext:
        context = self._contexts.get((bundle, insecure))
        if context is None:
            try:
                context = ssl.create_default_context(cadata=bundle.decode() if bundle else None)
            except (ssl.SSLError, UnicodeDecodeError):
                raise ServiceUnavailable(
                    "unable to load root certificates: unable to parse bytes as PEM block"
                ) from None
            if insecure:
                context.check_hostname = False
                context.verify_mode = ssl.CERT_NONE
            if self.credentials is not None:
                context.load_cert_chain(self.credentials.certificate, self.credentials.key)
            if len(self._contexts) >= MOST_CONTEXTS:
                self._contexts.clear()
            self._contexts[bundle, insecure] = context
        return context
