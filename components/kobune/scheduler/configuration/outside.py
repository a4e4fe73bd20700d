"""Plugins outside, as a configuration names them: `Name@address`, and `extenders`."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from kobune.scheduler.configuration.fields import Wrong, build
from kobune.scheduler.configuration.model import Extender, ExtenderTLS
from kobune.scheduler.outside.extender import BindingExtender, HttpExtender, Verbs
from kobune.scheduler.outside.post import Endpoint, Trust, context
from kobune.scheduler.outside.remote import RemotePlugin, RemotePluginArgs

UNITS: Final = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
DURATION: Final = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)")
MOST_PORTS: Final = 65_535


def is_remote(reference: str) -> bool:
    """Whether a plugin is named with an address."""
    return "@" in reference


def remote_name(reference: str, path: str) -> str:
    """Return what a plugin at an address is called."""
    name, _, address = reference.partition("@")
    if not name or not address:
        raise Wrong(path, f"{reference!r} is not Name@address, as RackSpread@127.0.0.1:7000 or RackSpread@unix:/socket")
    host, _, port = address.rpartition(":")
    if not address.startswith("unix:") and not (host and port.isdigit() and 0 < int(port) <= MOST_PORTS):
        raise Wrong(path, f"{address!r} has no port, as in {name}@127.0.0.1:7000")
    return name


def remote_plugin(reference: str, scheduler: str, args: Mapping[str, Any], path: str) -> RemotePlugin:
    """Return a plugin at an address."""
    name, _, address = reference.partition("@")
    return RemotePlugin(name, address, scheduler, build(RemotePluginArgs, dict(args), path))


def extenders(described: Sequence[Extender]) -> Sequence[HttpExtender]:
    """Return the extenders that a configuration has."""
    urls = [one.url_prefix for one in described]
    for at, url in enumerate(urls):
        if url in urls[:at]:
            raise Wrong(f"extenders[{at}].urlPrefix", f"there is another extender at {url}")
    return [_extender(one, f"extenders[{at}]") for at, one in enumerate(described)]


def ignored_resources(described: Sequence[Extender]) -> frozenset[str]:
    """Return the resources that extenders look after instead of NodeResourcesFit."""
    return frozenset(
        resource.name for one in described for resource in one.managed_resources if resource.ignored_by_scheduler
    )


def _extender(said: Extender, path: str) -> HttpExtender:
    is_asked = any((said.filter_verb, said.prioritize_verb, said.preempt_verb, said.bind_verb))
    if not is_asked and not any(resource.ignored_by_scheduler for resource in said.managed_resources):
        raise Wrong(path, "it has no verb, and would never be asked")
    url = said.url_prefix
    if said.enable_https and url.startswith("http://"):
        url = f"https://{url.removeprefix('http://')}"
    tls = _tls(said.tls_config or ExtenderTLS(), f"{path}.tlsConfig") if url.startswith("https://") else None
    kind = BindingExtender if said.bind_verb else HttpExtender
    return kind(
        Endpoint(url, seconds(said.http_timeout, f"{path}.httpTimeout"), tls),
        Verbs(said.filter_verb, said.prioritize_verb, said.preempt_verb, said.bind_verb),
        weight=said.weight or 1,
        knows_nodes=said.node_cache_capable,
        resources=frozenset(resource.name for resource in said.managed_resources),
        ignorable=said.ignorable,
    )


def _tls(said: ExtenderTLS, path: str) -> Any:
    if said.server_name:
        raise Wrong(path, "serverName is not supported: the certificate has to be for the host of the URL")
    trust = Trust(
        said.insecure, said.ca_file, said.ca_data, said.cert_file, said.cert_data, said.key_file, said.key_data
    )
    try:
        return context(trust)
    except (OSError, ValueError) as error:
        raise Wrong(path, f"cannot be used: {error}") from error


def seconds(text: str, path: str) -> float:
    """Return how long a duration such as `1m30s` or `100ms` is."""
    parts = DURATION.findall(text)
    if not parts or "".join(amount + unit for amount, unit in parts) != text:
        raise Wrong(path, f"{text!r} is not a duration, as 500ms or 5s")
    total = sum(float(amount) * UNITS[unit] for amount, unit in parts)
    if total <= 0:
        raise Wrong(path, "must be greater than 0")
    return total
