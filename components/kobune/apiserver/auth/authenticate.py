"""Who a client is, by its certificate or its token."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from cryptography import x509
from cryptography.x509.oid import NameOID

from kobune.apimachinery.errors import Unauthorized
from kobune.apiserver.auth.user import ANONYMOUS, User

AUTHENTICATED = "system:authenticated"


class Tokens(Protocol):
    """Where bearer tokens are looked up."""

    def user_of(self, token: str) -> User | None:
        """Return whose token it is, or None."""

    def review(self, token: str, audiences: Sequence[str]) -> tuple[User, Sequence[str]] | None:
        """Return whose token it is and for which of these audiences; None if it is nobody's, or for none of them."""


@dataclass(frozen=True)
class AnySort:
    """Tokens of several sorts, each known to somebody else."""

    sorts: tuple[Tokens, ...]

    def user_of(self, token: str) -> User | None:
        """Return whose token it is, or None."""
        for sort in self.sorts:
            if (user := sort.user_of(token)) is not None:
                return user
        return None

    def review(self, token: str, audiences: Sequence[str]) -> tuple[User, Sequence[str]] | None:
        """Return whose token it is and for which of these audiences; None if it is nobody's, or for none of them."""
        return next((found for sort in self.sorts if (found := sort.review(token, audiences)) is not None), None)


@dataclass(frozen=True)
class Authenticator:
    """Knows people by what they present. A client certificate was checked against the CA by TLS already."""

    tokens: Tokens
    allow_anonymous: bool = True

    def by_certificate(self, der: bytes) -> User:
        """Return the user of a client certificate: its common name; the groups are its organizations."""
        subject = x509.load_der_x509_certificate(der).subject
        name = next((str(part.value) for part in subject.get_attributes_for_oid(NameOID.COMMON_NAME)), "")
        groups = [str(part.value) for part in subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)]
        return User(name, (*groups, AUTHENTICATED))

    def by_header(self, authorization: str) -> User:
        """Return the user of an `Authorization` header; `Unauthorized` if the token is nobody's."""
        if not has_token(authorization):
            if self.allow_anonymous:
                return ANONYMOUS
            raise Unauthorized("Unauthorized")
        user = self.tokens.user_of(authorization.partition(" ")[2].strip())
        if user is None:
            raise Unauthorized("Unauthorized")
        return user


def has_token(authorization: str) -> bool:
    """Whether an `Authorization` header is one that we look at: other schemes than Bearer say nothing."""
    return authorization[:7].lower() == "bearer "
