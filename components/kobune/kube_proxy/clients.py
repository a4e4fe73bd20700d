"""On which node a client runs, as far as its address tells."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, IPv4Network


class Clients:
    """The nodes that addresses belong to: those of their pods, and their own.

    Two are equal only if they are the same: whatever uses one is worked out anew when nodes change.
    """

    def __init__(self, networks: Iterable[tuple[IPv4Network, str]] = ()) -> None:
        found: dict[int, dict[int, str]] = defaultdict(dict)
        shared: set[IPv4Network] = set()
        for network, node in networks:
            if found[network.prefixlen].setdefault(int(network.network_address), node) != node:
                shared.add(network)  # then it does not tell
        for network in shared:
            del found[network.prefixlen][int(network.network_address)]
        # The narrowest network that an address is in says most.
        self._nodes: Mapping[int, Mapping[int, str]] = dict(sorted(found.items(), reverse=True))

    def node_of(self, address: str) -> str:
        """Return the name of the node that an address belongs to; empty if none is known."""
        number = int(IPv4Address(address))
        for length, nodes in self._nodes.items():
            node = nodes.get(number >> (32 - length) << (32 - length))
            if node is not None:
                return node
        return ""
