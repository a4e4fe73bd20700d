"""Asks webhooks over gRPC, with the same messages as over HTTPS: `url: grpcs://host:port`."""

import grpc

from kobune.admission.v1 import ReviewRequest
from kobune.admission.v1.webhooks_pb2_grpc import WebhooksStub
from kobune.apiserver.admission.webhooks.addresses import Address, Unreachable

SCHEMES = ("grpc://", "grpcs://")


def is_grpc(address: Address) -> bool:
    """Whether an address is one for gRPC."""
    return address.url.startswith(SCHEMES)


class GrpcTransport:
    """Channels, opened with the first webhook that is asked."""

    def __init__(self) -> None:
        self._channels: dict[tuple[str, bytes], grpc.aio.Channel] = {}

    async def post(self, address: Address, body: bytes, seconds: float) -> bytes:
        """Return what a webhook answers; `Unreachable` if it does not, or with an error."""
        stub = WebhooksStub(self._channel(address))  # type: ignore[no-untyped-call]
        try:
            answer = await stub.Review(ReviewRequest(admission_review=body), timeout=seconds)
        except grpc.aio.AioRpcError as error:
            if error.code() == grpc.StatusCode.DEADLINE_EXCEEDED:
                raise Unreachable(f'Call "{address.shown}": context deadline exceeded') from None
            raise Unreachable(f'Call "{address.shown}": {error.code().name}: {error.details()}') from None
        return bytes(answer.admission_review)

    async def close(self) -> None:
        """Close all channels."""
        channels, self._channels = list(self._channels.values()), {}
        for channel in channels:
            await channel.close(None)

    def _channel(self, address: Address) -> grpc.aio.Channel:
        scheme, _, rest = address.url.partition("://")
        target = rest.partition("/")[0]
        key = (f"{scheme}://{target}", address.ca_bundle)
        channel = self._channels.get(key)
        if channel is None:
            if scheme == "grpcs":
                trust = grpc.ssl_channel_credentials(address.ca_bundle or None)
                channel = grpc.aio.secure_channel(target, trust)
            else:
                channel = grpc.aio.insecure_channel(target)
            self._channels[key] = channel
        return channel
