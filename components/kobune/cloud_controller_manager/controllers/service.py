"""Gives each Service of type LoadBalancer a load balancer of the cloud, and takes it away again.

    no finalizer ──► finalizer ──► ensured ──► in the status ──(Service goes, or wants none)──► deleted ──► no finalizer

The load balancer itself says what it is, so nothing has to be remembered here. Source: *Service* in the Kubernetes
documentation, and KEP-3458.
"""

import hashlib
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from kobune.api.core.v1 import Node, Service
from kobune.apimachinery.meta import is_deleting, key_of
from kobune.client import (
    Action,
    Controller,
    Effect,
    RecordEvent,
    RequeueAfter,
    Retry,
    Update,
    UpdateStatus,
    View,
    Watch,
)
from kobune.cloud.v1 import LoadBalancer
from kobune.cloud_controller_manager.cloud import Cloud, CloudError
from kobune.cloud_controller_manager.controllers.node import UNINITIALIZED

log = logging.getLogger(__name__)

WHO = "cloud-controller-manager"
FINALIZER = "service.kubernetes.io/load-balancer-cleanup"
EXCLUDED = "node.kubernetes.io/exclude-from-external-load-balancers"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"

Found = LoadBalancer | CloudError | None
"""The load balancer that a Service has, or why that is not known."""


@dataclass(frozen=True)
class EnsureLoadBalancer(Effect):
    """Have the cloud make or change a Service's load balancer."""

    service: Service
    nodes: Sequence[Node]


@dataclass(frozen=True)
class UpdateLoadBalancer(Effect):
    """Have a Service's load balancer lead to other nodes."""

    service: Service
    nodes: Sequence[Node]


@dataclass(frozen=True)
class DeleteLoadBalancer(Effect):
    """Have the cloud remove a Service's load balancer."""

    service: Service


def reconcile(service: Service, found: Found, nodes: Sequence[Node]) -> list[Action]:
    """Plan the next step towards the load balancer that a Service wants."""
    if isinstance(found, CloudError):
        return [
            RecordEvent(service, "Warning", "SyncLoadBalancerFailed", f"Error syncing load balancer: {found}"),
            Retry(found),
        ]
    if not wants_load_balancer(service) or is_deleting(service.metadata):
        return clean_up(service, found)
    if FINALIZER not in service.metadata.finalizers:
        return [Update(with_finalizer(service))]
    if found is None or found.fingerprint != fingerprint_of(service):
        return [
            RecordEvent(service, "Normal", "EnsuringLoadBalancer", "Ensuring load balancer"),
            *changes(service, found),
            *complaints(service, nodes),
            EnsureLoadBalancer(service, nodes),
        ]
    if list(found.nodes) != [node.metadata.name for node in nodes]:
        return [*complaints(service, nodes), UpdateLoadBalancer(service, nodes)]
    if service.status.loadBalancer != found.status:
        return [UpdateStatus(with_status(service, found))]
    return []


def clean_up(service: Service, found: LoadBalancer | None) -> list[Action]:
    """Plan the next step towards no load balancer."""
    if FINALIZER not in service.metadata.finalizers:
        return []
    if found is not None:
        type_ = service.spec.type
        became = [] if type_ == "LoadBalancer" else [changed(service, "Type", "LoadBalancer", type_)]
        return [
            *became,
            RecordEvent(service, "Normal", "DeletingLoadBalancer", "Deleting load balancer"),
            DeleteLoadBalancer(service),
        ]
    if service.status.loadBalancer.ingress and not is_deleting(service.metadata):
        return [UpdateStatus(with_status(service, LoadBalancer())), RequeueAfter(0)]
    return [Update(without_finalizer(service))]


def changes(service: Service, found: LoadBalancer | None) -> list[Action]:
    """Return the events that say what about a Service is no longer as its load balancer was made for."""
    if found is None:
        return []
    spec = service.spec
    rows = [
        ("LoadBalancerSourceRanges", listed(found.source_ranges), listed(spec.loadBalancerSourceRanges)),
        ("ExternalTrafficPolicy", found.external_traffic_policy, spec.externalTrafficPolicy),
        ("HealthCheckNodePort", str(found.health_check_node_port), str(spec.healthCheckNodePort)),
    ]
    return [changed(service, what, before, after) for what, before, after in rows if before != after]


def changed(service: Service, what: str, before: str, after: str) -> Action:
    return RecordEvent(service, "Normal", what, f"{before} -> {after}")


def listed(values: Iterable[str]) -> str:
    """Return a list as Kubernetes' events show it."""
    return f"[{' '.join(values)}]"


def complaints(service: Service, nodes: Sequence[Node]) -> list[Action]:
    if nodes:
        return []
    message = "There are no available nodes for LoadBalancer"
    return [RecordEvent(service, "Warning", "UnAvailableLoadBalancer", message)]


def wants_load_balancer(service: Service) -> bool:
    """Whether a Service wants a load balancer of ours; one of some class is somebody else's business."""
    return service.spec.type == "LoadBalancer" and not service.spec.loadBalancerClass


def fingerprint_of(service: Service) -> str:
    """Return what stands for all that a cloud may care for in a Service."""
    relevant = Service()
    relevant.spec.CopyFrom(service.spec)
    relevant.spec.ClearField("selector")
    annotations = {key: value for key, value in service.metadata.annotations.items() if key != LAST_APPLIED}
    relevant.metadata.annotations.update(annotations)
    return hashlib.sha256(relevant.SerializeToString(deterministic=True)).hexdigest()[:16]


def is_eligible(node: Node) -> bool:
    """Whether load balancers may lead to a node: also to one that is not ready, for they look for themselves."""
    if EXCLUDED in node.metadata.labels or is_deleting(node.metadata):
        return False
    return bool(node.spec.providerID) and not any(taint.key == UNINITIALIZED for taint in node.spec.taints)


def with_finalizer(service: Service) -> Service:
    copy = copy_of(service)
    copy.metadata.finalizers.append(FINALIZER)
    return copy


def without_finalizer(service: Service) -> Service:
    copy = copy_of(service)
    copy.metadata.finalizers.remove(FINALIZER)
    return copy


def with_status(service: Service, balancer: LoadBalancer) -> Service:
    copy = copy_of(service)
    copy.status.loadBalancer.CopyFrom(balancer.status)
    return copy


def copy_of(service: Service) -> Service:
    copy = Service()
    copy.CopyFrom(service)
    return copy


def service_controller(cloud: Cloud) -> Controller:
    """Return the controller that has a cloud make load balancers."""

    async def observe(view: View, key: str) -> tuple[Any, ...] | None:
        service = view.get(Service, key)
        if service is None or not (wants_load_balancer(service) or FINALIZER in service.metadata.finalizers):
            return None
        nodes = sorted(filter(is_eligible, view.all(Node)), key=lambda node: node.metadata.name)
        found: Found
        try:
            found = await cloud.load_balancer(service)
        except CloudError as error:
            found = error
        return service, found, nodes

    async def perform(effect: Effect) -> list[Action]:
        """Do it, and look again: what follows depends on what the load balancer is then."""
        match effect:
            case EnsureLoadBalancer(service, nodes):
                try:
                    made = await cloud.ensure_load_balancer(service, nodes, fingerprint_of(service))
                except CloudError as error:
                    return failed(service, error, "Error syncing load balancer: failed to ensure load balancer")
                where = ", ".join(ingress.ip or ingress.hostname for ingress in made.status.ingress) or "no address yet"
                log.info("%s: ensured the load balancer of %s at %s", WHO, key_of_service(service), where)
                done = RecordEvent(service, "Normal", "EnsuredLoadBalancer", "Ensured load balancer")
            case UpdateLoadBalancer(service, nodes):
                try:
                    await cloud.update_load_balancer(service, nodes)
                except CloudError as error:
                    names = " ".join(node.metadata.name for node in nodes)
                    message = f"Error updating load balancer with new hosts [{names}]"
                    return failed(service, error, message, "UpdateLoadBalancerFailed")
                log.info("%s: the load balancer of %s leads to %d nodes", WHO, key_of_service(service), len(nodes))
                done = RecordEvent(service, "Normal", "UpdatedLoadBalancer", "Updated load balancer with new hosts")
            case DeleteLoadBalancer(service):
                try:
                    await cloud.ensure_load_balancer_deleted(service)
                except CloudError as error:
                    return failed(service, error, "Error syncing load balancer: failed to delete load balancer")
                log.info("%s: deleted the load balancer of %s", WHO, key_of_service(service))
                done = RecordEvent(service, "Normal", "DeletedLoadBalancer", "Deleted load balancer")
            case _:
                raise TypeError(f"the service controller does not know {type(effect).__name__}")
        return [done, RequeueAfter(0)]

    return Controller(
        name="service",
        reporter="service-controller",
        root=Service,
        watches=[Watch(Node, keys_of_all, changes_nodes)],
        observe=observe,
        reconcile=reconcile,
        perform=perform,
    )


def failed(service: Service, error: CloudError, what: str, reason: str = "SyncLoadBalancerFailed") -> list[Action]:
    return [RecordEvent(service, "Warning", reason, f"{what}: {error}"), Retry(error)]


def keys_of_all(view: View, node: Node) -> Iterable[str]:
    """Return the keys of all Services that have load balancers."""
    for service in view.all(Service):
        if wants_load_balancer(service):
            yield key_of_service(service)


def key_of_service(service: Service) -> str:
    return key_of(service.metadata.namespace, service.metadata.name)


def changes_nodes(old: Node | None, new: Node | None) -> bool:
    """Whether the nodes that load balancers lead to are others now."""
    return (old is not None and is_eligible(old)) != (new is not None and is_eligible(new))
