"""The pytest plugin, there wherever Kobune is installed: a fresh cluster for every test that asks for one.

```python
async def test_a_deployment_makes_pods(cluster): ...        # with pytest-asyncio

def test_my_operator(cluster_sync): ...                     # any client, through cluster_sync.kubeconfig

@pytest.mark.kobune(nodes=10, store="leveldb")              # the arguments of Cluster
def test_a_big_one(cluster_sync): ...
```
"""

from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any, TypeVar, cast

import pytest

F = TypeVar("F")

if TYPE_CHECKING:
    from kobune.testing import Cluster, SyncCluster


def _async_fixture(function: F) -> F:
    try:
        from pytest_asyncio import fixture
    except ImportError:  # then there are no asynchronous tests either
        return cast(F, pytest.fixture(cast(Any, function)))
    return cast(F, fixture(cast(Any, function)))


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known."""
    config.addinivalue_line("markers", "kobune(nodes, store, components, seed): how the test's cluster is to be.")


@_async_fixture
async def cluster(request: pytest.FixtureRequest) -> "AsyncIterator[Cluster]":
    """A running cluster for an asynchronous test."""
    from kobune.testing import Cluster

    async with Cluster(**_arguments(request)) as cluster:
        yield cluster


@pytest.fixture
def cluster_sync(request: pytest.FixtureRequest) -> "Iterator[SyncCluster]":
    """A running cluster for a test that is not asynchronous."""
    from kobune.testing import SyncCluster

    with SyncCluster(**_arguments(request)) as cluster:
        yield cluster


def _arguments(request: pytest.FixtureRequest) -> dict[str, Any]:
    mark = request.node.get_closest_marker("kobune")
    return dict(mark.kwargs) if mark else {}
