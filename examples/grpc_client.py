"""The control plane over gRPC, with typed messages: create, watch and delete a ConfigMap.

    python examples/grpc_client.py [DATA_DIR] [ADDRESS]

The stubs are plain generated ones, as any language has them. `kobune.client.Client` is a more comfortable way.
"""

import sys
from pathlib import Path

import grpc

from kobune.api.core.v1 import ConfigMap
from kobune.api.core.v1.services_pb2 import CreateConfigMapRequest
from kobune.api.core.v1.services_pb2_grpc import ConfigMapsStub
from kobune.api.meta.v1 import ListOptions
from kobune.api.verbs.v1 import DeleteRequest, WatchRequest


def main(data_dir: Path, address: str) -> None:
    pki = data_dir / "pki"
    credentials = grpc.ssl_channel_credentials(
        (pki / "ca.crt").read_bytes(), (pki / "admin.key").read_bytes(), (pki / "admin.crt").read_bytes()
    )
    with grpc.secure_channel(address, credentials) as channel:
        config_maps = ConfigMapsStub(channel)
        wanted = ConfigMap(metadata={"name": "greeting", "namespace": "default"}, data={"text": "ahoy"})
        created = config_maps.Create(CreateConfigMapRequest(object=wanted))
        print(f"created {created.metadata.name} at version {created.metadata.resourceVersion}")
        config_maps.Delete(DeleteRequest(namespace="default", name="greeting"))

        # What has happened since a version can be watched later, too.
        since = ListOptions(resourceVersion=created.metadata.resourceVersion)
        for message in config_maps.Watch(WatchRequest(namespace="default", options=since)):
            for event in message.events:
                print(f"{event.type} {event.object.metadata.name}: {event.object.data['text']}")
                if event.type == "DELETED":
                    return


if __name__ == "__main__":
    home = Path(sys.argv[1] if len(sys.argv) > 1 else "~/.kobune/default").expanduser()
    main(home, sys.argv[2] if len(sys.argv) > 2 else "127.0.0.1:6444")
