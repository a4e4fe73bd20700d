"""A cluster in which everything is as it was asked for writes nothing but that its nodes and leaders live."""

import copy
from typing import Any

import yaml
from waiting import until

from kobune.api.apps.v1 import DaemonSet, Deployment, StatefulSet
from kobune.api.autoscaling.v2 import HorizontalPodAutoscaler
from kobune.api.batch.v1 import CronJob, Job
from kobune.api.coordination.v1 import Lease
from kobune.api.core.v1 import ResourceQuota, Service
from kobune.api.policy.v1 import PodDisruptionBudget
from kobune.apimachinery import codec
from kobune.apimachinery.kinds import kind_of, messages
from kobune.apimachinery.meta import key_of
from kobune.testing import Cluster

EVERYTHING = """
Deployment web:
  replicas: 3
  selector: &web {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: &pod {containers: [&main {name: main, image: nginx, resources: &some
    {requests: {cpu: 10m}}}]}}
StatefulSet sets:
  replicas: 2
  serviceName: web
  selector: {matchLabels: {app: sets}}
  template: {metadata: {labels: {app: sets}}, spec: *pod}
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
DaemonSet daemons:
  selector: {matchLabels: {app: daemons}}
  template: {metadata: {labels: {app: daemons}}, spec: *pod}
Job job:
  completions: 2
  template: {spec: &once {restartPolicy: Never, containers: [{name: main, image: busybox, resources: *some}]}}
CronJob cron:
  schedule: 0 0 1 1 *
  jobTemplate: {spec: {template: {spec: *once}}}
Service web:
  selector: {app: web}
  type: LoadBalancer
  ports: [{port: 80}]
PodDisruptionBudget web:
  maxUnavailable: 1
  selector: *web
ResourceQuota quota:
  hard: {pods: "100", requests.cpu: "10"}
HorizontalPodAutoscaler web:
  minReplicas: 3
  maxReplicas: 5
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  metrics:
  - {type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}}
"""
KINDS: dict[str, Any] = {
    kind.__name__: kind
    for kind in (
        Deployment,
        StatefulSet,
        DaemonSet,
        Job,
        CronJob,
        Service,
        PodDisruptionBudget,
        ResourceQuota,
        HorizontalPodAutoscaler,
    )
}


async def versions(cluster: Cluster) -> dict[str, str]:
    """Return the version of every object that there is, but for those that say that somebody lives."""
    found: dict[str, str] = {}
    for kind in messages():
        known = kind_of(kind)
        if "list" in known.verbs and kind is not Lease and known.version != "v1alpha2":
            for item in (await cluster.client.list(kind)).items:
                meta: Any = item.metadata
                found[f"{known.plural}.{known.group} {key_of(meta.namespace, meta.name)}"] = meta.resourceVersion
    return found


async def test_a_settled_cluster_writes_nothing_but_that_it_lives() -> None:
    async with Cluster(nodes=3) as cluster:
        client = cluster.client
        for title, spec in yaml.safe_load(EVERYTHING).items():
            kind, name = title.split()
            item, unknown = codec.decode(KINDS[kind], b"", copy.deepcopy({"spec": spec}))
            assert not unknown
            item.metadata.name, item.metadata.namespace = name, "default"
            await client.create(item)

        async def is_ready() -> bool:
            deployment = await client.get(Deployment, "web", "default")
            stateful = await client.get(StatefulSet, "sets", "default")
            daemons = await client.get(DaemonSet, "daemons", "default")
            job = await client.get(Job, "job", "default")
            scaler = await client.get(HorizontalPodAutoscaler, "web", "default")
            quota = await client.get(ResourceQuota, "quota", "default")
            return (
                quota.status.used["pods"].string == "8"  # those of the Job have ended
                and deployment.status.availableReplicas == 3
                and stateful.status.availableReplicas == 2
                and daemons.status.numberAvailable == 3
                and any(each.type == "Complete" for each in job.status.conditions)
                and any(each.type == "ScalingActive" for each in scaler.status.conditions)
            )

        await until(is_ready, 60)
        before = await versions(cluster)

        async def is_unchanged() -> bool:
            """Whether nothing was written since it was looked at last; what is on its way may still arrive."""
            nonlocal before
            earlier, before = before, await versions(cluster)
            return earlier == before

        await until(is_unchanged, 60)
        renewed = await client.get(Lease, "kube-controller-manager", "kube-system")
        for _ in range(2):  # so that time goes by

            async def is_renewed() -> bool:
                nonlocal renewed
                lease = await client.get(Lease, "kube-controller-manager", "kube-system")
                has_changed = lease.metadata.resourceVersion != renewed.metadata.resourceVersion
                renewed = lease
                return has_changed

            await until(is_renewed, 60)
        after = await versions(cluster)
        written = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
        assert {name for name in written if not name.startswith("nodes. ")} == set()
