"""The store, served as etcd v3: `etcdctl`, backups by range and even a real kube-apiserver can work on it.

Served: KV but `RangeStream`; Watch; Lease; Maintenance `Status`, `Alarm` (to read), `Hash`, `HashKV`; Cluster
`MemberList`. All others answer UNIMPLEMENTED with their name. Texts of errors are etcd's, because its clients tell
errors apart by them.
"""

from collections.abc import Callable, Sequence
from typing import Final

import grpc.aio

from kobune.apimachinery.clock import Clock
from kobune.apiserver.storage.etcd.kv import KV
from kobune.apiserver.storage.etcd.lease import Lease
from kobune.apiserver.storage.etcd.maintenance import Cluster, Maintenance
from kobune.apiserver.storage.etcd.methods import Admit, Recipes, handler
from kobune.apiserver.storage.etcd.refusal import NotAdmitted as NotAdmitted
from kobune.apiserver.storage.etcd.watch import Watch
from kobune.apiserver.storage.store import Store

SERVICES: Final = tuple(f"etcdserverpb.{name}" for name in ("KV", "Watch", "Lease", "Maintenance", "Cluster", "Auth"))
"""The full names of what `add_to` adds, for server reflection."""


def add_to(
    server: grpc.aio.Server,
    store: Store,
    *,
    clock: Clock,
    admit: Admit = lambda context: None,
    client_urls: Callable[[], Sequence[str]] = tuple,
) -> None:
    """Serve a store on a server that has not started yet.

    `admit` raises `NotAdmitted` for whoever may not use it; `client_urls` tells what `etcdctl member list` shows.
    """
    servicers: dict[str, object] = {
        "KV": KV(store),
        "Watch": Watch(store, clock),
        "Lease": Lease(store),
        "Maintenance": Maintenance(store, clock),
        "Cluster": Cluster(store, client_urls),
        "Auth": object(),
    }
    handlers = [handler(service, servicer, admit) for service, servicer in servicers.items()]
    server.add_generic_rpc_handlers((*handlers, Recipes()))
