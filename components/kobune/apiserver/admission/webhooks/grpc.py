"""Asks webhooks over gRPC: what Kobune offers besides HTTPS."""

from kobune.apiserver.admission.webhooks.addresses import Address, Unreachable


def is_grpc(address: Address) -> bool:
    """Whether an address is one for gRPC."""
    return address.url.startswith(("grpc://", "grpcs://"))


class GrpcTransport:
    """Channels, opened with the first webhook that is asked."""

    async def post(self, address: Address, body: bytes, seconds: float) -> bytes:
        raise Unreachable("gRPC is not supported")

    async def close(self) -> None:
        """Close all channels."""
