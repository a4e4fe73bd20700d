from contextlib import ExitStack
from ipaddress import ip_address, ip_network
from itertools import combinations
from pathlib import Path

import pytest

from kobune.component_base.failure import CannotStart
from kobune.launcher.addresses import Addresses, candidates, noted, reserved


def test_no_two_blocks_meet() -> None:
    ranges = [
        ip_network(part)
        for block in candidates()
        for part in (block.pods, block.nodes, block.load_balancers, block.services)
    ]
    assert all(part.is_loopback for part in ranges)
    assert not any(one.overlaps(other) for one, other in combinations(ranges, 2))


def test_the_apiserver_has_the_first_address_for_services() -> None:
    assert Addresses().apiserver == "127.96.0.1"
    assert all(ip_address(block.apiserver) in ip_network(block.services) for block in candidates())


def test_clusters_at_the_same_time_have_blocks_of_their_own(tmp_path: Path) -> None:
    with ExitStack() as stack:
        blocks = [
            stack.enter_context(reserved(tmp_path / str(number), nodes=3, well_known=False)) for number in range(10)
        ]
    assert len({block.pods for block in blocks}) == 10
    assert Addresses() not in blocks


def test_a_cluster_keeps_its_block_and_nobody_else_gets_it(tmp_path: Path) -> None:
    with reserved(tmp_path / "note", nodes=3, well_known=False) as first:
        assert noted(tmp_path / "note") == first
        with (
            pytest.raises(CannotStart, match=r"another cluster on this machine has the addresses"),
            reserved(tmp_path / "note", nodes=3),
        ):
            pass
    with reserved(tmp_path / "note", nodes=3) as again:
        assert again == first


@pytest.mark.parametrize(("nodes", "share"), [(3, 24), (64, 24), (65, 25), (2000, 29)])
def test_more_nodes_have_smaller_shares(tmp_path: Path, nodes: int, share: int) -> None:
    with reserved(tmp_path / "note", nodes=nodes, well_known=False) as block:
        assert block.pods_of_a_node == share


def test_too_many_nodes_are_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(CannotStart, match="--nodes 100000: there are not enough"),
        reserved(tmp_path / "note", nodes=100_000),
    ):
        pass
