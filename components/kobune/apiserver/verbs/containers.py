"""Which container of a pod is meant, and on which node it is: what logs, exec and attach begin with."""

from typing import Any

from kobune.api.core.v1 import Pod
from kobune.apimachinery.errors import BadRequest
from kobune.apiserver.verbs.api import Api
from kobune.apiserver.verbs.call import Call
from kobune.apiserver.verbs.modify import must_get


def pod_of(api: Api, call: Call) -> Pod:
    """Return the pod; `NotFound` if there is none."""
    pod: Any = must_get(api, call).message
    return pod  # type: ignore[no-any-return]


def container_of(pod: Pod, name: str) -> str:
    """Return the container that is meant: the only one if none is named. `BadRequest` if that is not clear."""
    spec: Any = pod.spec
    known = [one.name for one in (*spec.initContainers, *spec.containers)]
    known += [one.ephemeralContainerCommon.name for one in spec.ephemeralContainers]
    if name:
        if name not in known:
            raise BadRequest(f"container {name} is not valid for pod {pod.metadata.name}")
        return name
    if len(spec.containers) == 1:
        return str(spec.containers[0].name)
    choice = f", choose one of: [{' '.join(known)}]" if spec.containers else ""
    raise BadRequest(f"a container name must be specified for pod {pod.metadata.name}{choice}")


def node_of(pod: Pod) -> str:
    """Return the node that a pod is on; `BadRequest` if it is on none."""
    if not pod.spec.nodeName:
        raise BadRequest(f"pod {pod.metadata.name} does not have a host assigned")
    return pod.spec.nodeName
