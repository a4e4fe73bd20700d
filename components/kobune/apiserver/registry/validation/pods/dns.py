"""How a pod finds others by name, and is found."""

import re
from collections.abc import Iterator
from typing import Any, Final

from kobune.apimachinery import names
from kobune.apimachinery.errors import FieldError
from kobune.apiserver.registry.validation import formats
from kobune.apiserver.registry.validation.causes import each, forbidden, invalid, required

NAMESERVERS: Final = 3
SEARCHES: Final = 32
SEARCH_CHARACTERS: Final = 2048
PART: Final = r"_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
SEARCH: Final = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must "
    "start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    f"'{PART}(\\.{PART})*')"
)

_SEARCH = re.compile(rf"{PART}(\.{PART})*")


def dns(at: str, spec: Any) -> Iterator[FieldError]:
    """Check how a pod resolves names."""
    config = spec.dnsConfig
    if spec.dnsPolicy == "None":
        if not spec.HasField("dnsConfig"):
            yield required(at, "must provide `dnsConfig` when `dnsPolicy` is None")
            return
        if not config.nameservers:
            yield required(f"{at}.nameservers", "must provide at least one DNS nameserver when `dnsPolicy` is None")
            return
    if len(config.nameservers) > NAMESERVERS:
        why = f"must not have more than {NAMESERVERS} nameservers"
        yield invalid(f"{at}.nameservers", config.nameservers, why)
    for index, server in enumerate(config.nameservers):
        yield from formats.ip(f"{at}.nameservers[{index}]", server)
    if len(config.searches) > SEARCHES:
        yield invalid(f"{at}.searches", config.searches, f"must not have more than {SEARCHES} search paths")
    if len(" ".join(config.searches)) > SEARCH_CHARACTERS:
        why = f"must not have more than {SEARCH_CHARACTERS} characters (including spaces) in the search list"
        yield invalid(f"{at}.searches", config.searches, why)
    for index, search in enumerate(config.searches):
        if search != ".":
            domain = search.removesuffix(".")
            yield from each(f"{at}.searches[{index}]", domain, _search(domain))
    for index, option in enumerate(config.options):
        if not option.name:
            yield required(f"{at}.options[{index}]", "must not be empty")


def _search(domain: str) -> Iterator[str]:
    if len(domain.encode()) > 253:
        yield "must be no more than 253 characters"
    if not _SEARCH.fullmatch(domain):
        yield SEARCH


def host_aliases(at: str, aliases: Any) -> Iterator[FieldError]:
    """Check the names that a pod gives to addresses."""
    for index, alias in enumerate(aliases):
        yield from formats.ip(f"{at}[{index}].ip", alias.ip)
        for position, name in enumerate(alias.hostnames):
            yield from each(f"{at}[{index}].hostnames[{position}]", name, names.dns_subdomain(name))


def hostname_override(at: str, spec: Any) -> Iterator[FieldError]:
    """Check the name that a pod has for itself, whatever the cluster calls it."""
    here = f"{at}.hostnameOverride"
    if spec.setHostnameAsFQDN:
        yield forbidden(here, "may not be specified when `setHostnameAsFQDN` is true")
    if spec.hostNetwork:
        yield forbidden(here, "may not be specified when `hostNetwork` is true")
    name = spec.hostnameOverride
    if not name or len(name.encode()) > 64:
        problems = ["must be no more than 64 characters"] if name else names.dns_subdomain(name)
        yield from each(here, name, problems)
    else:
        yield from each(here, name, names.dns_subdomain(name))
