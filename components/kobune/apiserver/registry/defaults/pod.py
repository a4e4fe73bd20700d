"""Pods, and the templates that other kinds have of them."""

from typing import Any

from kobune.apiserver.registry.defaults.fill import fill


def default_pod(pod: Any) -> None:
    """Fill in a pod."""
    spec = pod.spec
    fill(spec, enableServiceLinks=True)
    # A pod's container that names a limit asks for as much, unless it says otherwise.
    for container in (*spec.containers, *spec.initContainers):
        for name, limit in container.resources.limits.items():
            if name not in container.resources.requests:
                container.resources.requests[name].CopyFrom(limit)
    default_pod_spec(spec)


def default_pod_spec(spec: Any) -> None:
    """Fill in the spec of a pod or of a template."""
    spec.securityContext.SetInParent()
    fill(
        spec,
        dnsPolicy="ClusterFirst",
        restartPolicy="Always",
        schedulerName="default-scheduler",
        terminationGracePeriodSeconds=30,
    )
    if spec.serviceAccountName and not spec.serviceAccount:
        spec.serviceAccount = spec.serviceAccountName
    if spec.serviceAccount and not spec.serviceAccountName:
        spec.serviceAccountName = spec.serviceAccount
    for container in (*spec.initContainers, *spec.containers):
        _default_container(container, host_network=spec.hostNetwork)
    for ephemeral in spec.ephemeralContainers:
        _default_container(ephemeral.ephemeralContainerCommon, host_network=False)
    for volume in spec.volumes:
        _default_volume(volume.volumeSource)
    for constraint in spec.topologySpreadConstraints:
        fill(constraint, nodeAffinityPolicy="Honor", nodeTaintsPolicy="Ignore")


def pull_policy(image: str) -> str:
    """Return when an image is pulled: always if its tag may move, otherwise if it is not there."""
    if "@" in image:
        return "IfNotPresent"
    tag = image.rpartition("/")[2].partition(":")[2]
    return "Always" if tag in ("", "latest") else "IfNotPresent"


def _default_container(container: Any, *, host_network: bool) -> None:
    fill(
        container,
        imagePullPolicy=pull_policy(container.image),
        terminationMessagePath="/dev/termination-log",
        terminationMessagePolicy="File",
    )
    for port in container.ports:
        fill(port, protocol="TCP")
        if host_network and not port.hostPort:
            port.hostPort = port.containerPort
    for env in container.env:
        if env.HasField("valueFrom") and env.valueFrom.HasField("fieldRef"):
            fill(env.valueFrom.fieldRef, apiVersion="v1")
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        if container.HasField(name):
            _default_probe(getattr(container, name))
    for hook in ("postStart", "preStop"):
        if container.HasField("lifecycle") and container.lifecycle.HasField(hook):
            _default_http(getattr(container.lifecycle, hook))


def _default_probe(probe: Any) -> None:
    for name, value in (("timeoutSeconds", 1), ("periodSeconds", 10), ("successThreshold", 1), ("failureThreshold", 3)):
        if not getattr(probe, name):
            setattr(probe, name, value)
    _default_http(probe.handler)
    if probe.handler.HasField("grpc") and not probe.handler.grpc.HasField("service"):
        probe.handler.grpc.service = ""


def _default_http(handler: Any) -> None:
    if handler.HasField("httpGet"):
        fill(handler.httpGet, path="/", scheme="HTTP")


def _default_volume(source: Any) -> None:
    for name in ("secret", "configMap", "downwardAPI", "projected"):
        if source.HasField(name):
            fill(getattr(source, name), defaultMode=0o644)
    if source.HasField("downwardAPI"):
        _default_items(source.downwardAPI.items)
    if source.HasField("projected"):
        for projection in source.projected.sources:
            if projection.HasField("serviceAccountToken"):
                fill(projection.serviceAccountToken, expirationSeconds=3600)
            if projection.HasField("downwardAPI"):
                _default_items(projection.downwardAPI.items)
    if source.HasField("image"):
        fill(source.image, pullPolicy=pull_policy(source.image.reference))
    if source.HasField("hostPath"):
        fill(source.hostPath, type="")
    if source.HasField("iscsi"):
        fill(source.iscsi, iscsiInterface="default")
    if source.HasField("rbd"):
        fill(source.rbd, pool="rbd", user="admin", keyring="/etc/ceph/keyring")
    if source.HasField("azureDisk"):
        fill(source.azureDisk, cachingMode="ReadWrite", kind="Shared", fsType="ext4", readOnly=False)
    if source.HasField("scaleIO"):
        fill(source.scaleIO, storageMode="ThinProvisioned", fsType="xfs")
    if source.HasField("ephemeral"):
        template = source.ephemeral.volumeClaimTemplate
        fill(template.spec, volumeMode="Filesystem")
    if not source.ListFields():
        source.emptyDir.SetInParent()


def _default_items(items: Any) -> None:
    for item in items:
        if item.HasField("fieldRef"):
            fill(item.fieldRef, apiVersion="v1")
