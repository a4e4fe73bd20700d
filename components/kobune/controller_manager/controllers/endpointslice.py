"""Keeps a Service's EndpointSlices: the addresses of its pods, whether they can serve, and whom they are for.

pods ──► endpoints, by ports ──► hints (`networking/hints.py`) ──► packed into slices, each where it was
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kobune.api.core.v1 import Node, ObjectReference, Pod, Service
from kobune.api.discovery.v1 import Endpoint, EndpointConditions, EndpointPort, EndpointSlice
from kobune.apimachinery.meta import is_deleting, key_of
from kobune.client import Action, Controller, Create, RecordEvent, Update, View, Watch, delete
from kobune.controller_manager.networking.hints import (
    CONTROL_PLANE,
    DISABLED,
    ENABLED,
    FAMILY,
    ZONE,
    Shares,
    facts_of,
    give,
    is_proportional,
    shares_of,
    zones_for,
)
from kobune.controller_manager.networking.slices import (
    MANAGED_BY,
    MANAGER,
    Ports,
    pack,
    ports_in,
    service_of,
    slices_of,
)
from kobune.controller_manager.networking.triggers import mark, trigger_time
from kobune.controller_manager.nodes import condition_of, pods_on
from kobune.controller_manager.pods import is_finished, is_ready
from kobune.controller_manager.services import (
    has_pods,
    matters_to_endpoints,
    pods_of,
    services_of,
    target_ports,
)


def reconcile(
    service: Service,
    pods: Sequence[Pod],
    slices: Sequence[EndpointSlice],
    zones: Mapping[str, str],
    shares: Shares | None = None,
) -> list[Action]:
    """Plan the changes of a Service's slices. An endpoint stays in its slice, so that few slices change.

    `zones` are those of the nodes, by name; `shares` how much of the cluster's CPUs each zone has.
    """
    if is_deleting(service.metadata) or not has_pods(service):
        return []
    wanted: dict[Ports, dict[str, Endpoint]] = defaultdict(dict)
    for pod in pods:
        if pod.status.podIP and not is_finished(pod):
            wanted[ports_of(service, pod)][pod.metadata.uid] = endpoint_of(service, pod, zones)
    if not wanted:
        wanted[()] = {}  # a slice without endpoints says that somebody looked
    slices = sorted((item for item in slices if not is_deleting(item.metadata)), key=lambda item: item.metadata.name)
    endpoints_by_uid = {uid: endpoint for group in wanted.values() for uid, endpoint in group.items()}
    why_not = give(service, endpoints_by_uid, slices, shares or {})
    actions: list[Action] = list(news(service, endpoints_by_uid, slices, why_not))
    existing: dict[Ports, list[EndpointSlice]] = defaultdict(list)
    for item in slices:
        existing[ports_in(item)].append(item)
    for ports, items in existing.items():
        if ports not in wanted:
            actions += [delete(item) for item in items]
    for ports, endpoints in wanted.items():
        actions += pack(service, ports, endpoints, existing[ports])
    writes = [action.object for action in actions if isinstance(action, Create | Update)]
    if writes:
        time = trigger_time(service, pods, shown(slices) if slices else None)
        for made in writes:
            mark(made.metadata, time)
    return actions


def shown(slices: Iterable[EndpointSlice]) -> dict[str, bool]:
    """Return the uids of the pods that slices have, and whether they say that these serve."""
    return {each.targetRef.uid: each.conditions.serving for item in slices for each in item.endpoints}


def news(
    service: Service, endpoints: Mapping[str, Endpoint], slices: Sequence[EndpointSlice], why_not: str
) -> Iterable[RecordEvent]:
    """Yield what people should hear of hints that a Service asks for in proportion to its zones."""
    if why_not:
        yield RecordEvent(service, "Warning", DISABLED, why_not)
    elif (
        is_proportional(service)
        and not zones_for(slices)
        and any(each.HasField("hints") for each in endpoints.values())
    ):
        message = f"Topology Aware Hints has been enabled, addressType: {FAMILY}"
        yield RecordEvent(service, "Normal", ENABLED, message)


def endpoint_of(service: Service, pod: Pod, zones: Mapping[str, str]) -> Endpoint:
    """Return a pod as an endpoint."""
    serving, terminating = is_ready(pod), is_deleting(pod.metadata)
    ready = service.spec.publishNotReadyAddresses or (serving and not terminating)
    endpoint = Endpoint(
        addresses=[pod.status.podIP],
        conditions=EndpointConditions(ready=ready, serving=serving, terminating=terminating),
        targetRef=ObjectReference(
            kind="Pod", namespace=pod.metadata.namespace, name=pod.metadata.name, uid=pod.metadata.uid
        ),
    )
    if pod.spec.nodeName:
        endpoint.nodeName = pod.spec.nodeName
        if zone := zones.get(pod.spec.nodeName):
            endpoint.zone = zone
    if pod.spec.hostname and pod.spec.subdomain == service.metadata.name:
        endpoint.hostname = pod.spec.hostname
    return endpoint


def ports_of(service: Service, pod: Pod) -> Ports:
    """Return the ports at which a pod serves the Service; named ports may differ from pod to pod."""
    ports = []
    for port, number in target_ports(service, pod):
        made = EndpointPort(name=port.name, protocol=port.protocol or "TCP", port=number)
        if port.HasField("appProtocol"):
            made.appProtocol = port.appProtocol
        ports.append(made.SerializeToString(deterministic=True))
    return tuple(ports)


async def observe(view: View, key: str) -> tuple[Any, ...] | None:
    """Return what `reconcile` takes."""
    service = view.get(Service, key)
    if service is None:
        return None
    slices = [item for item in slices_of(view, key) if item.metadata.labels.get(MANAGED_BY) == MANAGER]
    pods, zones = [], {}
    for pod in pods_of(view, service):
        node = view.get(Node, pod.spec.nodeName) if pod.spec.nodeName else None
        # A pod of a node that is gone serves nobody, unless whoever made the Service wants to see everything.
        if node is not None or not pod.spec.nodeName or service.spec.publishNotReadyAddresses:
            pods.append(pod)
        if node is not None and ZONE in node.metadata.labels:
            zones[pod.spec.nodeName] = node.metadata.labels[ZONE]
    shares = shares_of(view.all(Node)) if is_proportional(service) else None
    return service, pods, slices, zones, shares


def services_at(view: View, node: Node) -> Iterable[str]:
    """Return the keys of the Services that a node matters to: it has their pods, or its CPUs count."""
    yield from {key for pod in pods_on(view, node.metadata.name) for key in services_of(view, pod)}
    for service in view.informer(Service).index("proportional", by_proportion).get("Auto"):
        yield key_of(service.metadata.namespace, service.metadata.name)


def by_proportion(service: Service) -> Iterable[str]:
    return ("Auto",) if is_proportional(service) else ()


def is_elsewhere(old: Node | None, new: Node | None) -> bool:
    """Whether a node is new or gone, or other in what hints are made of."""
    return old is None or new is None or standing(old) != standing(new)


def standing(node: Node) -> tuple[object, ...]:
    """Return what hints are made of."""
    ready = condition_of(node, "Ready")
    is_ready = ready is not None and ready.status == "True"
    return facts_of(node), is_ready, any(label in node.metadata.labels for label in CONTROL_PLANE)


endpointslice = Controller(
    name="endpointslice",
    root=Service,
    watches=[
        Watch(EndpointSlice, service_of),
        Watch(Pod, services_of, matters_to_endpoints),
        Watch(Node, services_at, is_elsewhere),
    ],
    observe=observe,
    reconcile=reconcile,
)
