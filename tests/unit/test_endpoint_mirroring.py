"""Hand-made Endpoints become slices, and these go when somebody else sees to them."""

from copy import deepcopy
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kobune.api.core.v1 import Endpoints, Service
from kobune.api.discovery.v1 import EndpointSlice
from kobune.client import Create, Delete, RecordEvent, Update
from kobune.controller_manager.controllers.endpointslicemirroring import MOST, mirrored, reconcile

NUMBERS = count()


def service(**selector: str) -> Service:
    made = Service()
    made.metadata.name, made.metadata.namespace = "db", "default"
    made.spec.selector.update(selector)
    return made


def endpoints(*subsets: tuple[list[str], list[str], int]) -> Endpoints:
    made = Endpoints()
    made.metadata.name, made.metadata.namespace, made.metadata.uid = "db", "default", "endpoints"
    for ready, not_ready, port in subsets:
        subset = made.subsets.add()
        subset.ports.add(name="sql", port=port, protocol="TCP")
        for ip in ready:
            subset.addresses.add(ip=ip)
        for ip in not_ready:
            subset.notReadyAddresses.add(ip=ip)
    return made


def apply(slices: dict[str, EndpointSlice], actions) -> list[str]:
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
    return [action.message for action in actions if isinstance(action, RecordEvent)]


ips = st.one_of(st.integers(1, 9).map("192.0.2.{}".format), st.integers(1, 9).map("2001:db8::{}".format))
subsets = st.tuples(st.lists(ips, max_size=4), st.lists(ips, max_size=4), st.sampled_from([5432, 5433]))


@given(st.lists(st.lists(subsets, max_size=3), min_size=1, max_size=4), st.booleans())
def test_slices_show_every_address_once_and_then_nothing_is_left_to_do(rounds, doubled):
    slices: dict[str, EndpointSlice] = {}
    for content in rounds:
        item = endpoints(*content)
        if doubled:  # as after a write that nobody heard of
            apply(slices, reconcile(service(), item, []))
        apply(slices, reconcile(service(), item, list(slices.values())))
        assert reconcile(service(), item, list(slices.values())) == []
        shown = [
            (item.ports[0].port, each.addresses[0], item.addressType)
            for item in slices.values()
            for each in item.endpoints
        ]
        wanted = {
            (port, ip, "IPv6" if ":" in ip else "IPv4") for ready, others, port in content for ip in (*ready, *others)
        }
        assert sorted(shown) == sorted(wanted)
    apply(slices, reconcile(service(app="db"), item, list(slices.values())))
    assert not slices


@pytest.mark.parametrize("why", ["label", "annotation", "no service", "gone", "selector"])
def test_what_is_not_to_be_mirrored_has_no_slices(why):
    slices: dict[str, EndpointSlice] = {}
    item = endpoints((["192.0.2.1"], [], 5432))
    apply(slices, reconcile(service(), item, []))
    assert len(slices) == 1
    if why == "label":
        item.metadata.labels["endpointslice.kubernetes.io/skip-mirror"] = "true"
    elif why == "annotation":
        item.metadata.annotations["control-plane.alpha.kubernetes.io/leader"] = "{}"
    of = None if why == "no service" else service(app="db") if why == "selector" else service()
    apply(slices, reconcile(of, None if why == "gone" else item, list(slices.values())))
    assert not slices


def test_a_mirror_has_its_labels_its_annotations_and_its_owner():
    item = endpoints((["192.0.2.1"], ["192.0.2.2"], 5432))
    item.metadata.labels["team"] = "storage"
    item.metadata.annotations["note"] = "ours"
    item.metadata.annotations["kubectl.kubernetes.io/last-applied-configuration"] = "{}"
    item.subsets[0].addresses[0].hostname = "primary"
    (action,) = reconcile(service(), item, [])
    made = action.object
    assert dict(made.metadata.labels) == {
        "team": "storage",
        "kubernetes.io/service-name": "db",
        "endpointslice.kubernetes.io/managed-by": "endpointslicemirroring-controller.k8s.io",
    }
    assert dict(made.metadata.annotations) == {"note": "ours"}
    assert [(owner.kind, owner.name, owner.controller) for owner in made.metadata.ownerReferences] == [
        ("Endpoints", "db", True)
    ]
    assert [(each.conditions.ready, each.hostname) for each in made.endpoints] == [(True, "primary"), (False, "")]


def test_of_too_many_addresses_the_first_are_mirrored_and_the_rest_is_said():
    crowd = [f"192.0.{number // 200}.{number % 200 + 1}" for number in range(MOST + 5)]
    made, event = reconcile(service(), endpoints((crowd[:-10], crowd[-10:], 5432)), [])
    assert len(made.object.endpoints) == MOST
    assert (event.reason, event.message) == (
        "TooManyAddressesToMirror",
        "A max of 1000 addresses can be mirrored to EndpointSlices per Endpoints subset. 5 addresses were skipped",
    )
    assert mirrored(endpoints((["not-an-address"], [], 1))).invalid == 1
