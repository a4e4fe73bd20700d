"""What Prometheus reads off an apiserver. Nothing is computed until somebody asks, but the counting of requests."""

from collections import Counter
from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from kobune.apiserver.audit.trail import Audit
from kobune.apiserver.cache.cacher import Cacher
from kobune.apiserver.flowcontrol.flows import FlowControl
from kobune.apiserver.registry.registry import Registry
from kobune.apiserver.storage.store import Store


class Metrics(Collector):
    """Requests by what was asked and how it went; objects by resource; the store's revision and size."""

    def __init__(
        self, registry: Registry, cacher: Cacher, store: Store, flows: FlowControl, audit: Audit | None = None
    ) -> None:
        self.requests: Counter[tuple[str, str, str, int]] = Counter()
        """By verb, group, resource and HTTP status."""
        self._registry = registry
        self._cacher = cacher
        self._store = store
        self._flows = flows
        self._audit = audit

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
        yield from self._flow_control()
        if self._audit is not None:
            log = self._audit.log
            yield CounterMetricFamily("apiserver_audit_event_total", "Events written.", value=log.written)
            yield CounterMetricFamily("apiserver_audit_error_total", "Events lost.", value=log.lost)
        yield GaugeMetricFamily("kobune_store_revision", "The newest revision.", value=self._store.revision)
        yield GaugeMetricFamily("kobune_store_size_bytes", "Bytes on disk, about.", value=self._store.size)

    def _flow_control(self) -> Iterator[Metric]:
        labels = ["priority_level"]
        name = "apiserver_flowcontrol"
        seats = GaugeMetricFamily(f"{name}_nominal_limit_seats", "Requests at once.", labels=labels)
        executing = GaugeMetricFamily(f"{name}_current_executing_requests", "Requests now.", labels=labels)
        waiting = GaugeMetricFamily(f"{name}_current_inqueue_requests", "Requests that wait.", labels=labels)
        dispatched = CounterMetricFamily(f"{name}_dispatched_requests_total", "Requests begun.", labels=labels)
        refused = CounterMetricFamily(
            f"{name}_rejected_requests_total", "Requests refused.", labels=[*labels, "reason"]
        )
        for level in self._flows.levels():
            row = [level.name]
            if level.seats is not None:
                seats.add_metric(row, level.seats)
            executing.add_metric(row, level.taken)
            waiting.add_metric(row, level.waiting)
            dispatched.add_metric(row, level.dispatched)
            for reason, count in level.rejected.items():
                refused.add_metric([*row, reason], count)
        yield from (seats, executing, waiting, dispatched, refused)
