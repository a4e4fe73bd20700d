"""The clusters of `kobune.testing`, made of fake components: how they start, end and fail."""

import asyncio
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from kobune.component_base.failure import CannotStart
from kobune.launcher.composition import Facts, Plan
from kobune.testing import Cluster, SyncCluster

NAMES = ("apiserver", "scheduler")


@pytest.fixture(autouse=True)
def _fakes_importable(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.syspath_prepend(str(Path(__file__).parent / "fakes"))
    yield
    sys.modules.pop("fake_service", None)


def plans(ordeal: str = "") -> dict[str, Plan]:
    def config(facts: Facts, name: str) -> object:
        from fake_service import Config

        return Config(name, facts.serving(name), ordeal if name == "scheduler" else "")

    return {name: Plan("fake_service", lambda facts, name=name: config(facts, name)) for name in NAMES}  # type: ignore[misc]


async def test_clusters_run_side_by_side_and_leave_nothing(tmp_path: Path) -> None:
    tasks = asyncio.all_tasks()
    async with (
        Cluster(components=NAMES, plans=plans()) as one,
        Cluster(components=NAMES, plans=plans(), data_dir=tmp_path) as other,
    ):
        assert one.address != other.address
        assert one.kubeconfig.exists()
        folder = one.data_dir
    assert not folder.exists()
    assert (tmp_path / "kubeconfig").exists()
    assert asyncio.all_tasks() == tasks


async def test_a_component_that_cannot_start_is_told() -> None:
    with pytest.raises(CannotStart, match=r"^scheduler: the moon is in the wrong phase"):
        async with Cluster(components=NAMES, plans=plans("refuse")):
            pass


async def test_a_component_that_fails_later_fails_the_test() -> None:
    with pytest.raises(ExceptionGroup) as caught:
        async with Cluster(components=NAMES, plans=plans("later")):
            await asyncio.sleep(0.1)
    assert caught.group_contains(RuntimeError, match="something broke later")


def test_a_cluster_in_a_thread_ends_with_it() -> None:
    with SyncCluster(components=NAMES, plans=plans()) as cluster:
        assert cluster.kubeconfig.exists()
        assert cluster.run(asyncio.sleep(0, "result")) == "result"
    assert not cluster.kubeconfig.exists()
    assert not any(thread.name == "kobune cluster" for thread in threading.enumerate())


def test_a_cluster_in_a_thread_that_cannot_start_is_told() -> None:
    with pytest.raises(CannotStart, match="the moon"), SyncCluster(components=NAMES, plans=plans("refuse")):
        pass
