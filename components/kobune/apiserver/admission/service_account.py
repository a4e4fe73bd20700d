"""Every pod runs as a service account, and finds its token where programs look for it."""

from typing import Any

from kobune.api.core.v1 import Volume
from kobune.apimachinery.errors import Forbidden
from kobune.apiserver.admission.chain import Write

MOUNT_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"
TOKEN_SECONDS = 3607
MIRROR = "kubernetes.io/config.mirror"


class ServiceAccount:
    """Gives pods the default account, and a volume with its token, the cluster's CA and the namespace."""

    resources = frozenset({"pods"})

    def mutate(self, write: Write) -> None:
        pod = write.new
        if write.operation != "CREATE" or write.call.subresource or MIRROR in pod.metadata.annotations:
            return
        name = pod.spec.serviceAccountName or pod.spec.serviceAccount or "default"
        pod.spec.serviceAccountName = pod.spec.serviceAccount = name
        account = write.api.find("serviceaccounts", write.call.namespace, name)
        if account is None:
            namespace = write.call.namespace
            why = f'error looking up service account {namespace}/{name}: serviceaccount "{name}" not found'
            raise Forbidden.of("", "pods", pod.metadata.name, f'pods "{pod.metadata.name}" is forbidden: {why}')
        if not pod.spec.imagePullSecrets:
            pod.spec.imagePullSecrets.extend(account.imagePullSecrets)
        if _wants_token(pod, account):
            _mount_token(pod, "kube-api-access-" + write.api.new_suffix())


def _wants_token(pod: Any, account: Any) -> bool:
    for wish in (pod.spec, account):
        if wish.HasField("automountServiceAccountToken"):
            return bool(wish.automountServiceAccountToken)
    return True


def _mount_token(pod: Any, name: str) -> None:
    mounted = False
    for container in (*pod.spec.initContainers, *pod.spec.containers):
        if all(mount.mountPath != MOUNT_PATH for mount in container.volumeMounts):
            container.volumeMounts.add(name=name, mountPath=MOUNT_PATH, readOnly=True)
            mounted = True
    if not mounted:
        return
    volume = Volume(name=name)
    projected = volume.volumeSource.projected
    projected.defaultMode = 0o644
    token = projected.sources.add().serviceAccountToken
    token.expirationSeconds, token.path = TOKEN_SECONDS, "token"
    authority = projected.sources.add().configMap
    authority.localObjectReference.name = "kube-root-ca.crt"
    authority.items.add(key="ca.crt", path="ca.crt")
    namespace = projected.sources.add().downwardAPI.items.add(path="namespace")
    namespace.fieldRef.apiVersion, namespace.fieldRef.fieldPath = "v1", "metadata.namespace"
    pod.spec.volumes.append(volume)
