"""Where a webhook is: at a URL, or behind a Service."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from kobune.apiserver.cache.view import View


class Unreachable(Exception):
    """There is no such address."""


@dataclass(frozen=True)
class Address:
    """Where to connect to, and as what the other side is known."""

    shown: str
    """The URL that errors show."""
    url: str
    """The URL to connect to."""
    server_name: str
    """The name in its certificate."""
    ca_bundle: bytes


def address_of(config: Any, view: View, seconds: float) -> Address:
    """Return the address in a `WebhookClientConfig`; `Unreachable` if its Service is not there."""
    query = f"timeout={seconds:g}s"
    if config.url:
        parts = urlsplit(config.url)
        # Whatever the webhook is asked, it is told how much time it has.
        asked = parts._replace(query=query, path=parts.path or "/").geturl()
        return Address(asked, asked, parts.hostname or "", bytes(config.caBundle))
    reference = config.service
    port = reference.port or 443
    path = "/" + reference.path.lstrip("/")
    host = f"{reference.name}.{reference.namespace}.svc"
    shown = f"https://{host}:{port}{path}?{query}"
    try:
        target = _resolve(view, reference.namespace, reference.name, port)
    except Unreachable as error:
        raise Unreachable(f'Post "{shown}": {error}') from None
    return Address(shown, f"https://{target}:{port}{path}?{query}", host, bytes(config.caBundle))


def _resolve(view: View, namespace: str, name: str, port: int) -> str:
    service = view.find("services", namespace, name)
    if service is None:
        raise Unreachable(f'service "{name}" not found')
    spec = service.spec
    if spec.type == "ExternalName":
        return str(spec.externalName)
    if all(known.port != port for known in spec.ports):
        raise Unreachable(f'no service port {port} found for service "{name}"')
    if spec.clusterIP in ("", "None"):
        raise Unreachable(f'service "{name}" has no cluster IP')
    address = str(spec.clusterIP)
    return f"[{address}]" if ":" in address else address
