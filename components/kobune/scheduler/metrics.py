"""What plugins of others cost, in numbers, under the names of Kubernetes' scheduler where it has them."""

from prometheus_client import CollectorRegistry, Counter, Histogram


class Metrics:
    """Kept in the component's registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._took = Histogram(
            "scheduler_plugin_execution_duration_seconds",
            "How long plugins outside the scheduler's process took to answer.",
            ("plugin", "extension_point", "status"),
            registry=registry,
        )
        self._failures = Counter(
            "kobune_scheduler_plugin_failures",
            "How often a pod came to no decision because a plugin raised, stalled or did not answer.",
            ("plugin", "extension_point"),
            registry=registry,
        )

    def observe(self, plugin: str, point: str, status: str, seconds: float) -> None:
        """Take note of a question that was asked."""
        self._took.labels(plugin, point, status).observe(seconds)

    def failed(self, plugin: str, point: str) -> None:
        """Take note of a failure that a pod had to pay for."""
        self._failures.labels(plugin, point).inc()
