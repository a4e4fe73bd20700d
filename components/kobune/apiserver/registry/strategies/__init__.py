"""The kinds that differ: a module for each group of them, with a row for each."""

from collections.abc import Mapping

from kobune.apiserver.registry.strategies import (
    access,
    cluster,
    configuration,
    devices,
    extension,
    jobs,
    network,
    storage,
    workloads,
)
from kobune.apiserver.registry.strategies.pod import PodStrategy
from kobune.apiserver.registry.strategy import Strategy

GROUPS = (access, cluster, configuration, devices, extension, jobs, network, storage, workloads)


def strategies() -> Mapping[tuple[str, str], Strategy]:
    """Return the strategy of each kind that has one of its own, by group and plural."""
    found: dict[tuple[str, str], Strategy] = {("", "pods"): PodStrategy()}
    for group in GROUPS:
        found.update(group.kinds())
    return found
