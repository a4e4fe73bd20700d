"""The state of a running cluster, for those who ask what would be if."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from kobune.api.core.v1 import Node, Pod
from kobune.api.resource.v1 import ResourceClaimTemplate
from kobune.apimachinery.errors import MethodNotAllowed, NotFound
from kobune.apimachinery.kinds import M
from kobune.client import Client
from kobune.scheduler.podinfo import PodInfo
from kobune.scheduler.service import LOOKED_AT, POD_GROUPS
from kobune.scheduler.snapshot import ENDED, Snapshot

TEMPLATES: Final[Mapping[str, type[Any]]] = {"resourceclaimtemplates": ResourceClaimTemplate}
"""What pods that do not exist yet would have claims made of."""


async def as_created(client: Client, items: Sequence[M]) -> list[M]:
    """Return objects as they would be if they were created: with defaults, priorities and what else admission does.

    Raises the `ApiError` of the first that would be refused.
    """
    return [await client.create(item, dry_run=True) for item in items]


async def snapshot_of(client: Client) -> Snapshot:
    """Return everything that decisions look at, as the apiserver has it now."""
    cluster = Snapshot()
    for plural, kind in {**LOOKED_AT, **POD_GROUPS, **TEMPLATES}.items():
        try:
            items = (await client.list(kind)).items
        except (NotFound, MethodNotAllowed):  # this apiserver does not serve the kind
            continue
        cluster.objects.expect(plural)
        for item in items:
            cluster.objects.set(plural, item)
    for node in (await client.list(Node)).items:
        cluster.set_node(node)
    for pod in (await client.list(Pod)).items:
        if pod.spec.nodeName and pod.status.phase not in ENDED:
            cluster.place(PodInfo(pod), pod.spec.nodeName)
        elif pod.status.phase not in ENDED:
            cluster.gangs.wait(PodInfo(pod))
            if pod.status.nominatedNodeName:
                cluster.nominate(PodInfo(pod), pod.status.nominatedNodeName)
    return cluster
