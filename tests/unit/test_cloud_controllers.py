"""What the controllers make of a cloud's answers, and the simulated cloud itself."""

from copy import deepcopy
from ipaddress import IPv4Network
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kobune.api.core.v1 import Node, Service, Taint
from kobune.client import Delete, Patch, RecordEvent, RequeueAfter, Retry, Update, UpdateStatus
from kobune.cloud.v1 import InstanceMetadataResponse, Route
from kobune.cloud.v1 import Node as CloudNode
from kobune.cloud_controller_manager.cloud import CloudError
from kobune.cloud_controller_manager.controllers import node as nodes
from kobune.cloud_controller_manager.controllers import route as routes
from kobune.cloud_controller_manager.controllers import service as services
from kobune.cloud_controller_manager.controllers.service import (
    FINALIZER,
    DeleteLoadBalancer,
    EnsureLoadBalancer,
    UpdateLoadBalancer,
    fingerprint_of,
)
from kobune.cloud_controller_manager.providers.simulated.cloud import Refusal, SimulatedCloud
from kobune.cloud_controller_manager.providers.simulated.state import StateFile
from kobune.cloud_controller_manager.providers.simulated.troubles import Throttle
from kobune.component_base.failure import CannotStart

NETWORK = IPv4Network("127.30.0.0/16")


def simulated(path: Path | None = None, network: IPv4Network = NETWORK) -> SimulatedCloud:
    return SimulatedCloud(network, StateFile(path).load(), region="local", zones=("a", "b"))


def service(name: str = "web", type_: str = "LoadBalancer") -> Service:
    made = Service()
    made.metadata.name, made.metadata.namespace, made.metadata.uid = name, "default", name
    made.spec.type = type_
    made.spec.ports.add(name="http", port=80, nodePort=30080, protocol="TCP")
    return made


def node(name: str = "node-1", *, ready: bool = True, labelled: bool = True, taints: tuple[str, ...] = ()) -> Node:
    made = Node()
    made.metadata.name = made.metadata.uid = name
    made.spec.providerID = f"kobune://{name}"
    made.status.conditions.add(type="Ready", status=str(ready)).lastTransitionTime.seconds = 1
    made.status.addresses.add(type="InternalIP", address="127.20.0.1")
    if labelled:
        made.metadata.labels[nodes.ZONE] = "a"
    made.spec.taints.extend(Taint(key=key, effect="NoSchedule") for key in taints)
    return made


def found(cloud: SimulatedCloud, item: Service):
    try:
        return cloud.balancer(item)
    except Refusal:
        return None


def settle(cloud: SimulatedCloud, item: Service, of: list[Node]) -> tuple[Service, list[str]]:
    """Reconcile until there is nothing left to do; returns the Service and the reasons of the events."""
    said = []
    for _ in range(12):
        actions = services.reconcile(deepcopy(item), found(cloud, item), of)
        if not actions:
            return item, said
        for action in actions:
            match action:
                case RecordEvent(reason=reason):
                    said.append(reason)
                case Update(changed) | UpdateStatus(changed):
                    item = changed
                case EnsureLoadBalancer(of_service, of_nodes):
                    cloud.ensure(of_service, map(slim, of_nodes), fingerprint_of(of_service))
                case UpdateLoadBalancer(of_service, of_nodes):
                    cloud.update(of_service, map(slim, of_nodes))
                case DeleteLoadBalancer(of_service):
                    cloud.delete(of_service)
    raise AssertionError(f"never done: {actions}")


def slim(item: Node) -> CloudNode:
    return CloudNode(name=item.metadata.name)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["LoadBalancer", "ClusterIP", "NodePort"]), st.integers(1, 3), st.sets(st.integers(1, 4))
        ),
        min_size=1,
        max_size=6,
    ),
    st.booleans(),
)
def test_whatever_a_service_wanted_before_it_ends_with_what_it_wants_now(wishes, deleted):
    cloud = simulated()
    item = service()
    for type_, ports, members in wishes:
        item.spec.type = type_
        del item.spec.ports[:]
        for port in range(ports):
            item.spec.ports.add(name=f"p{port}", port=80 + port, nodePort=30080 + port, protocol="TCP")
        of = [node(f"node-{member}") for member in sorted(members)]
        item, said = settle(cloud, item, of)
        balancer = found(cloud, item)
        if type_ == "LoadBalancer":
            assert list(item.metadata.finalizers) == [FINALIZER]
            assert balancer.status == item.status.loadBalancer
            assert [port.port for port in balancer.ports] == [port.port for port in item.spec.ports]
            assert list(balancer.nodes) == [each.metadata.name for each in of]
            assert not of or "UnAvailableLoadBalancer" not in said
        else:
            assert balancer is None
            assert not item.metadata.finalizers
            assert not item.status.loadBalancer.ingress
    if deleted:
        item.metadata.deletionTimestamp.seconds = 1
        item, said = settle(cloud, item, [])
        assert found(cloud, item) is None
        assert not item.metadata.finalizers


def test_the_events_are_those_of_kubernetes():
    cloud = simulated()
    item, said = settle(cloud, service(), [node()])
    assert said == ["EnsuringLoadBalancer"]
    item, said = settle(cloud, item, [])
    assert said == ["UnAvailableLoadBalancer"]
    item.spec.type = "ClusterIP"
    assert settle(cloud, item, [])[1] == ["Type", "DeletingLoadBalancer"]


def test_a_cloud_that_fails_is_said_and_asked_again():
    error = CloudError("the cloud cannot be reached")
    said, retry = services.reconcile(service(), error, [])
    assert (said.type, said.reason) == ("Warning", "SyncLoadBalancerFailed")
    assert said.message == "Error syncing load balancer: the cloud cannot be reached"
    assert retry == Retry(error)


def test_a_load_balancer_of_another_class_is_left_alone():
    item = service()
    item.spec.loadBalancerClass = "example.com/mine"
    assert services.reconcile(item, None, []) == []


def test_load_balancers_do_not_lead_to_nodes_that_are_excluded_or_unknown_to_the_cloud():
    excluded, unknown = node(), node()
    excluded.metadata.labels[services.EXCLUDED] = ""
    unknown.spec.ClearField("providerID")
    assert services.is_eligible(node(ready=False))
    assert not any(map(services.is_eligible, (excluded, unknown, node(taints=(nodes.UNINITIALIZED,)))))


def test_a_node_is_told_its_machine_once_and_keeps_its_other_taints():
    lost = node(labelled=False, taints=(nodes.UNINITIALIZED, "mine"))
    known = simulated().metadata(CloudNode(name="node-1", addresses=lost.status.addresses))
    update, said = nodes.follow(lost, nodes.Instance(exists=True, metadata=known), 0.0)
    assert [taint.key for taint in update.object.spec.taints] == ["mine"]
    assert dict(update.object.metadata.labels) == {
        nodes.ZONE: "a",
        nodes.REGION: "local",
        nodes.INSTANCE_TYPE: "simulated",
    }
    assert said.reason == "Synced"
    assert not nodes.needs_metadata(update.object)
    assert nodes.follow(update.object, nodes.Instance(exists=True, metadata=known), 0.0) == []


def test_addresses_come_before_the_taint_goes():
    known = InstanceMetadataResponse(zone="a")
    known.addresses.add(type="InternalIP", address="127.20.9.9")
    first, _ = nodes.follow(node(taints=(nodes.UNINITIALIZED,)), nodes.Instance(True, metadata=known), 0.0)
    assert isinstance(first, UpdateStatus)
    assert [address.address for address in first.object.status.addresses] == ["127.20.9.9"]
    second, _ = nodes.follow(first.object, nodes.Instance(True, metadata=known), 0.0)
    assert isinstance(second, Update)


def test_a_node_without_a_machine_goes_unless_it_is_ready():
    gone = nodes.Instance(exists=False)
    said, deletion = nodes.follow(node(ready=False), gone, 10.0)
    assert said.reason == "DeletingNode"
    assert isinstance(deletion, Delete)
    assert deletion.uid == "node-1"
    assert nodes.follow(node(), gone, 10.0) == [RequeueAfter(nodes.PERIOD)]


def test_a_machine_that_is_off_taints_its_node_until_that_is_ready_again():
    taint, again = nodes.follow(node(ready=False), nodes.Instance(True, shutdown=True), 10.0)
    assert [each.key for each in taint.object.spec.taints] == [nodes.SHUTDOWN]
    assert again == RequeueAfter(nodes.PERIOD)
    (back,) = nodes.reconcile(node(taints=(nodes.SHUTDOWN,)), 10.0)
    assert not back.object.spec.taints
    assert nodes.reconcile(node(), 10.0) == []


def test_the_simulated_cloud_gives_no_address_twice_and_forgets_nothing(tmp_path: Path):
    file = tmp_path / "cloud" / "state.json"
    network = IPv4Network("127.30.0.0/29")
    cloud = simulated(file, network)
    given = {name: cloud.ensure(service(name), [], "x").status.ingress[0].ip for name in "abcdef"}
    assert len(set(given.values())) == 6
    with pytest.raises(Refusal, match="all addresses of"):
        cloud.ensure(service("g"), [], "x")
    cloud.delete(service("c"))
    cloud.announce(["node-1", "node-2", "node-3"])
    cloud.stop("node-1")
    cloud.terminate("node-2")
    cloud.cut("a")
    cloud.create_route("uid", Route(target_node="node-2", destination_cidr="10.0.2.0/24"))
    StateFile(file).write(cloud.text())
    again = simulated(file, network)
    assert again.ensure(service("g"), [], "x").status.ingress[0].ip == given["c"]
    assert all(again.ensure(service(name), [], "y").status.ingress[0].ip == given[name] for name in "abdef")
    assert again.is_shut_down(CloudNode(name="node-1"))
    assert not again.exists(CloudNode(name="node-2"))
    assert again.exists(CloudNode(provider_id="kobune://node-3"))
    assert (list(again.states().off), list(again.states().cut_off)) == (["node-1", "node-2"], ["node-3"])
    assert [(route.target_node, route.blackhole) for route in again.routes()] == [("node-2", True)]


def test_the_simulated_cloud_gives_the_address_that_is_asked_for_or_says_why_not():
    cloud = simulated()
    wanted = service("a")
    wanted.spec.loadBalancerIP = "127.30.7.7"
    assert cloud.ensure(wanted, [], "x").status.ingress[0].ip == "127.30.7.7"
    wanted.metadata.uid = "b"
    with pytest.raises(Refusal, match="another load balancer's"):
        cloud.ensure(wanted, [], "x")
    wanted.spec.loadBalancerIP = "192.0.2.1"
    with pytest.raises(Refusal, match="is not in"):
        cloud.ensure(wanted, [], "x")
    with pytest.raises(Refusal, match="is not of this cloud"):
        cloud.exists(CloudNode(provider_id="aws:///i-1"))


def test_a_broken_state_file_is_named(tmp_path: Path):
    file = tmp_path / "state.json"
    file.write_text("{}")
    with pytest.raises(CannotStart, match="is not the state of a simulated cloud"):
        simulated(file)


def ranged(name: str, *cidrs: str) -> Node:
    made = node(name)
    made.spec.podCIDRs.extend(cidrs)
    return made


def route_all(cloud: SimulatedCloud, of: list[Node]) -> list[Node]:
    """Reconcile routes until there is nothing left to do; returns the nodes as they are then."""
    for _ in range(6):
        *actions, again = routes.reconcile(of, cloud.routes(), 0.0)
        assert again == RequeueAfter(routes.PERIOD)
        if not actions:
            return of
        for action in actions:
            match action:
                case Patch(name=name, patch=patch):
                    (condition,) = patch["status"]["conditions"]
                    (item,) = [each for each in of if each.metadata.name == name]
                    assert patch["metadata"]["uid"] == item.metadata.uid
                    fields = {key: condition[key] for key in ("type", "status", "reason", "message")}
                    item.status.conditions.add(**fields)
                case routes.ChangeRoutes(gone, missing):
                    for route in gone:
                        cloud.delete_route(route)
                    for item, cidr in missing:
                        cloud.create_route(
                            item.metadata.uid, Route(target_node=item.metadata.name, destination_cidr=cidr)
                        )
    raise AssertionError(f"never done: {actions}")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.dictionaries(st.integers(1, 6), st.integers(0, 9), max_size=6), min_size=1, max_size=5))
def test_there_is_a_route_for_each_range_of_each_node_and_no_other(histories):
    cloud = simulated()
    for ranges in histories:
        unique = {cidr: name for name, cidr in ranges.items()}
        of = [ranged(f"node-{name}", f"10.0.{cidr}.0/24") for cidr, name in unique.items()]
        for item in route_all(cloud, of):
            assert routes.says(item) is True
        assert {routes.key_of_route(route) for route in cloud.routes()} == {
            (f"node-{name}", f"10.0.{cidr}.0/24") for cidr, name in unique.items()
        }


def test_a_route_to_a_machine_that_is_gone_stays_until_its_node_is_gone_too():
    cloud = simulated()
    cloud.announce(["node-1"])
    of = route_all(cloud, [ranged("node-1", "10.0.1.0/24")])
    cloud.terminate("node-1")
    assert route_all(cloud, of) == of
    assert [route.blackhole for route in cloud.routes()] == [True]
    route_all(cloud, [])
    assert cloud.routes() == []


def test_a_route_that_cannot_be_made_is_said_and_tried_again():
    error = CloudError("rate of requests exceeded")
    said, retry, patch = routes.failed(ranged("node-1", "10.0.1.0/24"), "10.0.1.0/24", error, 0.25, 10.0)
    assert (said.type, said.reason) == ("Warning", "FailedToCreateRoute")
    assert said.message == (
        "Could not create route node-1 10.0.1.0/24 for node node-1 after 250.000ms: rate of requests exceeded"
    )
    assert retry == Retry(error)
    (condition,) = patch.patch["status"]["conditions"]
    assert (condition["type"], condition["status"], condition["reason"]) == (
        "NetworkUnavailable",
        "True",
        "NoRouteCreated",
    )


def test_what_changes_about_a_load_balancer_is_said():
    cloud = simulated()
    item = service()
    item, _ = settle(cloud, item, [node()])
    item.spec.loadBalancerSourceRanges.append("10.0.0.0/8")
    item.spec.externalTrafficPolicy = "Local"
    item.spec.healthCheckNodePort = 31000
    actions = services.reconcile(item, cloud.balancer(item), [node()])
    said = {action.reason: action.message for action in actions if isinstance(action, RecordEvent)}
    assert said == {
        "EnsuringLoadBalancer": "Ensuring load balancer",
        "LoadBalancerSourceRanges": "[] -> [10.0.0.0/8]",
        "ExternalTrafficPolicy": " -> Local",
        "HealthCheckNodePort": "0 -> 31000",
    }
    item, _ = settle(cloud, item, [node()])
    found = cloud.balancer(item)
    assert list(found.source_ranges) == ["10.0.0.0/8"]
    assert (found.external_traffic_policy, found.health_check_node_port) == ("Local", 31000)


@given(st.floats(0.1, 20), st.lists(st.floats(0, 3), min_size=1, max_size=60))
def test_a_throttled_cloud_answers_no_more_than_it_should(rate, pauses):
    throttle, now, answered = Throttle(rate), 0.0, 0
    for pause in pauses:
        now += pause
        throttle, answer = throttle.asked(now)
        answered += answer
    assert answered <= max(rate, 1) + now * rate + 1e-6
