"""The store, served as etcd v3: `etcdctl`, backups by range and even a real kube-apiserver can work on it.

Served: KV but `RangeStream`; Watch; Lease; Maintenance `Status`, `Alarm` (to read), `Hash`, `HashKV`; Cluster
`MemberList`. All others answer UNIMPLEMENTED with their name. Texts of errors are etcd's, because its clients tell
errors apart by them.
"""

from collections.abc import Sequence
from typing import Final

import grpc.aio

from kobune.apimachinery.clock import Clock
from kobune.apiserver.storage.etcd.kv import KV
from kobune.apiserver.storage.etcd.lease import Lease
from kobune.apiserver.storage.etcd.maintenance import Cluster, Maintenance
from kobune.apiserver.storage.etcd.refusal import refusing
from kobune.apiserver.storage.etcd.watch import Watch
from kobune.apiserver.storage.store import Store
from kobune.vendor.etcd import rpc_pb2_grpc

SERVICES: Final = tuple(f"etcdserverpb.{name}" for name in ("KV", "Watch", "Lease", "Maintenance", "Cluster", "Auth"))
"""The full names of what `add_to` adds, for server reflection."""


def add_to(server: grpc.aio.Server, store: Store, *, clock: Clock, client_urls: Sequence[str] = ()) -> None:
    """Serve a store on a server that has not started yet; `client_urls` is what `etcdctl member list` shows."""
    rpc_pb2_grpc.add_KVServicer_to_server(refusing("KV", KV(store)), server)
    rpc_pb2_grpc.add_WatchServicer_to_server(refusing("Watch", Watch(store, clock)), server)
    rpc_pb2_grpc.add_LeaseServicer_to_server(refusing("Lease", Lease(store)), server)
    rpc_pb2_grpc.add_MaintenanceServicer_to_server(refusing("Maintenance", Maintenance(store)), server)
    rpc_pb2_grpc.add_ClusterServicer_to_server(refusing("Cluster", Cluster(store, client_urls)), server)
    rpc_pb2_grpc.add_AuthServicer_to_server(refusing("Auth", object()), server)
