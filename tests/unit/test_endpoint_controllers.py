"""EndpointSlices and Endpoints follow the pods of a Service."""

from copy import deepcopy
from itertools import count

from hypothesis import given, settings
from hypothesis import strategies as st

from kobune.api.core.v1 import Endpoints, Pod, PodCondition, Service
from kobune.api.discovery.v1 import EndpointSlice
from kobune.client import Create, Delete, Update
from kobune.controller_manager.controllers import endpoints as old
from kobune.controller_manager.controllers import endpointslice as new
from kobune.controller_manager.networking.slices import CAPACITY

NUMBERS = count()


def service(**spec) -> Service:
    made = Service()
    made.metadata.name, made.metadata.namespace, made.metadata.uid = "web", "default", "service"
    made.spec.selector["app"] = "web"
    made.spec.ports.add(name="http", port=80).targetPort.intVal = 8080
    for name, value in spec.items():
        setattr(made.spec, name, value)
    return made


def pod(number: int, *, ready=True, deleting=False, phase="Running", ip=True, named_port=0) -> Pod:
    made = Pod()
    made.metadata.name, made.metadata.namespace, made.metadata.uid = f"web-{number}", "default", f"pod-{number}"
    made.spec.nodeName = "node-1"
    made.spec.restartPolicy = "Always"
    made.status.phase = phase
    if named_port:
        made.spec.containers.add(name="web").ports.add(name="serve", containerPort=named_port)
    if ip:
        made.status.podIP = f"127.10.{number // 250}.{number % 250 + 1}"
    if deleting:
        made.metadata.deletionTimestamp.seconds = 1
    made.status.conditions.append(PodCondition(type="Ready", status=str(ready)))
    return made


def apply(slices: dict[str, EndpointSlice], actions) -> None:
    for action in actions:
        match action:
            case Create(item):
                made = deepcopy(item)
                made.metadata.name = made.metadata.uid = f"{item.metadata.generateName}{next(NUMBERS)}"
                slices[made.metadata.name] = made
            case Update(item):
                assert slices[item.metadata.name] != item
                slices[item.metadata.name] = deepcopy(item)
            case Delete(name=name, uid=uid):
                assert slices.pop(name).metadata.uid == uid


pods = st.builds(
    pod,
    st.integers(0, 400),
    ready=st.booleans(),
    deleting=st.booleans(),
    phase=st.sampled_from(["Pending", "Running", "Succeeded"]),
    ip=st.booleans(),
    named_port=st.sampled_from([8080, 9090]),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(pods, max_size=8), max_size=4), st.booleans(), st.integers(0, 260))
def test_slices_hold_every_pod_once_and_then_nothing_is_left_to_do(rounds, named, crowd):
    wanted = service()
    if named:
        wanted.spec.ports[0].targetPort.type = 1
        wanted.spec.ports[0].targetPort.strVal = "serve"
    slices: dict[str, EndpointSlice] = {}
    for content in [*rounds, [pod(number, named_port=8080) for number in range(crowd)]]:
        seen = list({item.metadata.uid: item for item in content}.values())
        apply(slices, new.reconcile(wanted, seen, list(slices.values()), {}))
        again = new.reconcile(wanted, seen, list(slices.values()), {})
        assert not again, [(type(action).__name__, len(action.object.endpoints)) for action in again]
        held = [endpoint.targetRef.uid for item in slices.values() for endpoint in item.endpoints]
        assert sorted(held) == sorted(
            item.metadata.uid for item in seen if item.status.podIP and item.status.phase != "Succeeded"
        )
        assert all(len(item.endpoints) <= CAPACITY for item in slices.values())
        assert slices, "a service without pods has a slice that says so"


def test_an_endpoint_stays_in_its_slice_when_others_change():
    slices: dict[str, EndpointSlice] = {}
    crowd = [pod(number) for number in range(150)]
    apply(slices, new.reconcile(service(), crowd, [], {}))
    assert sorted(len(item.endpoints) for item in slices.values()) == [50, 100]
    crowd[3] = pod(3, ready=False)
    actions = new.reconcile(service(), crowd, list(slices.values()), {})
    assert len(actions) == 1
    assert isinstance(actions[0], Update)


def test_conditions_say_ready_serving_and_terminating():
    def conditions(published=False, **facts):
        (action,) = new.reconcile(service(publishNotReadyAddresses=published), [pod(1, **facts)], [], {"node-1": "a"})
        (endpoint,) = action.object.endpoints
        assert endpoint.nodeName == "node-1"
        assert endpoint.zone == "a"
        said = endpoint.conditions
        return said.ready, said.serving, said.terminating

    assert conditions() == (True, True, False)
    assert conditions(ready=False) == (False, False, False)
    assert conditions(deleting=True) == (False, True, True)
    assert conditions(published=True, ready=False) == (True, False, False)


def test_named_ports_that_differ_make_slices_of_their_own():
    wanted = service()
    wanted.spec.ports[0].targetPort.type = 1
    wanted.spec.ports[0].targetPort.strVal = "serve"
    actions = new.reconcile(wanted, [pod(1, named_port=8080), pod(2, named_port=9090)], [], {})
    assert sorted(action.object.ports[0].port for action in actions) == [8080, 9090]


def test_a_service_without_a_selector_is_left_alone():
    wanted = service()
    wanted.spec.selector.clear()
    assert new.reconcile(wanted, [], [], {}) == []
    assert old.reconcile(wanted, None, []) == []


def test_a_headless_service_labels_its_slices():
    (action,) = new.reconcile(service(clusterIP="None"), [pod(1)], [], {})
    assert "service.kubernetes.io/headless" in action.object.metadata.labels
    assert action.object.metadata.labels["endpointslice.kubernetes.io/managed-by"] == "endpointslice-controller.k8s.io"


def test_endpoints_tell_ready_from_not_ready_and_go_with_their_service():
    content = [pod(1), pod(2, ready=False), pod(3, deleting=True), pod(4, ip=False)]
    (action,) = old.reconcile(service(), None, content)
    made: Endpoints = action.object
    (subset,) = made.subsets
    assert [address.targetRef.name for address in subset.addresses] == ["web-1"]
    assert [address.targetRef.name for address in subset.notReadyAddresses] == ["web-2"]
    assert [(port.name, port.port) for port in subset.ports] == [("http", 8080)]
    made.metadata.uid = "endpoints"
    assert old.reconcile(service(), made, content) == []
    (gone,) = old.reconcile(None, made, [])
    assert gone == Delete(Endpoints, "web", "default", "endpoints")
    del made.metadata.labels[old.MANAGED_BY]
    assert old.reconcile(None, made, []) == [], "somebody else's Endpoints"
