"""How many nodes may be given up at a time, zone by zone: an outage of the network must not empty the cluster.

    Normal ──(at least 55% of a zone, and more than two nodes, not ready)──► Partial ──(all)──► Full

A node that is not ready is tainted `NoExecute` only when its zone has a token for that: one each ten seconds (Normal,
and Full while another zone is not), one each 100 seconds in a large zone that is Partial, none in a small one. When all
zones are Full, what is broken is more likely the connection to all of them: nothing is given up, and what was given up
is taken back. Source: *Nodes, rate limits on eviction*, in the Kubernetes documentation.
"""

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from kobune.api.core.v1 import Node
from kobune.controller_manager.nodes import condition_of

ZONE = "topology.kubernetes.io/zone"
REGION = "topology.kubernetes.io/region"
FEW = 2
"""So many nodes that are not ready disrupt no zone, however small."""
ROUNDING = 1e-9

Zone = tuple[str, str]
"""Region and zone."""


@dataclass(frozen=True)
class EvictionRates:
    """How fast nodes are given up, by the names of kube-controller-manager's flags."""

    node_eviction_rate: float = 0.1
    """Nodes of a zone that are given up in a second."""
    secondary_node_eviction_rate: float = 0.01
    """The same in a large zone much of which is not ready."""
    large_cluster_size_threshold: int = 50
    """How many nodes a zone that is not large has at most."""
    unhealthy_zone_threshold: float = 0.55
    """Which part of a zone must not be ready for that to be much."""


class Disruption(enum.Enum):
    """How much of a zone is not ready."""

    NORMAL = "Normal"
    PARTIAL = "PartialDisruption"
    FULL = "FullDisruption"


@dataclass(frozen=True)
class Bucket:
    """Gives out at most one token at a time, and so many in a second."""

    rate: float
    tokens: float
    at: float
    """When it held that many."""

    def held(self, now: float) -> float:
        """Return what it holds, up to one."""
        return min(1.0, self.tokens + max(now - self.at, 0.0) * self.rate)

    def taken(self, now: float) -> "Bucket":
        """Return it with a token less."""
        return replace(self, tokens=self.held(now) - 1.0, at=now)

    def wait(self, now: float) -> float | None:
        """Return in how many seconds it holds a token; None for never."""
        if self.rate <= 0:
            return None
        missing = 1.0 - self.held(now)
        return missing / self.rate if missing > ROUNDING else 0.0

    def paced(self, rate: float, now: float) -> "Bucket":
        """Return it at another rate, with what it holds; one that gave out nothing starts empty."""
        if rate == self.rate:
            return self
        return Bucket(rate, self.held(now) if self.rate > 0 else 0.0, now)


@dataclass(frozen=True)
class Zones:
    """What has to be remembered between two looks: how zones were, and their tokens."""

    disruptions: Mapping[Zone, Disruption] = field(default_factory=dict)
    buckets: Mapping[Zone, Bucket] = field(default_factory=dict)

    @property
    def all_full(self) -> bool:
        """Whether nothing at all was ready."""
        return bool(self.disruptions) and all(each is Disruption.FULL for each in self.disruptions.values())


def zone_of(node: Node) -> Zone:
    """Return where a node is; nodes that do not say are together."""
    labels = node.metadata.labels
    return labels.get(REGION, ""), labels.get(ZONE, "")


def is_ready(node: Node) -> bool:
    """Whether the node itself says that it is."""
    ready = condition_of(node, "Ready")
    return ready is not None and ready.status == "True"


def disruption_of(nodes: Sequence[Node], rates: EvictionRates) -> Disruption:
    """Return how much of a zone with these nodes is not ready."""
    unready = sum(not is_ready(node) for node in nodes)
    if unready and unready == len(nodes):
        return Disruption.FULL
    if unready > FEW and unready / len(nodes) >= rates.unhealthy_zone_threshold:
        return Disruption.PARTIAL
    return Disruption.NORMAL


def rate_of(disruption: Disruption, size: int, rates: EvictionRates) -> float:
    """Return how many nodes of such a zone may be given up in a second, while some other zone is well."""
    if disruption is not Disruption.PARTIAL:
        return rates.node_eviction_rate
    return rates.secondary_node_eviction_rate if size > rates.large_cluster_size_threshold else 0.0


def by_zone(nodes: Iterable[Node]) -> dict[Zone, list[Node]]:
    """Return the nodes of each zone."""
    zones: dict[Zone, list[Node]] = {}
    for node in nodes:
        zones.setdefault(zone_of(node), []).append(node)
    return zones


def assess(members: Mapping[Zone, Sequence[Node]], before: Zones, rates: EvictionRates, now: float) -> Zones:
    """Return how the zones are now, each with the tokens that it has at its present pace."""
    disruptions = {zone: disruption_of(nodes, rates) for zone, nodes in members.items()}
    buckets = {}
    everything = Zones(disruptions).all_full
    for zone, nodes in members.items():
        rate = 0.0 if everything else rate_of(disruptions[zone], len(nodes), rates)
        if everything or before.all_full:
            # What comes back after an outage of everything needs a moment to say so: nobody is given up in it.
            buckets[zone] = Bucket(rate, 0.0, now)
        elif (bucket := before.buckets.get(zone)) is not None:
            buckets[zone] = bucket.paced(rate, now)
        else:
            buckets[zone] = Bucket(rate, 1.0, now)
    return Zones(disruptions, buckets)
