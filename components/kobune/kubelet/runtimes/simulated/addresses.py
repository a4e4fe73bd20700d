"""Which address each pod has."""

from ipaddress import IPv4Address, IPv4Network


class Exhausted(Exception):
    """There is no free address left in a range."""


class Range:
    """The addresses of one node's pods."""

    def __init__(self, cidr: str) -> None:
        network = IPv4Network(cidr)
        self._first = int(network.network_address) + 1
        self._count = usable(network)
        self._used = 0
        """How many were given out at least once, or passed over."""
        self._taken: set[str] = set()
        self._returned: dict[str, None] = {}
        """Those that came back, the longest ago first."""

    def allocate(self) -> str:
        """Return a free address; one that was just given back comes last, because others may still speak to it."""
        while self._used < self._count:
            address = str(IPv4Address(self._first + self._used))
            self._used += 1
            if address not in self._taken and address not in self._returned:
                self._taken.add(address)
                return address
        if not self._returned:
            raise Exhausted(f"all {self._count} addresses are taken")
        address = next(iter(self._returned))
        self.take(address)
        return address

    def take(self, address: str) -> None:
        """Note that an address is in use already."""
        self._returned.pop(address, None)
        self._taken.add(address)

    def release(self, address: str) -> None:
        """Take an address back."""
        if address in self._taken:
            self._taken.remove(address)
            self._returned[address] = None


class Ranges:
    """The ranges of all nodes, each by its CIDR."""

    def __init__(self) -> None:
        self._ranges: dict[str, Range] = {}

    def of(self, cidr: str) -> Range:
        """Return a range; `ValueError` if the CIDR makes no sense."""
        if (known := self._ranges.get(cidr)) is None:
            known = self._ranges[cidr] = Range(cidr)
        return known


def usable(network: IPv4Network) -> int:
    """Return how many pods can have addresses of a network: all but its first and last."""
    return max(network.num_addresses - 2, 1)
