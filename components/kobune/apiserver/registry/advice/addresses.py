"""Addresses that are written in an odd way."""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, ip_address, ip_network

from kobune.apiserver.registry.validation.formats import parse_cidr, parse_ip
from kobune.apiserver.registry.validation.shown import quoted


def ip_warnings(at: str, text: str) -> Iterator[str]:
    """Yield what is odd about an address that is accepted for old times' sake."""
    address = parse_ip(text)
    if address is None:
        return
    try:
        strict = ip_address(text)
    except ValueError:
        strict = None
    if strict is None or (isinstance(address, IPv4Address) and ":" in text):
        yield f"{at}: non-standard IP address {quoted(text)} is invalid: use {quoted(str(address))}"
    elif strict.version == 6 and str(strict) != text:
        yield f"{at}: IPv6 address {quoted(text)} should be in RFC 5952 canonical format ({quoted(str(strict))})"


def cidr_warnings(at: str, text: str) -> Iterator[str]:
    """Yield what is odd about a network that is accepted for old times' sake."""
    network = parse_cidr(text)
    if network is None:
        return
    found = False
    head = parse_ip(text.partition("/")[0])
    if head is not None and head != network.network_address:
        alone = f"{head}/{network.max_prefixlen}"
        choice = f"should be {quoted(str(network))} or {quoted(alone)}?"
        yield f"{at}: CIDR value {quoted(text)} is ambiguous in this context ({choice})"
        found = True
    try:
        strict = ip_network(text, strict=False)
    except ValueError:
        strict = None
    if strict is None or (isinstance(network, IPv4Network) and ":" in text):
        yield f"{at}: non-standard CIDR value {quoted(text)} is invalid: use {quoted(str(network))}"
    elif not found and strict.version == 6 and str(strict) != text:
        yield f"{at}: IPv6 CIDR value {quoted(text)} should be in RFC 5952 canonical format ({quoted(str(strict))})"
