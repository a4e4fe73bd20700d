"""What Prometheus reads off an apiserver. Nothing is computed until somebody asks, but the counting of requests."""

from collections import Counter
from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from kobune.apiserver.cache.cacher import Cacher
from kobune.apiserver.registry.registry import Registry
from kobune.apiserver.storage.store import Store


class Metrics(Collector):
    """Requests by what was asked and how it went; objects by resource; the store's revision and size."""

    def __init__(self, registry: Registry, cacher: Cacher, store: Store) -> None:
        self.requests: Counter[tuple[str, str, str, int]] = Counter()
        """By verb, group, resource and HTTP status."""
        self._registry = registry
        self._cacher = cacher
        self._store = store

    def collect(self) -> Iterator[Metric]:
        """Yield everything, as it is now."""
        requests = CounterMetricFamily(
            "apiserver_request_total", "Requests that were answered.", labels=["verb", "group", "resource", "code"]
        )
        for (verb, group, resource, code), count in self.requests.items():
            requests.add_metric([verb, group, resource, str(code)], count)
        yield requests
        objects = GaugeMetricFamily("apiserver_storage_objects", "Objects in the store.", labels=["resource"])
        for row in self._registry:
            if row.conversion is None:
                name = f"{row.kind.plural}.{row.kind.group}".rstrip(".")
                objects.add_metric([name], len(self._cacher.ring(row).objects))
        yield objects
        yield GaugeMetricFamily("kobune_store_revision", "The newest revision.", value=self._store.revision)
        yield GaugeMetricFamily("kobune_store_size_bytes", "Bytes on disk, about.", value=self._store.size)
