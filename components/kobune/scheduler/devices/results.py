"""What is written into a claim about the devices that it got."""

from collections.abc import Sequence

from kobune.api.core.v1 import NodeSelectorTerm
from kobune.api.resource.v1 import AllocationResult
from kobune.apimachinery.node_selectors import NAME
from kobune.scheduler.devices.allocator import Given
from kobune.scheduler.devices.demand import Demand


def allocation_of(demand: Demand, given: Sequence[Given]) -> AllocationResult:
    """Return the allocation of a claim: its devices, what they are to be set up with, and where they can be used."""
    allocation = AllocationResult()
    for wish, offered in given:
        result = allocation.devices.results.add(request=wish.name)
        result.driver, result.pool, result.device = offered.id
        if wish.is_admin:
            result.adminAccess = True
        result.tolerations.extend(wish.tolerations)
    _configure(allocation, demand, given)
    _confine(allocation, given)
    return allocation


def _configure(allocation: AllocationResult, demand: Demand, given: Sequence[Given]) -> None:
    wishes = list({wish.name: wish for wish, _ in given}.values())
    for wish in wishes:
        for of_class in wish.device_class.spec.config:
            made = allocation.devices.config.add(source="FromClass", requests=[wish.name])
            made.deviceConfiguration.CopyFrom(of_class.deviceConfiguration)
    names = {name for wish in wishes for name in (wish.name, wish.request)}
    for of_claim in demand.claim.spec.devices.config:
        if not of_claim.requests or names.intersection(of_claim.requests):
            made = allocation.devices.config.add(source="FromClaim", requests=of_claim.requests)
            made.deviceConfiguration.CopyFrom(of_claim.deviceConfiguration)


def _confine(allocation: AllocationResult, given: Sequence[Given]) -> None:
    """Say which nodes can use all of the devices; nothing if every node can."""
    nodes = {offered.node_name for _, offered in given if offered.node_name}
    term = NodeSelectorTerm()
    if nodes:
        term.matchFields.add(key=NAME, operator="In", values=sorted(nodes))
    else:
        for _, offered in given:
            for one in offered.selector.nodeSelectorTerms if offered.selector is not None else ():
                _add_missing(term.matchExpressions, one.matchExpressions)
                _add_missing(term.matchFields, one.matchFields)
    if term.matchFields or term.matchExpressions:
        allocation.nodeSelector.nodeSelectorTerms.append(term)


def _add_missing(known: object, more: object) -> None:
    for one in more:  # type: ignore[attr-defined]  # repeated fields have no common type
        if one not in known:  # type: ignore[operator]
            known.append(one)  # type: ignore[attr-defined]
