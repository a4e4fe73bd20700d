"""Becoming one of the apiservers of a shared store: they have to agree on a few things."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Final

import orjson
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from kobune.apiserver.storage.store import Compare, Put, Range, RangeResult, SharedStore, Target
from kobune.component_base.failure import CannotStart

AGREED: Final = b"/kobune/cluster"
"""What the first apiserver of a store has written down."""
STARTED: Final = b"/kobune/started"
"""Is written by each apiserver that starts."""
NAMES: Final = {
    "ca": "certificate authority",
    "serviceAccountKey": "key for the tokens of service accounts",
    "serviceNetwork": "network of services",
}


async def join(store: SharedStore, facts: Mapping[str, str]) -> int:
    """Agree with the other apiservers of the store; return a number that no other start of one has.

    `facts` go by the keys of `NAMES`. `CannotStart` if they differ from those of the others.
    """
    result = await store.txn(
        [Compare(AGREED, Target.VERSION, 0)],
        [Put(AGREED, orjson.dumps(facts)), Put(STARTED, b"")],
        [Range(AGREED), Put(STARTED, b"")],
    )
    if not result.succeeded:
        found = result.responses[0]
        assert isinstance(found, RangeResult)
        _check(orjson.loads(found.entries[0].value), facts)
    return result.revision


def fingerprint(of: bytes) -> str:
    """Return what stands for a certificate or key where it is written down."""
    return sha256(of).hexdigest()


def fingerprint_of_key(key: EllipticCurvePrivateKey) -> str:
    """Return what stands for the public half of a key."""
    return fingerprint(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def _check(agreed: Mapping[str, str], facts: Mapping[str, str]) -> None:
    for name, what in NAMES.items():
        if name in agreed and agreed[name] != facts[name]:
            raise CannotStart(
                f"apiserver: this etcd holds a cluster with another {what}: start with a copy of the pki folder and "
                f"the addresses of its data directory, or, to take it over for good, delete the key {AGREED.decode()}"
            )
