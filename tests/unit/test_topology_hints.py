"""Endpoints are for the zones and nodes that a Service asks for, and hints are given only where they are safe."""

from collections import Counter
from copy import deepcopy
from decimal import Decimal
from math import ceil

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from kobune.api.core.v1 import Node, Pod, PodCondition, Service
from kobune.api.discovery.v1 import EndpointSlice
from kobune.client import Create, Delete, RecordEvent, Update
from kobune.controller_manager.controllers.endpointslice import reconcile
from kobune.controller_manager.networking.hints import shares_of

ZONES = ("a", "b", "c")
NODES = {f"n-{zone}-{number}": zone for zone in ZONES for number in range(2)}


def service(distribution: str = "", mode: str = "") -> Service:
    made = Service()
    made.metadata.name, made.metadata.namespace, made.metadata.uid = "web", "default", "service"
    made.metadata.creationTimestamp.seconds = 1000
    made.spec.selector["app"] = "web"
    made.spec.ports.add(name="http", port=80)
    if distribution:
        made.spec.trafficDistribution = distribution
    if mode:
        made.metadata.annotations["service.kubernetes.io/topology-mode"] = mode
    return made


def pod(number: int, node: str, *, ready: bool = True, since: int = 0) -> Pod:
    made = Pod()
    made.metadata.name, made.metadata.namespace, made.metadata.uid = f"web-{number}", "default", f"pod-{number:03}"
    made.spec.nodeName = node
    made.status.phase = "Running"
    made.status.podIP = f"127.10.0.{number + 1}"
    condition = PodCondition(type="Ready", status=str(ready))
    condition.lastTransitionTime.seconds = since
    made.status.conditions.append(condition)
    return made


def node(name: str, zone: str, cpu: str = "4", *, ready: bool = True) -> Node:
    made = Node()
    made.metadata.name = name
    if zone:
        made.metadata.labels["topology.kubernetes.io/zone"] = zone
    if cpu:
        made.status.allocatable["cpu"].string = cpu
    made.status.conditions.add(type="Ready", status=str(ready))
    return made


def run(wanted: Service, pods: list[Pod], slices: dict[str, EndpointSlice], shares=None) -> list[str]:
    """Apply what there is to do, see that then nothing is, and return the reasons of events."""
    actions = reconcile(wanted, pods, list(slices.values()), NODES, shares)
    for action in actions:
        match action:
            case Create(item):
                made = deepcopy(item)
                made.metadata.name = made.metadata.uid = f"web-{len(slices)}"
                slices[made.metadata.name] = made
            case Update(item):
                slices[item.metadata.name] = deepcopy(item)
            case Delete(name=name):
                del slices[name]
    again = reconcile(wanted, pods, list(slices.values()), NODES, shares)
    assert all(isinstance(action, RecordEvent) for action in again), again
    return [action.reason for action in actions if isinstance(action, RecordEvent)]


def hints(slices: dict[str, EndpointSlice]) -> dict[str, tuple[list[str], list[str]]]:
    return {
        each.targetRef.name: ([zone.name for zone in each.hints.forZones], [at.name for at in each.hints.forNodes])
        for item in slices.values()
        for each in item.endpoints
        if each.HasField("hints")
    }


@pytest.mark.parametrize("distribution", ["PreferClose", "PreferSameZone", "PreferSameNode"])
def test_traffic_distribution_gives_each_ready_endpoint_its_own_zone_or_node(distribution):
    slices: dict[str, EndpointSlice] = {}
    run(service(distribution), [pod(1, "n-a-0"), pod(2, "n-b-1", ready=False), pod(3, "nowhere")], slices)
    nodes = distribution == "PreferSameNode"
    expected = {"web-1": (["a"], ["n-a-0"] if nodes else [])}
    assert hints(slices) == (expected | {"web-3": ([], ["nowhere"])} if nodes else expected)
    run(service(), [pod(1, "n-a-0")], slices)
    assert hints(slices) == {}, "hints go with what asked for them"


placed = st.lists(st.sampled_from(sorted(NODES)), min_size=0, max_size=40)
cpus = st.lists(st.integers(1, 12), min_size=6, max_size=6)


@given(st.lists(placed, min_size=1, max_size=3), cpus)
def test_no_endpoint_gets_much_more_than_its_share_and_then_nothing_is_left_to_do(rounds, cores):
    shares = shares_of(node(name, zone, str(count)) for (name, zone), count in zip(NODES.items(), cores, strict=True))
    assert sum(shares.values()) == pytest.approx(Decimal(1))
    slices: dict[str, EndpointSlice] = {}
    for places in rounds:
        reasons = run(service(mode="Auto"), [pod(number, at) for number, at in enumerate(places)], slices, shares)
        given_ = Counter(zones[0] for zones, _ in hints(slices).values())
        minimum = {zone: ceil(share * len(places) / Decimal("1.2")) for zone, share in shares.items()}
        if len(places) < 3 or sum(minimum.values()) > len(places):
            assert "TopologyAwareHintsDisabled" in reasons
            assert not given_
        else:
            assert "TopologyAwareHintsDisabled" not in reasons
            assert sum(given_.values()) == len(places)
            assert all(given_[zone] >= least for zone, least in minimum.items())


@given(st.integers(1, 10))
def test_endpoints_that_are_spread_like_the_cpus_are_for_their_own_zones(times):
    shares = shares_of(node(name, zone) for name, zone in NODES.items())
    places = sorted(NODES) * times
    slices: dict[str, EndpointSlice] = {}
    assert run(service(mode="auto"), [pod(number, at) for number, at in enumerate(places)], slices, shares) == [
        "TopologyAwareHintsEnabled"
    ]
    assert all(zones == [NODES[places[int(name[4:])]]] for name, (zones, _) in hints(slices).items())


@pytest.mark.parametrize(
    ("nodes", "places", "why"),
    [
        ([node("1", "a"), node("2", "")], ["n-a-0"] * 3, "Insufficient Node information: allocatable CPU or zone not"),
        ([node("1", "a"), node("2", "b", "")], ["n-a-0"] * 3, "Insufficient Node information: allocatable CPU or zone"),
        ([node("1", "a"), node("2", "b", ready=False)], ["n-a-0"] * 3, "Nodes only ready in one zone"),
        ([node("1", "a"), node("2", "b")], ["n-a-0"], "Insufficient number of endpoints (1 endpoints, 2 zones)"),
        ([node("1", "a"), node("2", "b")], ["n-a-0", "other"], "One or more endpoints do not have a zone specified"),
        ([node("1", "a", "9"), node("2", "b", "1")], ["n-a-0"] * 2, "Unable to allocate minimum required endpoints to"),
    ],
)
def test_the_safeguards_say_why_there_are_no_hints(nodes, places, why):
    pods = [pod(number, at) for number, at in enumerate(places)]
    event, made = reconcile(service(mode="Auto"), pods, [], NODES, shares_of(nodes))
    assert (event.reason, event.type) == ("TopologyAwareHintsDisabled", "Warning")
    assert event.message.startswith(why)
    assert event.message.endswith(", addressType: IPv4")
    assert not any(each.HasField("hints") for each in made.object.endpoints)


def test_slices_say_when_what_changed_them_happened():
    trigger = "endpoints.kubernetes.io/last-change-trigger-time"
    slices: dict[str, EndpointSlice] = {}

    def said() -> str | None:
        (item,) = slices.values()
        return item.metadata.annotations.get(trigger)

    run(service(), [pod(1, "n-a-0", since=900)], slices)
    assert said() == "1970-01-01T00:16:40Z", "the Service is what is new"
    run(service(), [pod(1, "n-a-0", since=900), pod(2, "n-a-0", since=1020), pod(3, "n-a-0", since=1010)], slices)
    assert said() == "1970-01-01T00:16:50Z", "the first of what had changed"
    run(service(), [pod(1, "n-a-0", since=900)], slices)
    assert said() is None, "nobody knows when they went"


@given(cpus)
def test_nodes_that_do_not_count_change_no_share(cores):
    counted = [node(name, zone, str(count)) for (name, zone), count in zip(NODES.items(), cores, strict=True)]
    control = node("control", "")
    control.metadata.labels["node-role.kubernetes.io/control-plane"] = ""
    assume(counted)
    assert shares_of([*counted, control, node("away", "", ready=False)]) == shares_of(counted)
