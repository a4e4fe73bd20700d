"""Which part of 127.0.0.0/8 is whose, so that clusters on one machine do not meet.

Pods, nodes, Services and load balancers have loopback addresses of their own. The first cluster takes the ones that
the documentation names; every other gets a block under 127.128.0.0/9. A cluster that is kept keeps its block, because
its objects name addresses of it.
"""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from ipaddress import ip_network
from pathlib import Path

from kobune.component_base.failure import CannotStart


@dataclass(frozen=True)
class Addresses:
    """The ranges of one cluster, as CIDRs."""

    pods: str = "127.10.0.0/16"
    nodes: str = "127.20.0.0/16"
    load_balancers: str = "127.30.0.0/16"
    services: str = "127.96.0.0/16"
    pods_of_a_node: int = 24
    """The length of the prefix of each node's share of `pods`."""

    @property
    def apiserver(self) -> str:
        """The ClusterIP of the apiserver: the first address for Services."""
        return self.services.rpartition("/")[0][:-1] + "1"


def candidates() -> Iterator[Addresses]:
    """Return the blocks there are, in the order in which they are tried."""
    yield Addresses()
    for second in range(128, 256):
        yield Addresses(
            pods=f"127.{second}.0.0/18",
            nodes=f"127.{second}.64.0/18",
            load_balancers=f"127.{second}.128.0/18",
            services=f"127.{second}.192.0/18",
        )


def noted(note: Path) -> Addresses:
    """Return the block that a cluster has; the well-known one if that is not settled yet."""
    return Addresses(**json.loads(note.read_text())) if note.exists() else Addresses()


@contextmanager
def reserved(note: Path, *, nodes: int, well_known: bool = True) -> Iterator[Addresses]:
    """Hold a block that no other cluster of this machine has; the one in the file `note`, if there is one.

    It has room for `nodes`. Who does without the `well_known` one leaves it to others.
    """
    with socket.socket(socket.AF_UNIX) as mark:
        if note.exists():
            addresses = noted(note)
            if not _hold(mark, addresses):
                raise CannotStart(
                    f"another cluster on this machine has the addresses of this one ({addresses.pods}): stop it first"
                )
        else:
            blocks = [block for block in candidates() if well_known or block != Addresses()]
            found = next((block for block in blocks if _hold(mark, block)), None)
            if found is None:
                raise CannotStart("too many clusters on this machine: all blocks of loopback addresses are taken")
            addresses = _for_nodes(found, nodes)
            note.write_text(json.dumps(asdict(addresses)))
        yield addresses


def _for_nodes(addresses: Addresses, nodes: int) -> Addresses:
    length = ip_network(addresses.pods).prefixlen
    share = next((share for share in range(24, 30) if 2 ** (share - length) >= nodes), None)
    if share is None:
        raise CannotStart(f"--nodes {nodes}: there are not enough loopback addresses for so many")
    return replace(addresses, pods_of_a_node=share)


def _hold(mark: socket.socket, addresses: Addresses) -> bool:
    # An abstract socket: it is known to exactly those processes that share our loopback device, and goes with us.
    try:
        mark.bind(f"\0kobune/{addresses.pods}")
    except OSError:
        return False
    return True
