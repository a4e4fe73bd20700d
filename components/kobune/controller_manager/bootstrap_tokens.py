"""What the secrets of bootstrap tokens say. Source: *Authenticating with Bootstrap Tokens*."""

from typing import Final

from kobune.api.core.v1 import Secret
from kobune.apimachinery.codec.scalars import parse_time

TYPE: Final = "bootstrap.kubernetes.io/token"
NAMESPACE: Final = "kube-system"
PREFIX: Final = "bootstrap-token-"
NEVER: Final = float("inf")


def text(secret: Secret, key: str) -> str:
    """Return a value of a secret, empty if it has none."""
    return secret.data[key].decode(errors="replace") if key in secret.data else ""


def expires(secret: Secret) -> float:
    """Return when a token ends; it has ended already if what it says is no time."""
    told = text(secret, "expiration")
    if not told:
        return NEVER
    try:
        return parse_time(told)[0]
    except ValueError:
        return 0.0


def signing_token(secret: Secret, now: float) -> tuple[str, str] | None:
    """Return the id and the secret of a token that may sign, None for one that may not."""
    identity, key = text(secret, "token-id"), text(secret, "token-secret")
    named_so = secret.metadata.name == PREFIX + identity
    may = text(secret, "usage-bootstrap-signing") == "true" and not secret.metadata.HasField("deletionTimestamp")
    return (identity, key) if identity and key and named_so and may and now < expires(secret) else None
