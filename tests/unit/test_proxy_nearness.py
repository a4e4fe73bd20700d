"""Clients whose node is known get what is near them, as far as hints and policies say so and it is safe."""

from ipaddress import IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kobune.api.core.v1 import Service
from kobune.api.discovery.v1 import EndpointSlice
from kobune.kube_proxy.clients import Clients
from kobune.kube_proxy.ruleset import Frontend, World, program

NODES = ("n-1", "n-2", "n-3")
ZONES = {"n-1": "a", "n-2": "b", "n-3": "b"}
WORLD = World(
    nodes={name: (f"127.20.0.{number}",) for number, name in enumerate(NODES, 1)},
    zones=ZONES,
    clients=Clients((IPv4Network(f"127.10.{number}.0/24"), name) for number, name in enumerate(NODES, 1)),
)


def service(policy: str = "Cluster") -> Service:
    made = Service()
    made.metadata.name, made.metadata.namespace = "web", "default"
    made.spec.type, made.spec.clusterIP, made.spec.internalTrafficPolicy = "NodePort", "127.96.0.9", policy
    made.spec.ports.add(name="http", port=80, protocol="TCP", nodePort=30080)
    return made


def slice_of(*endpoints: tuple[int, str, str, str, str]) -> EndpointSlice:
    """`endpoints` are of number, node, state, and for which zone and node they are."""
    made = EndpointSlice(addressType="IPv4")
    made.ports.add(name="http", port=8080, protocol="TCP")
    for number, node, state, zone, meant in endpoints:
        each = made.endpoints.add(addresses=[f"127.11.0.{number}"], nodeName=node)
        each.conditions.ready = state == "ready"
        each.conditions.serving, each.conditions.terminating = True, state == "ending"
        if zone:
            each.hints.forZones.add(name=zone)
        if meant:
            each.hints.forNodes.add(name=meant)
    return made


def frontends(of: Service, *endpoints: tuple[int, str, str, str, str]) -> dict[str, Frontend]:
    return {str(each.address): each for each in program(of, [slice_of(*endpoints)], WORLD).frontends}


def seen(frontend: Frontend, client: str) -> list[str]:
    return [each.ip.rpartition(".")[2] for each in frontend.endpoints_for(client)]


def test_the_internal_policy_local_is_kept_where_the_node_of_a_client_is_known():
    made = frontends(
        service("Local"), (1, "n-1", "ready", "", ""), (2, "n-1", "ending", "", ""), (3, "n-2", "ending", "", "")
    )["127.96.0.9:80"]
    assert seen(made, "127.10.1.7") == ["1"]
    assert seen(made, "127.10.2.7") == ["3"], "it still serves, and nothing else is there"
    assert seen(made, "127.10.3.7") == []
    assert seen(made, "127.0.0.1") == ["1"]


def test_hints_lead_to_the_own_zone_and_before_that_to_the_own_node():
    zonal = frontends(service(), (1, "n-1", "ready", "a", ""), (2, "n-2", "ready", "b", ""))
    assert seen(zonal["127.96.0.9:80"], "127.10.3.7") == ["2"]
    assert seen(zonal["127.96.0.9:80"], "127.0.0.1") == ["1", "2"]
    assert seen(zonal["127.20.0.1:30080"], "192.0.2.1") == ["1"]
    near = frontends(
        service(), (1, "n-1", "ready", "a", "n-1"), (2, "n-2", "ready", "b", "n-2"), (3, "n-3", "ready", "b", "n-3")
    )
    assert seen(near["127.96.0.9:80"], "127.10.3.7") == ["3"]
    assert seen(near["127.20.0.2:30080"], "192.0.2.1") == ["2"]


@pytest.mark.parametrize("other", ["no hint", "another zone"])
def test_hints_that_are_incomplete_or_leave_a_zone_out_are_passed_over(other):
    second = (2, "n-2", "ready", "" if other == "no hint" else "c", "")
    made = frontends(service(), (1, "n-2", "ready", "b" if other == "no hint" else "c", ""), second)
    assert seen(made["127.96.0.9:80"], "127.10.2.7") == ["1", "2"]


meant = st.tuples(
    st.integers(1, 30),
    st.sampled_from(NODES),
    st.sampled_from(["ready", "ending", "unready"]),
    st.sampled_from(["", "a", "b", "c"]),
    st.sampled_from(["", *NODES]),
)


@given(st.lists(meant, max_size=8, unique_by=lambda each: each[0]), st.sampled_from(NODES))
def test_hints_never_leave_a_client_without_an_endpoint(endpoints, node):
    made = frontends(service(), *endpoints)["127.96.0.9:80"]
    client = f"127.10.{NODES.index(node) + 1}.9"
    assert set(seen(made, client)) <= set(seen(made, "127.0.0.1"))
    assert bool(seen(made, client)) == bool(made.endpoints)


def test_an_address_that_several_nodes_have_tells_nothing():
    shared = IPv4Network("127.20.0.1")
    clients = Clients([(shared, "n-1"), (shared, "n-2"), (IPv4Network("127.20.0.0/16"), "n-3")])
    assert clients.node_of("127.20.0.1") == "n-3"
    assert clients.node_of("127.21.0.1") == ""
