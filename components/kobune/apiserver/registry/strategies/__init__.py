"""The kinds that differ, one module each."""

from collections.abc import Mapping

from kobune.apiserver.registry.strategies.cluster import NamespaceStrategy, NodeStrategy
from kobune.apiserver.registry.strategies.pod import PodStrategy
from kobune.apiserver.registry.strategy import Strategy


def strategies() -> Mapping[tuple[str, str], Strategy]:
    """Return the strategy of each kind that has one of its own, by group and plural."""
    return {
        ("", "namespaces"): NamespaceStrategy(),
        ("", "nodes"): NodeStrategy(),
        ("", "pods"): PodStrategy(),
    }
