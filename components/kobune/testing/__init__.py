"""Kobune in your tests: whole clusters in the test's own process, and checks for what you plug in.

```python
from kobune.testing import Cluster

async with Cluster(nodes=3) as cluster:
    await cluster.client.create(pod)
```

With pytest there are the fixtures `cluster` and `cluster_sync`; see `kobune.testing.plugin`.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kobune.testing.cluster import Cluster as Cluster
    from kobune.testing.sync import SyncCluster as SyncCluster

__all__ = ["Cluster", "SyncCluster"]


def __getattr__(name: str) -> Any:
    # pytest loads the plugin of this package in every project where Kobune is installed: it must cost nothing there.
    if name == "Cluster":
        from kobune.testing.cluster import Cluster

        return Cluster
    if name == "SyncCluster":
        from kobune.testing.sync import SyncCluster

        return SyncCluster
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
