"""Addresses in networks: `ip('10.0.0.1').isLoopback()`, `cidr('10.0.0.0/8').containsIP('10.1.1.1')`."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import ClassVar, Final

from kobune.apimachinery.cel.declarations import Overload, function, method
from kobune.apimachinery.cel.errors import EvaluationError
from kobune.apimachinery.cel.types import BOOL, INT, STRING, opaque

IP: Final = opaque("net.IP")
CIDR: Final = opaque("net.CIDR")


@dataclass(frozen=True)
class Ip:
    """An address."""

    cel_type: ClassVar[str] = IP.name
    address: IPv4Address | IPv6Address


@dataclass(frozen=True)
class Cidr:
    """An address, and how many of its bits name the network."""

    cel_type: ClassVar[str] = CIDR.name
    address: IPv4Address | IPv6Address
    prefix: int

    @property
    def network(self) -> IPv4Network | IPv6Network:
        return ip_network((self.address, self.prefix), strict=False)


def overloads() -> list[Overload]:
    """Return the functions of addresses in networks."""
    return [
        function("ip", (STRING,), IP, parse_ip),
        method("ip", (CIDR,), IP, lambda cidr: Ip(cidr.address)),
        function("isIP", (STRING,), BOOL, lambda text: _is(parse_ip, text)),
        function("ip.isCanonical", (STRING,), BOOL, lambda text: str(parse_ip(text).address) == text),
        function("string", (IP,), STRING, lambda ip: str(ip.address)),
        method("family", (IP,), INT, lambda ip: ip.address.version),
        method("isUnspecified", (IP,), BOOL, lambda ip: ip.address.is_unspecified),
        method("isLoopback", (IP,), BOOL, lambda ip: ip.address.is_loopback),
        method("isLinkLocalMulticast", (IP,), BOOL, is_link_local_multicast),
        method("isLinkLocalUnicast", (IP,), BOOL, lambda ip: ip.address.is_link_local),
        method("isGlobalUnicast", (IP,), BOOL, is_global_unicast),
        function("cidr", (STRING,), CIDR, parse_cidr),
        function("isCIDR", (STRING,), BOOL, lambda text: _is(parse_cidr, text)),
        function("string", (CIDR,), STRING, lambda cidr: f"{cidr.address}/{cidr.prefix}"),
        method("containsIP", (CIDR, IP), BOOL, lambda cidr, ip: ip.address in cidr.network),
        method("containsIP", (CIDR, STRING), BOOL, lambda cidr, text: parse_ip(text).address in cidr.network),
        method("containsCIDR", (CIDR, CIDR), BOOL, contains),
        method("containsCIDR", (CIDR, STRING), BOOL, lambda cidr, text: contains(cidr, parse_cidr(text))),
        method("prefixLength", (CIDR,), INT, lambda cidr: cidr.prefix),
        method("masked", (CIDR,), CIDR, lambda cidr: Cidr(cidr.network.network_address, cidr.prefix)),
    ]


def parse_ip(text: str) -> Ip:
    try:
        if "%" in text:
            raise ValueError
        address = ip_address(text)
    except ValueError:
        raise EvaluationError(f"IP Address '{text}' parse error during conversion from string") from None
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        raise EvaluationError(f"IPv4-mapped IPv6 address '{text}' is not allowed")
    return Ip(address)


def parse_cidr(text: str) -> Cidr:
    address, slash, bits = text.partition("/")
    try:
        ip = parse_ip(address)
        if not slash or not (bits.isascii() and bits.isdigit()) or (len(bits) > 1 and bits.startswith("0")):
            raise ValueError
        prefix = int(bits[:4])
        if prefix > ip.address.max_prefixlen:
            raise ValueError
    except (ValueError, EvaluationError):
        raise EvaluationError(f"network address parse error during conversion from string: '{text}'") from None
    return Cidr(ip.address, prefix)


def contains(outer: Cidr, inner: Cidr) -> bool:
    return inner.prefix >= outer.prefix and inner.address in outer.network


def is_link_local_multicast(ip: Ip) -> bool:
    if ip.address.version == 4:
        return ip.address in IPv4Network("224.0.0.0/24")
    return ip.address.is_multicast and ip.address.packed[1] & 0x0F == 2


def is_global_unicast(ip: Ip) -> bool:
    address = ip.address
    return not (
        address == IPv4Address("255.255.255.255")
        or address.is_unspecified
        or address.is_loopback
        or address.is_multicast
        or address.is_link_local
    )


def _is(parse: object, text: str) -> bool:
    try:
        parse(text)  # type: ignore[operator]
    except EvaluationError:
        return False
    return True
