"""Fills Secrets of the type service-account-token with a token of their account, and deletes them with it.

    Secret made by a user ──► token, CA certificate and namespace ──► its account goes ──► deleted

Source: *Managing Service Accounts*, on the token controller and on long-lived tokens.
"""

from collections.abc import Iterable
from typing import Any, Final

from kobune.api.authentication.v1 import BoundObjectReference, TokenRequestSpec
from kobune.api.core.v1 import Secret, ServiceAccount
from kobune.apimachinery.errors import NotFound
from kobune.apimachinery.meta import is_deleting, key_of
from kobune.client import Action, Controller, Update, View, Watch, delete
from kobune.client.controller import key_of_object

TYPE: Final = "kubernetes.io/service-account-token"
NAME: Final = "kubernetes.io/service-account.name"
UID: Final = "kubernetes.io/service-account.uid"
LIFE: Final = 2**32
"""Seconds: the longest that tokens live, which is longer than anybody. It ends with its Secret anyway."""


def reconcile(secret: Secret, account: ServiceAccount | None, ca: str, token: str) -> list[Action]:
    """Plan what a Secret of an account has to hold; `token` is a new one for it, where it has none."""
    if is_deleting(secret.metadata):
        return []
    if account is None or not is_for(secret, account):
        return [delete(secret)]
    wanted = Secret()
    wanted.CopyFrom(secret)
    wanted.metadata.annotations[UID] = account.metadata.uid
    if ca:
        wanted.data["ca.crt"] = ca.encode()
    if not wanted.data.get("namespace"):
        wanted.data["namespace"] = secret.metadata.namespace.encode()
    if token and not wanted.data.get("token"):
        wanted.data["token"] = token.encode()
    return [Update(wanted)] if wanted != secret else []


def is_for(secret: Secret, account: ServiceAccount) -> bool:
    """Whether a Secret is for this very account, rather than one that had its name before."""
    return secret.metadata.annotations.get(UID, account.metadata.uid) == account.metadata.uid


def by_account(secret: Secret) -> Iterable[str]:
    """Yield the key of the account that a Secret is for."""
    yield key_of(secret.metadata.namespace, secret.metadata.annotations.get(NAME, ""))


def secrets_of(view: View, account: ServiceAccount) -> Iterable[str]:
    """Return the keys of the Secrets of an account."""
    key = key_of(account.metadata.namespace, account.metadata.name)
    found = view.informer(Secret).index("service-account", by_account).get(key)
    return [key_of(secret.metadata.namespace, secret.metadata.name) for secret in found]


def is_other(old: ServiceAccount | None, new: ServiceAccount | None) -> bool:
    """Whether an account came or went."""
    return old is None or new is None or old.metadata.uid != new.metadata.uid


async def account_of(view: View, secret: Secret) -> ServiceAccount | None:
    """Return the account that a Secret is for; asks the apiserver before it says that there is none."""
    namespace, name = secret.metadata.namespace, secret.metadata.annotations.get(NAME, "")
    known = view.get(ServiceAccount, key_of(namespace, name))
    if known is not None and is_for(secret, known):
        return known
    try:
        return await view.client.get(ServiceAccount, name, namespace)
    except NotFound:
        return None


def serviceaccounttoken(ca: str) -> Controller:
    """Return the controller that gives this CA certificate, in PEM, along with tokens."""

    async def observe(view: View, key: str) -> tuple[Any, ...] | None:
        secret = view.get(Secret, key)
        if secret is None:
            return None
        account, token = await account_of(view, secret), ""
        if account is not None and is_for(secret, account) and not secret.data.get("token"):
            bound = BoundObjectReference(
                apiVersion="v1", kind="Secret", name=secret.metadata.name, uID=secret.metadata.uid
            )
            spec = TokenRequestSpec(expirationSeconds=LIFE, boundObjectRef=bound)
            token = await view.client.create_token(account.metadata.name, account.metadata.namespace, spec)
        return secret, account, ca, token

    return Controller(
        name="serviceaccount-token",
        watches=[
            Watch(Secret, key_of_object, field_selector=f"type={TYPE}"),
            Watch(ServiceAccount, secrets_of, is_other),
        ],
        observe=observe,
        reconcile=reconcile,
    )
