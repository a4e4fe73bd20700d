"""Deletes bootstrap tokens that have expired."""

from typing import Any

from kobune.api.core.v1 import Secret
from kobune.apimachinery.meta import is_deleting
from kobune.client import Action, Controller, RequeueAfter, View, Watch, delete
from kobune.client.controller import key_of_object
from kobune.controller_manager.bootstrap_tokens import NAMESPACE, NEVER, TYPE, expires


def reconcile(secret: Secret, now: float) -> list[Action]:
    """Plan the end of a token, now or when its time has come."""
    end = expires(secret)
    if end == NEVER or is_deleting(secret.metadata):
        return []
    return [delete(secret)] if end <= now else [RequeueAfter(end - now)]


async def observe(view: View, key: str) -> tuple[Any, ...] | None:
    """Return a token and the time."""
    secret = view.get(Secret, key)
    return None if secret is None else (secret, view.now)


tokencleaner = Controller(
    name="token-cleaner",
    watches=[Watch(Secret, key_of_object, namespace=NAMESPACE, field_selector=f"type={TYPE}")],
    observe=observe,
    reconcile=reconcile,
)
