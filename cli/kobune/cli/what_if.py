"""What `kobune scheduler what-if` tries on a copy of a running cluster, and how it shows what came of it."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kobune.api.core.v1 import Pod
from kobune.apimachinery.clock import SystemClock
from kobune.apimachinery.errors import ApiError
from kobune.client import Client, ClientConfig
from kobune.component_base.certificates import credentials
from kobune.component_base.failure import CannotStart
from kobune.launcher.composition import ADMIN
from kobune.launcher.data_dir import DataDirectory
from kobune.launcher.settings import APISERVER
from kobune.scheduler.framework import PluginFailed
from kobune.scheduler.lab import manifests, whatif
from kobune.scheduler.lab.live import as_created, snapshot_of
from kobune.scheduler.lab.overcommit import Overcommitted
from kobune.scheduler.lab.profiles import profile_of
from kobune.scheduler.podinfo import PodInfo
from kobune.scheduler.snapshot import Snapshot

CLAIMS = "persistentvolumeclaims"
SHOWN = 20
"""How many pods are printed one by one."""


@dataclass(frozen=True)
class Question:
    """What is to be tried."""

    file: Path
    nodes: list[str]
    against: str
    how_many: bool
    seed: int


def answer(directory: DataDirectory, question: Question) -> None:
    """Print what would become of pods on the cluster of a data directory; `CannotStart` if that cannot be told."""
    text = _text(question.file)
    try:
        wanted = manifests.pods_of(text)
        if not wanted:
            raise CannotStart(f"{question.file}: there are no pods in it")
        pods, cluster = asyncio.run(_pods_and_cluster(directory, wanted, _beside(text)))
    except manifests.BadManifest as error:
        raise CannotStart(f"{question.file}: {' '.join(str(error).split())}") from error
    except ApiError as error:
        raise CannotStart(f"{question.file}: {error.message}") from error
    for change in question.nodes:
        _change_nodes(cluster, change)
    profiles = {name: profile_of(name) for name in ("default", *filter(None, [question.against]))}
    placements: dict[str, list[whatif.Fate]] = {}
    for name, profile in profiles.items():
        try:
            if question.how_many:
                count = whatif.capacity(profile, cluster, pods[0], seed=question.seed)
                print(f"{name}: {count:,} more pods like {pods[0].key} would fit")
                continue
            fates, after = whatif.place(profile, cluster, pods, seed=question.seed)
        except (PluginFailed, Overcommitted) as error:
            raise CannotStart(f"{name}: {error}") from error
        placements[name] = fates
        _show(name, fates, whatif.use_of(cluster), whatif.use_of(after))
    if len(placements) == 2:
        _compare(placements)


async def _pods_and_cluster(
    directory: DataDirectory, wanted: Sequence[Pod], beside: Sequence[tuple[str, Any]]
) -> tuple[list[PodInfo], Snapshot]:
    async with _client(directory) as client:
        pods, cluster = await as_created(client, wanted), await snapshot_of(client)
        there = cluster.objects
        for plural, item in beside:
            if there.get(plural, item.metadata.namespace, item.metadata.name) is None:
                there.set(plural, *(await as_created(client, [item])))
    return [PodInfo(pod) for pod in pods], cluster


def _beside(text: str) -> list[tuple[str, Any]]:
    """Return what the pods of a file look at and that is in it, too, by plural name."""
    return [*((CLAIMS, claim) for claim in manifests.claims_of(text)), *manifests.beside(text)]


def _client(directory: DataDirectory) -> Client:
    address = directory.recorded(APISERVER).get("address")
    if directory.holder() is None or not address:
        raise CannotStart(f"no cluster is running in {directory.root}: start it with kobune up")
    files = credentials(directory.pki, ADMIN.name)
    config = ClientConfig(address=address, ca=files.ca, certificate=files.certificate, key=files.key)
    return Client.connect(config, clock=SystemClock())


def _change_nodes(cluster: Snapshot, change: str) -> None:
    if change.startswith("-"):
        if cluster.node(change[1:]) is None:
            raise CannotStart(f"--nodes {change}: there is no such node")
        cluster.remove_node(change[1:])
        return
    count, _, file = change.removeprefix("+").partition("=")
    if not change.startswith("+") or not count.isdigit() or not file:
        raise CannotStart(f"--nodes {change}: it has to be +COUNT=FILE or -NAME")
    try:
        template = manifests.node_of(_text(Path(file)))
    except manifests.BadManifest as error:
        raise CannotStart(f"{file}: {error}") from error
    whatif.add_nodes(cluster, template, int(count))


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise CannotStart(f"cannot read {file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise CannotStart(f"{file}: {error}") from error


def _show(name: str, fates: list[whatif.Fate], before: whatif.Use, after: whatif.Use) -> None:
    placed = [fate for fate in fates if fate.node]
    print(f"{name}: {len(placed):,} of {len(fates):,} pods would be placed, on {len({f.node for f in placed}):,} nodes")
    for fate in placed[:SHOWN]:
        leaving = f", after {', '.join(fate.victims)} had left" if fate.victims else ""
        print(f"  {fate.pod} -> {fate.node}{leaving}")
    if len(placed) > SHOWN:
        print(f"  … and {len(placed) - SHOWN:,} more")
    for message, count in Counter(fate.message for fate in fates if not fate.node).most_common():
        print(f"  {count:,} not: {message}")
    for resource in ("cpu", "memory"):
        if there := before.there.get(resource):
            was, would = before.taken.get(resource, 0) / there, after.taken.get(resource, 0) / there
            print(f"  {resource}: {was:.1%} taken, then {would:.1%}")


def _compare(placements: dict[str, list[whatif.Fate]]) -> None:
    (one, first), (other, second) = placements.items()
    others = {fate.pod: fate for fate in second}  # not in the same order, if only one of them knows of gangs
    differing = [(a, others[a.pod]) for a in first if a.node != others[a.pod].node]
    print(f"{len(differing):,} of {len(first):,} pods differ between {one} and {other}")
    for a, b in differing[:SHOWN]:
        print(f"  {a.pod}: {a.node or 'nowhere'} | {b.node or 'nowhere'}")
