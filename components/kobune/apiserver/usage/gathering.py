"""Asks all kubelets what their pods use."""

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field

import grpc

from kobune.apiserver.cache.view import View
from kobune.apiserver.kubelets.kubelets import Kubelets
from kobune.node.v1 import PodUsage

log = logging.getLogger(__name__)

FRESH = 1.0
"""Seconds for which an answer is good enough for others who ask."""
PATIENCE = 5.0
"""Seconds that a kubelet may take; the pods of one that does not answer are left out."""


@dataclass(frozen=True)
class Usages:
    """What was measured, by namespace and name of the pod."""

    pods: dict[tuple[str, str], PodUsage] = field(default_factory=dict)
    nodes: frozenset[str] = frozenset()
    """Those whose kubelet has answered."""


class Gathering:
    """Asks when somebody wants to know, once for all who want to know at a time."""

    def __init__(self, view: View, kubelets: Kubelets) -> None:
        self._view = view
        self._kubelets = kubelets
        self._latest = Usages()
        self._at = 0.0
        self._asking = asyncio.Lock()

    async def usages(self) -> Usages:
        """Return what all pods use."""
        async with self._asking:
            if self._view.now() - self._at > FRESH:
                self._latest = await self._ask()
                self._at = self._view.now()
            return self._latest

    async def _ask(self) -> Usages:
        by_address: dict[str, list[str]] = {}
        for node in self._view.select("nodes"):
            if address := self._kubelets.address_of(node):
                by_address.setdefault(address, []).append(node.metadata.name)
        answers = await asyncio.gather(*map(self._usage_at, by_address))
        pods: dict[tuple[str, str], PodUsage] = {}
        nodes: set[str] = set()
        for names, answer in zip(by_address.values(), answers, strict=True):
            if answer is not None:
                nodes.update(names)
                pods.update(((each.namespace, each.name), each) for each in answer)
        return Usages(pods, frozenset(nodes))

    async def _usage_at(self, address: str) -> Iterable[PodUsage] | None:
        try:
            return await self._kubelets.usage(address, PATIENCE)
        except grpc.aio.AioRpcError as error:
            log.warning("the kubelet at %s does not say what its pods use: %s", address, error.details())
            return None
