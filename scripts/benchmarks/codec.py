"""What JSON costs: a pod of 3 KB, read and written."""

import time
from collections.abc import Callable
from typing import Any

from cluster import Running
from figures import Figure

from kobune.api.core.v1 import Pod
from kobune.apimachinery import codec


async def measure(cluster: Running, seconds: float) -> list[Figure]:
    """Read and write a pod; the cluster is not needed."""
    body = codec.to_json(_pod())
    pod = codec.from_json(Pod, body)
    read, written = _best(lambda: codec.decode(Pod, body)), _best(lambda: codec.to_json(pod))
    return [
        Figure(f"JSON to message, pod of {len(body):,} bytes", read, "µs"),
        Figure("message to JSON", written, "µs"),
        Figure("both", read + written, "µs"),
    ]


def _best(work: Callable[[], Any]) -> float:
    """Return the microseconds of the quickest of several rounds: the others were disturbed."""
    rounds = []
    for _ in range(30):
        began = time.perf_counter()
        for _ in range(100):
            work()
        rounds.append((time.perf_counter() - began) / 100 * 1e6)
    return min(rounds)


def _pod() -> Pod:
    pod = Pod(metadata={"name": "web-5f7c9d8b6-x2x4z", "namespace": "default", "uid": "0" * 36})
    pod.metadata.labels.update({"app": "web", "pod-template-hash": "5f7c9d8b6", "tier": "front"})
    pod.metadata.annotations.update({"example.com/owner": "the web team " * 3, "example.com/revision": "42"})
    pod.metadata.ownerReferences.add(apiVersion="apps/v1", kind="ReplicaSet", name="web", uid="1" * 36, controller=True)
    for name in ("web", "sidecar"):
        container = pod.spec.containers.add(name=name, image=f"example.com/{name}:1.27.3")
        container.args.extend(["--listen=0.0.0.0:8080", "--config=/etc/web/config.yaml"])
        container.ports.add(name="http", containerPort=8080, protocol="TCP")
        for key in ("REGION", "STAGE"):
            container.env.add(name=key, value=key.lower())
        for resource, amount in (("cpu", "250m"), ("memory", "128Mi")):
            container.resources.requests[resource].string = amount
            container.resources.limits[resource].string = amount
        probe = container.readinessProbe
        probe.handler.httpGet.path, probe.handler.httpGet.scheme = "/healthz", "HTTP"
        probe.handler.httpGet.port.type, probe.handler.httpGet.port.strVal = 1, "http"
        probe.periodSeconds, probe.timeoutSeconds, probe.failureThreshold = 10, 1, 3
        container.volumeMounts.add(name="config", mountPath="/etc/web", readOnly=True)
        container.imagePullPolicy, container.terminationMessagePolicy = "IfNotPresent", "File"
    pod.spec.volumes.add(name="config").volumeSource.configMap.localObjectReference.name = "web"
    for key in ("not-ready", "unreachable"):
        name = f"node.kubernetes.io/{key}"
        pod.spec.tolerations.add(key=name, operator="Exists", effect="NoExecute", tolerationSeconds=300)
    pod.spec.nodeName, pod.spec.serviceAccountName, pod.spec.restartPolicy = "node-1", "default", "Always"
    pod.spec.schedulerName, pod.spec.dnsPolicy = "default-scheduler", "ClusterFirst"
    pod.status.phase, pod.status.podIP, pod.status.hostIP = "Running", "127.10.1.7", "127.20.0.1"
    for kind in ("PodScheduled", "Initialized", "ContainersReady", "Ready"):
        pod.status.conditions.add(type=kind, status="True", lastTransitionTime={"seconds": 1_700_000_000})
    for name in ("web", "sidecar"):
        status = pod.status.containerStatuses.add(name=name, ready=True, started=True, restartCount=1)
        status.state.running.startedAt.seconds = 1_700_000_000
        status.image, status.containerID = f"example.com/{name}:1.27.3", "simulated://" + "2" * 32
    return pod
