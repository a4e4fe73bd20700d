"""What a container has written, from the kubelet that has it."""

from collections.abc import AsyncIterator
from typing import Final

import grpc

from kobune.api.core.v1 import PodLogOptions
from kobune.api.meta.v1 import StatusDetails
from kobune.apimachinery.errors import ApiError, BadRequest, InternalError, Invalid, NotFound, Unexplained
from kobune.apiserver.kubelets.kubelets import Flow, Kubelet, Refused, Undialed
from kobune.apiserver.registry.validation.log_options import log_options
from kobune.apiserver.verbs.api import Api
from kobune.apiserver.verbs.call import Call
from kobune.apiserver.verbs.containers import container_of, pod_of
from kobune.node.v1 import LogsRequest

REJECTED: Final = (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.FAILED_PRECONDITION)


async def open_log(api: Api, call: Call, options: PodLogOptions) -> AsyncIterator[bytes] | None:
    """Return a container's log, piece by piece; None for a pod that is on no node yet.

    Close the iterator to end it. `Invalid` for options that make no sense, `BadRequest` for a container that is not
    clear or has no log.
    """
    if causes := list(log_options(options)):
        raise Invalid.named("", "PodLogOptions", call.name, causes)
    pod = pod_of(api, call)
    wanted = PodLogOptions()
    wanted.CopyFrom(options)
    wanted.container = container_of(pod, options.container)
    if not pod.spec.nodeName:
        return None
    kubelet = api.kubelets.of(api, pod.spec.nodeName)
    flow = Flow(kubelet.stub.Logs(LogsRequest(pod_uid=pod.metadata.uid, options=wanted)), kubelet)
    try:
        await flow.opened()
    except (Refused, Undialed) as error:
        raise _failure(call, kubelet, wanted.container, error) from None
    return _pieces(flow)


async def _pieces(flow: Flow) -> AsyncIterator[bytes]:
    said = flow.said()
    try:
        async for message in said:
            yield message.data
    except (Refused, Undialed):
        return  # the head of the answer is out already; a log that ends is all that can be told
    finally:
        flow.close()


def _failure(call: Call, kubelet: Kubelet, container: str, error: Refused | Undialed) -> ApiError:
    if isinstance(error, Undialed):
        url = f"https://{kubelet.address}/containerLogs/{call.namespace}/{call.name}/{container}"
        return Unexplained(f'Get "{url}": {error}')
    if error.code in REJECTED:
        return BadRequest(str(error))
    if error.code is grpc.StatusCode.NOT_FOUND:
        details = StatusDetails(kind="pods/log", name=call.name)
        return NotFound(f"the server could not find the requested resource ( pods/log {call.name})", details)
    return InternalError(f"Internal error occurred: {error}")
