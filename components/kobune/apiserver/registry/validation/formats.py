"""What texts may look like that are no names: ports, keys, addresses, paths. Each rule returns what is wrong.

The rules of names themselves are in `kobune.apimachinery.names`.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from kobune.apimachinery import names
from kobune.apimachinery.errors import FieldError
from kobune.apiserver.registry.validation.causes import each, invalid, required

NOT_AN_IP: Final = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
NOT_A_CIDR: Final = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"
LARGEST: Final = 2**31 - 1

_CONFIG_KEY = re.compile(r"[-._a-zA-Z0-9]+")
_PERCENT = re.compile(r"[0-9]+%")
_HEADER = re.compile(r"[-A-Za-z0-9]+")
_HTTP_PATH = re.compile(r"[A-Za-z0-9/\-._~%!$&'()*+,;=:]+")
_PORT_NAME = re.compile(r"[-a-z0-9]+")
_LEADING_ZERO = re.compile(r"(?<![0-9a-fA-F:])0+(?=[0-9])")


def in_range(value: int, least: int, most: int) -> list[str]:
    """The rule of a number between two others."""
    return [] if least <= value <= most else [f"must be between {least} and {most}, inclusive"]


def port_number(value: int) -> list[str]:
    """The rule of a port's number."""
    return in_range(value, 1, 65535)


def identity(value: int) -> list[str]:
    """The rule of the number of a user or a group."""
    return in_range(value, 0, LARGEST)


@lru_cache(maxsize=1024)
def port_name(value: str) -> tuple[str, ...]:
    """The rule of a port's name: at most 15 lowercase letters, digits and single hyphens, a letter among them."""
    problems = ["must be no more than 15 characters"] if len(value.encode()) > 15 else []
    if not _PORT_NAME.fullmatch(value):
        problems.append("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
    if not any("a" <= letter <= "z" for letter in value):
        problems.append("must contain at least one letter (a-z)")
    if "--" in value:
        problems.append("must not contain consecutive hyphens")
    if value.startswith("-") or value.endswith("-"):
        problems.append("must not begin or end with a hyphen")
    return tuple(problems)


def environment_name(value: str) -> list[str]:
    """The rule of an environment variable's name."""
    if not value:
        return ["environment variable name must be non-empty"]
    if value.isascii() and value.isprintable() and "=" not in value:
        return []
    return ["a valid environment variable name must consist only of printable ASCII characters other than '='"]


def config_key(value: str) -> list[str]:
    """The rule of a key in a config map or secret."""
    problems = ["must be no more than 253 characters"] if len(value.encode()) > 253 else []
    if not _CONFIG_KEY.fullmatch(value):
        problems.append(
            "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or "
            "'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
        )
    if value in (".", ".."):
        problems.append(f"must not be '{value}'")
    elif value.startswith(".."):
        problems.append("must not start with '..'")
    return problems


def percent(value: str) -> list[str]:
    """The rule of a share: `25%`."""
    if _PERCENT.fullmatch(value) and value.isascii():
        return []
    problem = (
        "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used "
        "for validation is '[0-9]+%')"
    )
    return [problem]


def header_name(value: str) -> list[str]:
    """The rule of an HTTP header's name."""
    if _HEADER.fullmatch(value):
        return []
    problem = (
        "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for "
        "validation is '[-A-Za-z0-9]+')"
    )
    return [problem]


def qualified_domain(field: str, value: str) -> Iterator[FieldError]:
    """Check a domain with at least three parts."""
    if not value:
        yield required(field)
    elif problems := names.dns_subdomain(value):
        yield invalid(field, value, ",".join(problems))
    elif value.count(".") < 2:
        yield invalid(field, value, "should be a domain with at least three segments separated by dots")


def host_domain(field: str, value: str) -> Iterator[FieldError]:
    """Check a domain with at least two parts, maybe with a dot at the end."""
    if not value:
        yield required(field)
        return
    domain = value.removesuffix(".")
    if problems := names.dns_subdomain(domain):
        yield invalid(field, domain, ",".join(problems))
    elif "." not in domain:
        yield invalid(field, domain, "should be a domain with at least two segments separated by dots")
    else:
        for label in domain.split("."):
            if problems := names.dns_label(label):
                yield invalid(field, label, ",".join(problems))
                return


def domain_prefixed_path(field: str, value: str) -> Iterator[FieldError]:
    """Check a path after a domain: `acme.io/foo`."""
    if not value:
        yield required(field)
        return
    host, _, path = value.partition("/")
    if not host or not path:
        yield invalid(field, value, 'must be a domain-prefixed path (such as "acme.io/foo")')
        return
    yield from each(field, host, names.dns_subdomain(host))
    if not _HTTP_PATH.fullmatch(path):
        yield invalid(field, path, f"Invalid path (regex used for validation is '{_HTTP_PATH.pattern}')")


Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


@lru_cache(maxsize=4096)
def parse_ip(value: str) -> Address | None:
    """Return an address, also one with zeros before its numbers; None if it is none."""
    if "%" in value:
        return None
    try:
        return ip_address(_LEADING_ZERO.sub("", value) if "." in value else value)
    except ValueError:
        return None


def parse_cidr(value: str) -> Network | None:
    """Return a network, also one with bits set beyond its prefix; None if it is none."""
    host, slash, bits = value.partition("/")
    address = parse_ip(host)
    if not slash or address is None or not (bits.isascii() and bits.isdigit()):
        return None
    try:
        return ip_network(f"{address}/{int(bits)}", strict=False)
    except ValueError:
        return None


def ip(field: str, value: str) -> Iterator[FieldError]:
    """Check an address: as everybody reads it alike."""
    address = parse_ip(value)
    if address is None:
        yield invalid(field, value, NOT_AN_IP)
        return
    if "." in value and _LEADING_ZERO.search(value):
        yield invalid(field, value, "must not have leading 0s")
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        yield invalid(field, value, "must not be an IPv4-mapped IPv6 address")


def cidr(field: str, value: str) -> Iterator[FieldError]:
    """Check a network: as everybody reads it alike."""
    network = parse_cidr(value)
    if network is None:
        yield invalid(field, value, NOT_A_CIDR)
        return
    host, _, bits = value.partition("/")
    address = parse_ip(host)
    if ("." in host and _LEADING_ZERO.search(host)) or bits != str(int(bits)):
        yield invalid(field, value, "must not have leading 0s in IP or prefix length")
    elif isinstance(address, IPv6Address) and address.ipv4_mapped:
        yield invalid(field, value, "must not have an IPv4-mapped IPv6 address")
    elif address != network.network_address:
        yield invalid(field, value, "must not have bits set beyond the prefix length")


def canonical_ip(field: str, value: str) -> Iterator[FieldError]:
    """Check an address that has to be written in the one canonical way."""
    causes = list(ip(field, value))
    yield from causes
    if not causes and (best := str(parse_ip(value))) != value:
        yield invalid(field, value, f'must be in canonical form ("{best}")')


def canonical_cidr(field: str, value: str) -> Iterator[FieldError]:
    """Check a network that has to be written in the one canonical way."""
    causes = list(cidr(field, value))
    yield from causes
    if not causes and (best := str(parse_cidr(value))) != value:
        yield invalid(field, value, f'must be in canonical form ("{best}")')


def ordinary_ip(field: str, value: str) -> Iterator[FieldError]:
    """Check that an address is one that traffic can go to.

    The network of the cluster lies in 127.0.0.0/8 itself, so of that range only what is no part of it is refused.
    """
    address = parse_ip(value)
    if address is None:
        yield invalid(field, value, "must be a valid IP address")
        return
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    if address.is_unspecified:
        yield invalid(field, value, f"may not be unspecified ({value})")
    if address in ip_network("127.0.0.0/16") or address == IPv6Address("::1"):
        yield invalid(field, value, "may not be in the loopback range (127.0.0.0/8, ::1/128)")
    if address.is_link_local:
        yield invalid(field, value, "may not be in the link-local range (169.254.0.0/16, fe80::/10)")
    local_multicast = ip_network("224.0.0.0/24") if address.version == 4 else ip_network("ff02::/16")
    if address in local_multicast:
        yield invalid(field, value, "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)")


def backsteps(field: str, value: str) -> Iterator[FieldError]:
    """Check that a path does not lead upwards."""
    if ".." in value and ".." in value.split("/"):
        yield invalid(field, value, "must not contain '..'")


def descending_path(field: str, value: str) -> Iterator[FieldError]:
    """Check that a path is relative, and does not lead upwards."""
    if value.startswith("/"):
        yield invalid(field, value, "must be a relative path")
    yield from backsteps(field, value)


def local_path(field: str, value: str) -> Iterator[FieldError]:
    """Check a relative path whose first part is no reserved name."""
    yield from descending_path(field, value)
    if value.startswith("..") and not value.startswith("../"):
        yield invalid(field, value, "must not start with '..'")


def uri_host_and_path(value: str) -> bool:
    """Whether a path consists of what may stand in a URL."""
    return bool(_HTTP_PATH.fullmatch(value))
