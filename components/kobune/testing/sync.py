"""A cluster for code that is not asynchronous."""

import asyncio
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Self, TypeVar

from kobune.client import Client
from kobune.launcher.child import new_event_loop
from kobune.testing.cluster import Cluster

T = TypeVar("T")


class SyncCluster:
    """A `Cluster` in a thread of its own: `with SyncCluster(nodes=1) as cluster`.

    Any blocking client reaches it through `kubeconfig`; Kobune's own through `run`:

    ```python
    pods = cluster.run(cluster.client.list(Pod)).items
    ```
    """

    def __init__(self, **arguments: Any) -> None:
        """Describe a cluster with the arguments of `Cluster`; nothing is started."""
        self._cluster = Cluster(**arguments)
        self._loop = new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="kobune cluster", daemon=True)

    @property
    def address(self) -> str:
        """The apiserver's gRPC address, `127.0.0.1:port`."""
        return self._cluster.address

    @property
    def server(self) -> str:
        """The apiserver's URL for HTTPS clients."""
        return self._cluster.server

    @property
    def kubeconfig(self) -> Path:
        """The file for kubectl and other clients; its user may do everything."""
        return self._cluster.kubeconfig

    @property
    def client(self) -> Client:
        """A client whose calls `run` carries out."""
        return self._cluster.client

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Return what a coroutine returns, or raise what it raises; it runs in the cluster's thread."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            self.run(self._cluster.__aenter__())
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *failure: object) -> None:
        try:
            self.run(self._cluster.__aexit__(*failure))
        finally:
            self._end()

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
