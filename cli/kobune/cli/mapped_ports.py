"""Which addresses of Services can be reached at another port only, because the proxy may not use the real one."""

from kobune.launcher.data_dir import DataDirectory

TIMEOUT = 2.0


def mapped_ports(directory: DataDirectory) -> list[str]:
    """Return a line for each such address, as in `default/web: 127.30.0.1:80 is at 127.30.0.1:30080`."""
    address = directory.recorded("kube-proxy").get("address")
    if not address:
        return []
    import grpc

    from kobune.component_base.certificates import credentials
    from kobune.component_base.serving import channel_credentials
    from kobune.launcher.composition import ADMIN
    from kobune.proxy.v1 import ListFrontendsRequest
    from kobune.proxy.v1.proxy_pb2_grpc import ProxyStub

    with grpc.secure_channel(address, channel_credentials(credentials(directory.pki, ADMIN.name))) as channel:
        try:
            frontends = ProxyStub(channel).List(ListFrontendsRequest(), timeout=TIMEOUT).frontends
        except grpc.RpcError:
            return []  # the table says that it cannot be reached
    return [
        f"{frontend.namespace}/{frontend.service}: {frontend.ip}:{frontend.port} is at {frontend.listening}"
        for frontend in frontends
        if frontend.listening and frontend.listening != f"{frontend.ip}:{frontend.port}"
    ]
