"""Signs `cluster-info` with every bootstrap token that may, so that whoever holds one can trust what it says.

The signature under `jws-kubeconfig-<id>` is a JWS (RFC 7515) without its payload, the value of `kubeconfig`.
"""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Sequence
from typing import Any, Final

import orjson

from kobune.api.core.v1 import ConfigMap, Secret
from kobune.apimachinery.meta import key_of
from kobune.client import Action, Controller, RequeueAfter, Update, View, Watch
from kobune.controller_manager.bootstrap_tokens import NAMESPACE, NEVER, TYPE, expires, signing_token

PUBLIC: Final = "kube-public"
NAME: Final = "cluster-info"
KEY: Final = key_of(PUBLIC, NAME)
CONTENT: Final = "kubeconfig"
SIGNATURE: Final = "jws-kubeconfig-"


def reconcile(info: ConfigMap, secrets: Sequence[Secret], now: float) -> list[Action]:
    """Plan the signatures that belong to the content, of the tokens that there are now."""
    if CONTENT not in info.data:
        return []
    tokens = filter(None, (signing_token(secret, now) for secret in secrets))
    wanted = {SIGNATURE + identity: signature(info.data[CONTENT], identity, key) for identity, key in tokens}
    found = {key: value for key, value in info.data.items() if key.startswith(SIGNATURE)}
    ends = [end for end in map(expires, secrets) if now < end < NEVER]
    again: list[Action] = [RequeueAfter(min(ends) - now)] if ends else []
    if wanted == found:
        return again
    copy = ConfigMap()
    copy.CopyFrom(info)
    for key in found.keys() - wanted.keys():
        del copy.data[key]
    copy.data.update(wanted)
    return [Update(copy), *again]


def signature(content: str, identity: str, secret: str) -> str:
    """Return the JWS of a text by a token, with nothing where the text would be."""
    header = _encoded(orjson.dumps({"alg": "HS256", "kid": identity}))
    digest = hmac.digest(secret.encode(), header + b"." + _encoded(content.encode()), "sha256")
    return f"{header.decode()}..{_encoded(digest).decode()}"


def _encoded(data: bytes) -> bytes:
    return urlsafe_b64encode(data).rstrip(b"=")


async def observe(view: View, key: str) -> tuple[Any, ...] | None:
    """Return the config map, the tokens and the time."""
    info = view.get(ConfigMap, KEY)
    return None if info is None else (info, list(view.all(Secret)), view.now)


def the_one(view: View, item: Any) -> Iterable[str]:
    """Return the key of the only thing that is ever reconciled."""
    return (KEY,)


bootstrapsigner = Controller(
    name="bootstrap-signer",
    watches=[
        Watch(ConfigMap, the_one, namespace=PUBLIC, field_selector=f"metadata.name={NAME}"),
        Watch(Secret, the_one, namespace=NAMESPACE, field_selector=f"type={TYPE}"),
    ],
    observe=observe,
    reconcile=reconcile,
)
