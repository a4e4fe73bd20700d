"""HTTP extenders, version 1. Source: `k8s.io/kube-scheduler/extender/v1`, the reference *kube-scheduler Configuration*.

Every verb is a POST of JSON to `urlPrefix/verb`. Field names begin with capitals; answers are read whatever their case.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from kobune.apimachinery import codec
from kobune.apimachinery.clock import Clock, SystemClock
from kobune.scheduler.framework import No, PluginFailed
from kobune.scheduler.nodeinfo import NodeInfo
from kobune.scheduler.outside.post import Endpoint, PostFailed
from kobune.scheduler.outside.reports import Reports
from kobune.scheduler.podinfo import PodInfo
from kobune.scheduler.snapshot import Snapshot

HIGHEST: Final = 10
"""The best score that an extender gives; ours is 100."""


@dataclass(frozen=True)
class Verbs:
    """What an extender wants to be asked, each as the end of its URL; empty for what it does not."""

    filter: str = ""
    prioritize: str = ""
    preempt: str = ""
    bind: str = ""


class HttpExtender:
    """An extender, for one or more profiles."""

    def __init__(
        self,
        endpoint: Endpoint,
        verbs: Verbs,
        *,
        weight: int = 1,
        knows_nodes: bool = False,
        resources: frozenset[str] = frozenset(),
        ignorable: bool = False,
        clock: Clock | None = None,
    ) -> None:
        """Describe it. `resources`: only pods that ask for one of these concern it, if there are any."""
        self.name = endpoint.url
        self.weight = weight
        self.reports = Reports(endpoint.url, clock or SystemClock())
        self._endpoint = endpoint
        self._verbs = verbs
        self._knows_nodes = knows_nodes
        self._resources = resources
        self._ignorable = ignorable

    @property
    def patience(self) -> float:
        """How many seconds a decision may wait for it."""
        return 3 * self._endpoint.seconds

    def filter_many(self, pod: PodInfo, nodes: Sequence[NodeInfo], cluster: Snapshot) -> Mapping[str, No]:
        """Return the nodes that will not do."""
        if not self._verbs.filter or not self._is_interested(pod):
            return {}
        try:
            answer = self._post("filter", self._verbs.filter, self._question(pod, nodes))
            if error := answer.get("error"):
                raise PostFailed(str(error))
            return self._refused(answer, nodes)
        except PostFailed as error:
            if self._ignorable:
                self.reports.done_without(str(error))
                return {}
            raise PluginFailed(self.name, "filter", str(error)) from error

    def score_many(self, pod: PodInfo, nodes: Sequence[NodeInfo], cluster: Snapshot) -> Mapping[str, float]:
        """Return how good each node is; as in Kubernetes, pods are scheduled without it where that fails."""
        if not self._verbs.prioritize or not self._is_interested(pod):
            return {}
        try:
            with self.reports.measured("score"):
                answer = self._endpoint.post(self._verbs.prioritize, self._question(pod, nodes))
            if not isinstance(answer, list):
                raise PostFailed(f"{self._verbs.prioritize} is not answered with a list")
            scores = {}
            for entry in answer:
                found = _lower(entry)
                scores[str(found["host"])] = float(found["score"]) * 100 / HIGHEST
            return scores
        except (PostFailed, KeyError, TypeError, ValueError) as error:
            self.reports.done_without(str(error) if isinstance(error, PostFailed) else f"its scores are odd: {error!r}")
            return {}

    def review_victims(self, pod: PodInfo, victims: Mapping[str, Sequence[PodInfo]]) -> Mapping[str, Sequence[PodInfo]]:
        """Return which pods may be evicted on which node."""
        if not self._verbs.preempt or not self._is_interested(pod):
            return victims
        try:
            answer = self._post("preempt", self._verbs.preempt, self._preemption(pod, victims))
            kept: dict[str, Sequence[PodInfo]] = {}
            for node, meta in (answer.get("nodenametometavictims") or {}).items():
                uids = {str(_lower(one).get("uid")) for one in _lower(meta).get("pods") or ()}
                if node not in victims:
                    raise PostFailed(f"it names the node {node}, about which it was not asked")
                kept[node] = [victim for victim in victims[node] if victim.metadata.uid in uids]
            return kept
        except PostFailed as error:
            if self._ignorable:
                self.reports.done_without(str(error))
                return victims
            raise PluginFailed(self.name, "preempt", str(error)) from error

    def troubles(self) -> list[str]:
        """Return what went wrong without failing the pod."""
        return self.reports.troubles()

    def close(self) -> None:
        """Close its connections."""
        self._endpoint.close()

    def _is_interested(self, pod: PodInfo) -> bool:
        return not self._resources or any(pod.requests.get(name, 0) for name in self._resources)

    def _post(self, point: str, verb: str, question: Any) -> dict[str, Any]:
        with self.reports.measured(point):
            return _lower(self._endpoint.post(verb, question))

    def _question(self, pod: PodInfo, nodes: Sequence[NodeInfo]) -> dict[str, Any]:
        question: dict[str, Any] = {"Pod": codec.encode(pod.pod), "Nodes": None, "NodeNames": None}
        if self._knows_nodes:
            question["NodeNames"] = [node.name for node in nodes]
        else:
            question["Nodes"] = {"metadata": {}, "items": [codec.encode(node.node) for node in nodes]}
        return question

    def _refused(self, answer: Mapping[str, Any], nodes: Sequence[NodeInfo]) -> dict[str, No]:
        names, listed = answer.get("nodenames"), answer.get("nodes")
        if self._knows_nodes and names is not None:
            left = set(names)
        elif listed is not None:
            left = {item["metadata"]["name"] for item in _lower(listed).get("items") or ()}
        else:
            left = set()
        if unknown := left - {node.name for node in nodes}:
            raise PostFailed(f"it names the node {min(unknown)}, about which it was not asked")
        why = {**(answer.get("failednodes") or {})}
        final = {**(answer.get("failedandunresolvablenodes") or {})}
        refused = {}
        for node in nodes:
            if node.name in final:
                refused[node.name] = No((str(final[node.name]),), final=True)
            elif node.name in why or node.name not in left:
                refused[node.name] = No((str(why.get(node.name) or f"node(s) were filtered out by {self.name}"),))
        return refused

    def _preemption(self, pod: PodInfo, victims: Mapping[str, Sequence[PodInfo]]) -> dict[str, Any]:
        question: dict[str, Any] = {"Pod": codec.encode(pod.pod)}
        if self._knows_nodes:
            question["NodeNameToMetaVictims"] = {
                node: {"Pods": [{"UID": one.metadata.uid} for one in pods], "NumPDBViolations": 0}
                for node, pods in victims.items()
            }
        else:
            question["NodeNameToVictims"] = {
                node: {"Pods": [codec.encode(one.pod) for one in pods], "NumPDBViolations": 0}
                for node, pods in victims.items()
            }
        return question


class BindingExtender(HttpExtender):
    """An extender that binds the pods that concern it."""

    async def bind(self, pod: PodInfo, node: NodeInfo) -> bool:
        """Let it bind the pod, if that is its business."""
        if not self._is_interested(pod):
            return False
        meta = pod.metadata
        question = {"PodName": meta.name, "PodNamespace": meta.namespace, "PodUID": meta.uid, "Node": node.name}
        try:
            answer = await asyncio.to_thread(self._post, "bind", self._verbs.bind, question)
        except PostFailed as error:
            raise PluginFailed(self.name, "bind", str(error)) from error
        if why := answer.get("error"):
            raise PluginFailed(self.name, "bind", str(why))
        return True


def _lower(tree: Any) -> dict[str, Any]:
    """Return a mapping with its keys in lower case: who answers may write them as they like."""
    if not isinstance(tree, dict):
        raise PostFailed(f"{tree!r} is not an object")
    return {str(key).lower(): value for key, value in tree.items()}
