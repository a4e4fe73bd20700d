"""What a Service can ask for that this proxy does not do: said, so that nobody takes silence for success."""

from collections.abc import Iterator
from ipaddress import IPv4Network

from kobune.api.core.v1 import Service

REASON = "UnsupportedField"


def unsupported(service: Service) -> Iterator[tuple[str, str]]:
    """Yield the reason and the message for each thing that is not done."""
    spec = service.spec
    if spec.internalTrafficPolicy == "Local":
        # One process serves all nodes, and only the address of a client may tell on which of them it runs.
        whom = "clients whose address belongs to no node, such as 127.0.0.1"
        yield REASON, f"internalTrafficPolicy: Local is treated as Cluster for {whom}: their node is not known here"
    if "IPv6" in spec.ipFamilies:
        yield REASON, "ipFamilies: IPv6 is not served, IPv4 is"
    for cidr in spec.loadBalancerSourceRanges:
        if not is_network(cidr):
            yield "InvalidSourceRange", f"loadBalancerSourceRanges: {cidr!r} is not an IPv4 CIDR, so it lets nobody in"


def is_network(cidr: str) -> bool:
    """Whether a text is an IPv4 CIDR; bits beyond the prefix do not matter."""
    try:
        IPv4Network(cidr.strip(), strict=False)
    except ValueError:
        return False
    return True
