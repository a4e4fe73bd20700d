"""Config maps and secrets."""

import json
from collections.abc import Iterator
from typing import Any, Final

from kobune.apimachinery.errors import FieldError
from kobune.apiserver.registry.validation.causes import IMMUTABLE, each, forbidden, invalid, required, too_long
from kobune.apiserver.registry.validation.formats import config_key
from kobune.apiserver.registry.validation.go_json import problem

LARGEST: Final = 1024 * 1024
FROZEN: Final = "field is immutable when `immutable` is set"
ACCOUNT: Final = "kubernetes.io/service-account.name"
REDACTED: Final = "<secret contents redacted>"


def config_map(new: Any) -> Iterator[FieldError]:
    """Check a ConfigMap."""
    size = 0
    for key, value in new.data.items():
        yield from each(f"data[{key}]", key, config_key(key))
        if key in new.binaryData:
            yield invalid(f"data[{key}]", key, "duplicate of key present in binaryData")
        size += len(value.encode())
    for key, content in new.binaryData.items():
        yield from each(f"binaryData[{key}]", key, config_key(key))
        size += len(content)
    if size > LARGEST:
        # The path of the whole object, as Kubernetes writes an empty one.
        yield too_long("[]", LARGEST)


def config_map_update(new: Any, old: Any) -> Iterator[FieldError]:
    """Check that a ConfigMap that is `immutable` stays as it is."""
    return _frozen(new, old, ("data", "binaryData"))


def secret(new: Any) -> Iterator[FieldError]:
    """Check a Secret: each type has keys of its own."""
    for key in new.data:
        yield from each(f"data[{key}]", key, config_key(key))
    if sum(map(len, new.data.values())) > LARGEST:
        yield too_long("data", LARGEST)
    match new.type:
        case "kubernetes.io/service-account-token":
            if not new.metadata.annotations.get(ACCOUNT):
                yield required(f"metadata.annotations[{ACCOUNT}]")
        case "kubernetes.io/dockercfg":
            yield from _json(new, ".dockercfg")
        case "kubernetes.io/dockerconfigjson":
            yield from _json(new, ".dockerconfigjson")
        case "kubernetes.io/basic-auth":
            if "username" not in new.data and "password" not in new.data:
                yield required("data[username]")
                yield required("data[password]")
        case "kubernetes.io/ssh-auth":
            if not new.data.get("ssh-privatekey"):
                yield required("data[ssh-privatekey]")
        case "kubernetes.io/tls":
            for key in ("tls.crt", "tls.key"):
                if key not in new.data:
                    yield required(f"data[{key}]")


def _json(new: Any, key: str) -> Iterator[FieldError]:
    if key not in new.data:
        yield required(f"data[{key}]")
        return
    content = new.data[key]
    try:
        tree = json.loads(content.decode("utf-8", errors="replace"))
    except (ValueError, RecursionError):
        yield invalid(f"data[{key}]", REDACTED, problem(content))
        return
    if not isinstance(tree, dict | None):
        names = {list: "array", str: "string", bool: "bool"}
        why = (
            f"json: cannot unmarshal {names.get(type(tree), 'number')} into Go value of type map[string]interface {{}}"
        )
        yield invalid(f"data[{key}]", REDACTED, why)


def secret_update(new: Any, old: Any) -> Iterator[FieldError]:
    """Check that a Secret keeps its type, and if it is `immutable`, everything."""
    if new.type != old.type:
        yield invalid("type", new.type, IMMUTABLE)
    yield from _frozen(new, old, ("data",))


def _frozen(new: Any, old: Any, holds: tuple[str, ...]) -> Iterator[FieldError]:
    if not old.immutable:
        return
    if not new.immutable:
        yield forbidden("immutable", FROZEN)
    for name in holds:
        if getattr(new, name) != getattr(old, name):
            yield forbidden(name, FROZEN)
