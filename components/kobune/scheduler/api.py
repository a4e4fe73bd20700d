"""What the scheduler tells about its decisions: `kobune.scheduler.v1.Decisions`."""

# ruff: noqa: N802 (the methods have their names from the contract)

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

import grpc
import grpc.aio

from kobune.scheduler import v1 as messages
from kobune.scheduler.asking import Asker
from kobune.scheduler.framework import No, PluginFailed, Profile
from kobune.scheduler.lab.explain import Explanation, Verdict, explain
from kobune.scheduler.lab.journal import Journal
from kobune.scheduler.podinfo import PodInfo
from kobune.scheduler.snapshot import Snapshot

SECONDS: Final = 30.0
"""How long others' plugins may take to say again what they said."""

Context = grpc.aio.ServicerContext[Any, Any]


class Decisions:
    """Explains what was decided, on the cluster as it was then."""

    def __init__(self, journal: Journal, profiles: Mapping[str, Profile]) -> None:
        self._journal = journal
        self._profiles = profiles
        self._asker = Asker(SECONDS)

    async def Explain(self, request: messages.ExplainRequest, context: Context) -> AsyncIterator[messages.Explanation]:
        decided = self._journal.find(request.namespace or "default", request.pod)
        if decided is None:
            why = f"nothing was decided here about {request.namespace}/{request.pod} within the last hour"
            await context.abort(grpc.StatusCode.NOT_FOUND, why)
            raise AssertionError("abort raises")
        past = self._journal.as_of(decided.position)
        if past is None:
            await context.abort(grpc.StatusCode.OUT_OF_RANGE, "too much has happened since that was decided")
            raise AssertionError("abort raises")
        pod = decided.pod
        profile = self._profiles[pod.spec.schedulerName]
        try:
            found = await self._explained(profile, pod, past)
        except PluginFailed as error:
            await context.abort(grpc.StatusCode.UNAVAILABLE, str(error))
            raise AssertionError("abort raises") from error
        fitting = sum(verdict.no is None for verdict in found.verdicts)
        summary = messages.Summary(
            scheduler=profile.name,
            time=decided.time,
            nodes=past.node_count,
            fitting=fitting,
            node=decided.node,
            message=decided.message,
        )
        summary.otherwise.extend(found.counterfactuals)
        if found.refused is not None:
            summary.refused.CopyFrom(_objection(found.refused))
        yield messages.Explanation(summary=summary)
        for verdict in found.verdicts:
            yield messages.Explanation(verdict=_verdict(verdict))

    async def _explained(self, profile: Profile, pod: PodInfo, past: Snapshot) -> Explanation:
        # Off the event loop: with thousands of nodes it takes a while, and `past` is ours alone.
        if profile.foreign:
            return await self._asker.ask(profile, lambda: explain(profile, pod, past))
        return await asyncio.to_thread(explain, profile, pod, past)


def _verdict(verdict: Verdict) -> messages.Verdict:
    if verdict.no is not None:
        return messages.Verdict(node=verdict.node, objection=_objection(verdict.no))
    scores = [
        messages.Score(plugin=plugin, score=score, weight=weight) for plugin, (score, weight) in verdict.scores.items()
    ]
    return messages.Verdict(node=verdict.node, rank=verdict.rank, total=verdict.total, scores=scores)


def _objection(no: No) -> messages.Objection:
    return messages.Objection(plugin=no.plugin, reasons=no.reasons, final=no.final)
