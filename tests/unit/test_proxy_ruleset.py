"""What a proxy has to do for Services, worked out without doing it."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from kobune.api.core.v1 import LoadBalancerIngress, Service
from kobune.api.discovery.v1 import EndpointSlice
from kobune.kube_proxy.backends.userspace.balancer import Balancer
from kobune.kube_proxy.endpoints import Endpoint
from kobune.kube_proxy.ruleset import Address, Frontend, World, combine, program
from kobune.kube_proxy.watched import parse_port_map

WORLD = World(nodes={"node-1": ("127.20.0.1",), "node-2": ("127.20.0.2",)})


def service(name="web", ip="127.96.0.9", *, type_="ClusterIP", ports=(("http", 80),), node_port=0, **spec) -> Service:
    made = Service()
    made.metadata.name, made.metadata.namespace, made.metadata.uid = name, "default", name
    made.spec.type, made.spec.clusterIP = type_, ip
    for offset, (port_name, port) in enumerate(ports):
        made.spec.ports.add(
            name=port_name, port=port, protocol="TCP", nodePort=node_port + offset if node_port else None
        )
    for field, value in spec.items():
        if isinstance(value, list):
            getattr(made.spec, field).extend(value)
        else:
            setattr(made.spec, field, value)
    return made


def slice_of(*endpoints: tuple[str, str, str], ports=(("http", 8080),), name="web") -> EndpointSlice:
    """`endpoints` are of address, node, and one of ready, ending, unready, unsaid."""
    made = EndpointSlice(addressType="IPv4")
    made.metadata.name, made.metadata.namespace = f"{name}-1", "default"
    made.metadata.labels["kubernetes.io/service-name"] = name
    for ip, node, state in endpoints:
        endpoint = made.endpoints.add(addresses=[ip], nodeName=node)
        endpoint.targetRef.kind, endpoint.targetRef.namespace, endpoint.targetRef.name = "Pod", "default", f"pod-{ip}"
        conditions = endpoint.conditions
        if state == "ending":
            conditions.ready, conditions.serving, conditions.terminating = False, True, True
        elif state != "unsaid":
            conditions.ready = conditions.serving = state == "ready"
    for port_name, port in ports:
        made.ports.add(name=port_name, port=port, protocol="TCP")
    return made


def frontends(of: Service, *slices: EndpointSlice, world: World = WORLD) -> dict[str, Frontend]:
    return {str(frontend.address): frontend for frontend in program(of, slices, world).frontends}


def ips(frontend: Frontend) -> list[str]:
    return [endpoint.ip for endpoint in frontend.endpoints]


addresses = st.integers(1, 60).map(lambda number: f"127.10.{number % 3}.{number}")
states = st.sampled_from(["ready", "ending", "unready", "unsaid"])
endpoint_sets = st.lists(st.tuples(addresses, st.sampled_from(["node-1", "node-2"]), states), max_size=12)


@settings(max_examples=80, deadline=None)
@given(st.lists(endpoint_sets, max_size=3), st.booleans())
def test_every_frontend_leads_to_every_ready_endpoint_and_to_nothing_else(parts, affinity):
    wanted = service(type_="LoadBalancer", node_port=30080, externalIPs=["127.50.0.1"])
    wanted.status.loadBalancer.ingress.append(LoadBalancerIngress(ip="127.30.0.1", ipMode="VIP"))
    if affinity:
        wanted.spec.sessionAffinity = "ClientIP"
    made = frontends(wanted, *(slice_of(*part) for part in parts))
    assert set(made) == {
        "127.96.0.9:80",
        "127.50.0.1:80",
        "127.30.0.1:80",
        "127.20.0.1:30080",
        "127.20.0.2:30080",
        "127.0.0.1:30080",
    }
    ready = {(ip, node) for part in parts for ip, node, state in part if state in ("ready", "unsaid")}
    ending = {(ip, node) for part in parts for ip, node, state in part if state == "ending"}
    for frontend in made.values():
        assert {(each.ip, each.node) for each in frontend.endpoints} == (ready or ending)
        assert len(frontend.endpoints) == len(set(frontend.endpoints))
        assert {each.port for each in frontend.endpoints} <= {8080}
        assert bool(frontend.affinity_seconds) == affinity


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), endpoint_sets), max_size=6), st.integers(0, 9))
def test_nothing_leads_to_a_deleted_service_and_none_takes_what_anothers_is(parts, victim):
    rules = {
        f"web-{number}": program(service(f"web-{number}", f"127.96.0.{number % 4 + 1}"), [slice_of(*part)], WORLD)
        for number, part in parts
    }
    rules.pop(f"web-{victim}", None)
    ruleset, problems = combine(rules.values())
    served = {frontend.service for frontend in ruleset.frontends.values()}
    refused = {problem.service for problem in problems if problem.reason == "AddressConflict"}
    assert f"default/web-{victim}" not in served | refused
    assert served | refused == {f"default/{name}" for name in rules}
    assert not served & refused
    assert all(address == frontend.address for address, frontend in ruleset.frontends.items())


def test_ports_find_theirs_by_name_and_pods_theirs_by_their_port_map():
    wanted = service(ports=(("http", 80), ("admin", 90)))
    there = slice_of(("127.10.0.1", "node-1", "ready"), ("127.10.0.2", "node-1", "ready"), ports=(("http", 80),))
    admin = slice_of(("127.10.0.1", "node-1", "ready"), ports=(("admin", 9000),))
    world = World(port_maps={"default/pod-127.10.0.1": parse_port_map("80=34080,443=34443")})
    made = frontends(wanted, there, admin, world=world)
    assert made["127.96.0.9:80"].endpoints == (
        Endpoint("127.10.0.1", 34080, "node-1"),
        Endpoint("127.10.0.2", 80, "node-1"),
    )
    assert made["127.96.0.9:90"].endpoints == (Endpoint("127.10.0.1", 9000, "node-1"),)


def test_with_the_local_policy_a_node_port_leads_to_pods_of_that_node_only():
    wanted = service(type_="NodePort", node_port=30080, externalTrafficPolicy="Local")
    made = frontends(wanted, slice_of(("127.10.0.1", "node-1", "ready"), ("127.10.0.2", "node-3", "ready")))
    assert ips(made["127.20.0.1:30080"]) == ["127.10.0.1"]
    assert ips(made["127.20.0.2:30080"]) == []
    assert ips(made["127.0.0.1:30080"]) == ips(made["127.96.0.9:80"]) == ["127.10.0.1", "127.10.0.2"]


def test_services_without_an_address_or_of_another_proxy_are_passed_over():
    there = slice_of(("127.10.0.1", "node-1", "ready"))
    assert not frontends(service(ip="None"), there)
    assert not frontends(service(ip="", type_="ExternalName"), there)
    foreign = service()
    foreign.metadata.labels["service.kubernetes.io/service-proxy-name"] = "mine"
    assert not frontends(foreign, there)


def test_a_load_balancer_that_is_a_proxy_itself_keeps_its_address_and_source_ranges_guard_only_the_others():
    wanted = service(type_="LoadBalancer", node_port=30080, loadBalancerSourceRanges=["127.0.0.0/8"])
    wanted.status.loadBalancer.ingress.append(LoadBalancerIngress(ip="127.30.0.1", ipMode="Proxy"))
    wanted.status.loadBalancer.ingress.append(LoadBalancerIngress(ip="127.30.0.2"))
    made = frontends(wanted)
    assert "127.30.0.1:80" not in made
    assert {at for at, frontend in made.items() if frontend.sources} == {"127.30.0.2:80"}


def test_what_is_not_done_is_said():
    wanted = service(
        ports=(("http", 80),),
        internalTrafficPolicy="Local",
        ipFamilies=["IPv4", "IPv6"],
        externalIPs=["192.0.2.1", "fd00::1"],
        loadBalancerSourceRanges=["everybody"],
    )
    wanted.spec.ports.add(name="sctp", port=81, protocol="SCTP")
    rules = program(wanted, [], WORLD)
    assert [str(frontend.address) for frontend in rules.frontends] == ["127.96.0.9:80"]
    assert Counter(problem.reason for problem in rules.problems) == {
        "UnsupportedField": 2,
        "UnsupportedProtocol": 1,
        "AddressRefused": 2,
        "InvalidSourceRange": 1,
    }


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.sets(st.integers(0, 6), min_size=1), min_size=1, max_size=5),
    st.integers(1, 20),
    st.sampled_from([0, 100]),
)
def test_a_balancer_spreads_evenly_and_never_offers_what_is_gone(rounds, asked, affinity):
    balancer = Balancer((), affinity)
    for content in rounds:
        endpoints = tuple(Endpoint("127.10.0.1", number) for number in sorted(content))
        balancer.change(endpoints, affinity)
        given = Counter()
        for number in range(asked * len(endpoints)):
            client = f"client-{number}"
            endpoint = next(balancer.candidates(client, 0.0))
            balancer.took(client, endpoint, 0.0)
            given[endpoint] += 1
            assert sorted(balancer.candidates("somebody", 0.0)) == sorted(endpoints)  # each of them once
        assert set(given) <= set(endpoints)
        if not affinity:
            assert set(given.values()) == {asked}


def test_addresses_read_as_people_write_them():
    assert str(Address("127.96.0.1", 80)) == "127.96.0.1:80"
    assert str(Address("127.96.0.1", 53, "UDP")) == "127.96.0.1:53/UDP"
