"""An IPAddress for each cluster IP, ranges that say whether they give any, and addresses that nobody else has."""

from copy import deepcopy
from ipaddress import IPv4Network
from random import Random
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kobune.api.core.v1 import Service
from kobune.api.networking.v1 import IPAddress, ServiceCIDR
from kobune.apimachinery.errors import Invalid
from kobune.apiserver.verbs.addresses import Addresses
from kobune.client import Create, Delete, RecordEvent, Update, UpdateStatus
from kobune.controller_manager.controllers import clusterips, servicecidrs

IP = "127.96.0.9"
NOW = 1_000_000.0


def service(name: str, created: int = 0) -> Service:
    made = Service()
    made.metadata.name, made.metadata.namespace, made.metadata.uid = name, "default", name
    made.metadata.creationTimestamp.seconds = created
    made.spec.clusterIPs.append(IP)
    return made


def address(parent: str = "", managed: bool = True, ip: str = IP) -> IPAddress:
    made = clusterips.new_address(ip, "IPv4", service(parent or "nobody"))
    if not managed:
        made.metadata.labels.clear()
    made.metadata.uid = f"ip-{parent}"
    return made


def settle(services: list[Service], current: IPAddress | None) -> tuple[IPAddress | None, list[str]]:
    """Apply what there is to do until there is nothing left; return what there is then, and what was said."""
    said: list[str] = []
    for _ in range(4):
        actions = clusterips.reconcile(IP, services, current, NOW)
        writes = [action for action in actions if not isinstance(action, RecordEvent)]
        said += [action.reason for action in actions if isinstance(action, RecordEvent)]
        if not writes:
            return current, said
        (write,) = writes
        current = write.object if isinstance(write, Create) else None
    raise AssertionError("it never comes to rest")


@given(
    st.lists(st.sampled_from("abc"), max_size=3, unique=True),
    st.one_of(st.none(), st.builds(address, st.sampled_from("abcd"), st.booleans())),
)
def test_an_address_ends_with_the_ip_address_of_a_service_that_has_it_or_with_none(names, before):
    services = [service(name, created=number) for number, name in enumerate(names)]
    after, said = settle(services, deepcopy(before))
    if not names:
        assert after is None or not clusterips.is_ours(before), "what somebody else keeps is not ours to delete"
        return
    assert after is not None
    assert after.spec.parentRef.name in names
    assert clusterips.is_ours(after)
    if before is not None and clusterips.is_ours(before) and before.spec.parentRef.name in names:
        assert after.spec.parentRef.name == before.spec.parentRef.name
    assert ("ClusterIPAlreadyAllocated" in said) == (len(names) > 1)


def test_a_repair_is_said_and_a_new_service_is_no_repair():
    event, action = clusterips.reconcile(IP, [service("old")], None, NOW)
    assert (event.reason, event.message) == (
        "ClusterIPNotAllocated",
        f"Cluster IP [IPv4]: {IP} is not allocated; repairing",
    )
    assert isinstance(action, Create)
    (action,) = clusterips.reconcile(IP, [service("new", created=int(NOW) - 5)], None, NOW)
    assert isinstance(action, Create)
    event, action = clusterips.reconcile(IP, [service("a")], address("b"), NOW)
    assert "has a wrong reference; repairing" in event.message
    assert isinstance(action, Delete)


def cidr(name: str, *ranges: str, deleting: bool = False) -> ServiceCIDR:
    made = ServiceCIDR()
    made.metadata.name = name
    made.spec.cidrs.extend(ranges)
    if deleting:
        made.metadata.deletionTimestamp.seconds = 1
        made.metadata.finalizers.append(servicecidrs.FINALIZER)
    return made


def test_a_range_is_ready_and_then_nothing_is_left_to_do():
    current = cidr("extra", "127.250.0.0/28")
    for kind in (Update, UpdateStatus):
        (action,) = servicecidrs.reconcile(current, [], [], NOW)
        assert isinstance(action, kind)
        current = action.object
    assert servicecidrs.reconcile(current, [], [], NOW + 5) == []
    assert [(each.type, each.status) for each in current.status.conditions] == [("Ready", "True")]


@pytest.mark.parametrize(
    ("others", "used", "stays"),
    [
        ([], "127.250.0.3", True),
        ([], "127.251.0.3", False),
        ([cidr("wide", "127.250.0.0/16")], "127.250.0.3", False),
        ([cidr("wide", "127.250.0.0/16", deleting=True)], "127.250.0.3", True),
    ],
)
def test_a_range_that_is_deleted_waits_for_addresses_that_are_in_no_other(others, used, stays):
    (action,) = servicecidrs.reconcile(cidr("extra", "127.250.0.0/28", deleting=True), others, [address(ip=used)], NOW)
    assert isinstance(action, UpdateStatus if stays else Update)
    if stays:
        (ready,) = action.object.status.conditions
        assert (ready.status, ready.reason) == ("False", "Terminating")
    else:
        assert not action.object.metadata.finalizers


@given(st.integers(20, 30), st.integers(0, 2**32))
def test_every_address_of_a_range_is_given_once_and_then_it_is_full(length, seed):
    network = IPv4Network(f"127.99.0.0/{length}")
    given_: list[Service] = []
    view = SimpleNamespace(
        registry={"services": None},
        cacher=SimpleNamespace(
            ring=lambda row: SimpleNamespace(select=lambda prefix: [SimpleNamespace(message=each) for each in given_])
        ),
        find=lambda plural, namespace, name: None,
        select=lambda plural: [],
    )
    addresses = Addresses(view, network, range(30000, 30100), Random(seed))
    wanted = min(network.num_addresses - 2, 40)
    for number in range(wanted):
        made = Service()
        made.metadata.uid = made.metadata.name = f"s{number}"
        made.spec.type = "ClusterIP"
        addresses.assign(made, None)
        addresses.settle(made.metadata.uid)
        given_.append(made)
    ips = [each.spec.clusterIP for each in given_]
    assert len(set(ips)) == wanted
    if wanted == network.num_addresses - 2:
        more = Service()
        more.metadata.uid = more.metadata.name = "more"
        more.spec.type = "ClusterIP"
        with pytest.raises(Invalid, match="range is full"):
            addresses.assign(more, None)
