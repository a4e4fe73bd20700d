"""The apiserver: read this and you know what it is made of."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Network
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, cast

import grpc.aio
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from prometheus_client import CollectorRegistry

from kobune.api.apiextensions.v1 import CustomResourceDefinition
from kobune.api.dynamic.v1.objects_pb2_grpc import add_ObjectsServicer_to_server
from kobune.apimachinery.clock import Clock
from kobune.apimachinery.errors import ApiError
from kobune.apiserver.admission.plugins import default_admission
from kobune.apiserver.admission.policies.status import PolicyStatuses
from kobune.apiserver.admission.webhooks.calling import Caller
from kobune.apiserver.admission.webhooks.http import HttpTransport
from kobune.apiserver.aggregation.connecting import Connecting
from kobune.apiserver.aggregation.controller import AggregationController
from kobune.apiserver.aggregation.services import ApiServices
from kobune.apiserver.audit.log import AuditLog
from kobune.apiserver.audit.policy import read_policy
from kobune.apiserver.audit.trail import Audit, rendered
from kobune.apiserver.auth.authenticate import AnySort, Authenticator
from kobune.apiserver.auth.authorize import MASTERS, Authorizer
from kobune.apiserver.auth.bootstrap_tokens import BootstrapTokens
from kobune.apiserver.auth.service_account_tokens import ServiceAccountTokens
from kobune.apiserver.bootstrap.bootstrap import bootstrap, keep_published, publish
from kobune.apiserver.bootstrap.joining import fingerprint, fingerprint_of_key, join
from kobune.apiserver.cache.cacher import Cacher
from kobune.apiserver.cache.view import View
from kobune.apiserver.customresources.controller import DefinitionController
from kobune.apiserver.customresources.serving import DefinitionServing, MakeConverter
from kobune.apiserver.flowcontrol.conditions import SchemaConditions
from kobune.apiserver.flowcontrol.flows import FlowControl
from kobune.apiserver.front import Front
from kobune.apiserver.grpc.dynamic import DynamicService
from kobune.apiserver.grpc.peer import Peers
from kobune.apiserver.grpc.table import service_names, typed_methods
from kobune.apiserver.grpc.typed import TypedServices
from kobune.apiserver.identity import IdentityLease
from kobune.apiserver.kubelets.kubelets import Kubelets
from kobune.apiserver.metrics import Metrics
from kobune.apiserver.openapi.v3 import OpenApi
from kobune.apiserver.registry.registry import built_in
from kobune.apiserver.rest.discovery import Discovery
from kobune.apiserver.rest.health import Health
from kobune.apiserver.rest.server import RestServer
from kobune.apiserver.rest.site import VERSION, Site
from kobune.apiserver.storage import etcd, leveldb, memory
from kobune.apiserver.storage.compaction import compact_by_age
from kobune.apiserver.storage.errors import CannotOpen
from kobune.apiserver.storage.remote.endpoints import TlsFiles, is_remote
from kobune.apiserver.storage.store import SharedStore, Store
from kobune.apiserver.usage.api import SERVED, UsageApi
from kobune.apiserver.usage.gathering import Gathering
from kobune.apiserver.verbs.addresses import Addresses
from kobune.apiserver.verbs.allocations import Allocations
from kobune.apiserver.verbs.api import Api
from kobune.apiserver.verbs.leases import EventLeases
from kobune.component_base.credentials import Credentials
from kobune.component_base.failure import CannotStart
from kobune.component_base.runtime_config import asked
from kobune.component_base.serving import Ready, Server, ServingConfig

if TYPE_CHECKING:
    from kobune.apiserver.customresources.conversion import Converter

log = logging.getLogger(__name__)

DYNAMIC = "kobune.api.dynamic.v1.Objects"
SERVICE_NETWORK = IPv4Network("127.96.0.0/16")


@dataclass(frozen=True)
class Config:
    """How an apiserver is run."""

    serving: ServingConfig
    """Where gRPC is served."""
    rest_port: int = 6443
    etcd_port: int = 2379
    store: str = "leveldb"
    """leveldb, or memory for a cluster that is thrown away, or the URL of an etcd cluster."""
    etcd: TlsFiles = field(default_factory=TlsFiles)
    """How to reach that over TLS."""
    data_dir: Path | None = None
    front_proxy: Credentials | None = None
    """By which the servers of other APIs know that it is the apiserver that tells them who asks."""
    service_account_key: Path | None = None
    """The key that signs service-account tokens; None for one that dies with the process."""
    service_network: IPv4Network = SERVICE_NETWORK
    service_ip: str = "127.96.0.1"
    """The ClusterIP of the apiserver's own Service."""
    node_ports: range = range(30000, 32768)
    audit_policy: Path | None = None
    """Which requests are recorded, as a Policy of audit.k8s.io/v1; none are without one."""
    audit_log: Path | None = None
    """Where to."""
    resource_metrics: bool = False
    """Whether to ask the kubelets what their pods use, for `kubectl top` and autoscalers."""
    with_controllers: bool = True
    """Whether our controllers run beside it: then those are warned who create what these do not act on yet."""
    runtime_config: str = ""
    """Alpha versions that are served, too: `scheduling.k8s.io/v1alpha2=true`."""


async def run(config: Config, *, clock: Clock, random: Random, ready: Callable[[Ready], None]) -> None:
    """Serve until cancelled."""
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(_opened(config, clock, random))
        # Another apiserver on the same store, or this one before a restart, must not give the same uids.
        shared = cast(SharedStore, store) if is_remote(config.store) else None
        start = store.revision if shared is None else await join(shared, _agreed(config))
        random = Random(f"{random.random()}/{start}")
        caller = Caller()
        stack.push_async_callback(caller.close)
        api = _api(config, store, shared, clock, random, caller)
        stack.callback(api.cacher.close)
        stack.push_async_callback(api.kubelets.close)
        webhooks = HttpTransport()
        stack.push_async_callback(webhooks.close)
        definitions = DefinitionServing(api.registry, api.cacher, store, _converters(api, webhooks))
        stack.callback(definitions.start())
        await bootstrap(api, str(config.service_network))
        authenticator = Authenticator(api.bearers)
        flows = FlowControl(api)
        audit = _audit(config, api)
        metrics = Metrics(api.registry, api.cacher, store, flows, audit)
        front = Front(api, authenticator, api.authorizer, metrics, flows, audit)
        elsewhere, connecting = ApiServices(api), Connecting(config.front_proxy)
        collectors = CollectorRegistry()
        collectors.register(metrics)
        server = await stack.enter_async_context(_grpc_server(config, front, clock, collectors))
        site = _site(config, api, collectors, elsewhere, connecting)
        rest = await stack.enter_async_context(
            RestServer(front, site, config.serving.host, config.rest_port, config.serving.credentials)
        )
        host, _, port = rest.address.rpartition(":")
        others = {"rest": rest.address}
        if not is_remote(config.store):  # there, etcd itself serves its API
            others["etcd"] = (await stack.enter_async_context(_etcd_server(config, front, clock))).address
        await publish(api, config.service_ip, host, int(port))
        schemas = SchemaConditions(api)
        await schemas.settle()
        identity = IdentityLease(api, rest.address)
        await identity.publish()
        server.set_serving(True)
        keeping = await stack.enter_async_context(asyncio.TaskGroup())
        keeping.create_task(compact_by_age(store, clock=clock, shared=shared))
        keeping.create_task(identity.run())
        if shared is not None:
            keeping.create_task(keep_published(api, config.service_ip, host, int(port)))
        keeping.create_task(schemas.run())
        keeping.create_task(PolicyStatuses(api).run())
        if audit is not None:
            keeping.create_task(audit.log.run())
        keeping.create_task(DefinitionController(api, definitions).run())
        keeping.create_task(AggregationController(api, elsewhere, connecting).run())
        ready(Ready("apiserver", server.address, others))
        log.info("serving https://%s and gRPC on %s", rest.address, server.address)
        await _forever()


@asynccontextmanager
async def _opened(config: Config, clock: Clock, random: Random) -> AsyncIterator[Store]:
    opening: AbstractAsyncContextManager[Store]
    if config.store == "memory":
        opening = memory.open_store(clock=clock, random=random)
    elif config.store == "leveldb" and config.data_dir is not None:
        opening = leveldb.open_store(config.data_dir, clock=clock, random=random)
    elif is_remote(config.store):
        opening = _remote(config, clock, random)
    else:
        raise CannotStart(f"apiserver: there is no store {config.store!r}")
    async with AsyncExitStack() as stack:
        try:
            store = await stack.enter_async_context(opening)
        except CannotOpen as error:
            raise CannotStart(f"apiserver: {error}") from None
        yield store


def _remote(config: Config, clock: Clock, random: Random) -> AbstractAsyncContextManager[SharedStore]:
    # Only whoever has an etcd cluster pays for this.
    from kobune.apiserver.storage.remote import endpoints
    from kobune.apiserver.storage.remote.store import open_store

    return open_store(endpoints.parse(config.store, config.etcd), clock=clock, random=random)


def _agreed(config: Config) -> Mapping[str, str]:
    """Return what all apiservers of a store have to have in common."""
    if config.service_account_key is None or config.serving.credentials is None:
        raise CannotStart(f"apiserver: with --store {config.store}, it needs a key for tokens, and certificates")
    return {
        "ca": fingerprint(config.serving.credentials.read().ca),
        "serviceAccountKey": fingerprint_of_key(_signing_key(config)),
        "serviceNetwork": str(config.service_network),
    }


def _api(config: Config, store: Store, shared: SharedStore | None, clock: Clock, random: Random, caller: Caller) -> Api:
    registry = built_in(asked(config.runtime_config))
    cacher = Cacher(store, registry)
    view = View(registry, cacher, clock, random)
    tokens = ServiceAccountTokens(view, _signing_key(config))
    addresses = Addresses(view, config.service_network, config.node_ports, random)
    return Api(
        registry=registry,
        cacher=cacher,
        clock=clock,
        random=random,
        store=store,
        admission=default_admission(view, caller),
        authorizer=Authorizer(view),
        tokens=tokens,
        bearers=AnySort((tokens, BootstrapTokens(view))),
        addresses=addresses,
        event_leases=EventLeases(store, clock),
        kubelets=Kubelets(config.serving.credentials),
        shared=shared,
        allocations=Allocations(shared, addresses) if shared is not None else None,
        warns_of_unserved=config.with_controllers,
    )


def _converters(api: Api, transport: HttpTransport) -> MakeConverter:
    def make(definition: CustomResourceDefinition) -> "Converter":
        # Only whoever defines kinds pays for them.
        from kobune.apiserver.customresources.webhook import converter_of

        return converter_of(definition, api, transport)

    return make


def _audit(config: Config, api: Api) -> Audit | None:
    if config.audit_policy is None and config.audit_log is None:
        return None
    if config.audit_policy is None or config.audit_log is None:
        raise CannotStart("apiserver: an audit policy and a file for the audit log need each other")
    policy = read_policy(config.audit_policy)
    log = AuditLog(config.audit_log, clock=api.clock, render=rendered)
    log.check()
    return Audit(policy, log, api.clock, api.new_uid)


def _signing_key(config: Config) -> EllipticCurvePrivateKey:
    if config.service_account_key is None:
        return generate_private_key(SECP256R1())
    try:
        key = load_pem_private_key(config.service_account_key.read_bytes(), None)
    except (OSError, ValueError) as error:
        raise CannotStart(f"apiserver: cannot read {config.service_account_key}: {error}") from None
    if not isinstance(key, EllipticCurvePrivateKey):
        raise CannotStart(f"apiserver: {config.service_account_key} is no ECDSA key")
    return key


def _grpc_server(config: Config, front: Front, clock: Clock, metrics: CollectorRegistry) -> Server:
    methods = list(typed_methods(front.api.registry))
    typed = TypedServices(front, methods)
    dynamic = DynamicService(front)
    names = service_names(methods)
    return Server(
        "apiserver",
        config.serving,
        clock=clock,
        registry=metrics,
        add=[
            (DYNAMIC, lambda server: add_ObjectsServicer_to_server(dynamic, server)),
            (names[0], lambda server: server.add_generic_rpc_handlers((typed,))),
            *((name, lambda server: None) for name in names[1:]),
        ],
    )


def _etcd_server(config: Config, front: Front, clock: Clock) -> Server:
    store = front.api.store
    # In the store everything is open to whoever gets there, so that is for those who may do everything anyway.
    peers = Peers(front.authenticator, front.authorizer)
    serving = replace(config.serving, port=config.etcd_port)

    def admit(context: "grpc.aio.ServicerContext[Any, Any]") -> None:
        if config.serving.credentials is None:
            return
        try:
            user = peers.user_of(context)
        except ApiError as error:
            raise etcd.NotAdmitted(str(error)) from None
        if MASTERS not in user.groups:
            raise etcd.NotAdmitted(user.name)

    def add(to: grpc.aio.Server) -> None:
        etcd.add_to(to, store, clock=clock, admit=admit, client_urls=lambda: [f"{scheme}://{server.address}"])

    scheme = "https" if config.serving.credentials else "http"
    first, *others = etcd.SERVICES
    services = [(first, add), *((name, lambda to: None) for name in others)]
    server = Server("etcd", serving, clock=clock, add=services)
    return server


def _site(config: Config, api: Api, metrics: CollectorRegistry, elsewhere: ApiServices, connecting: Connecting) -> Site:
    health = Health({"store": lambda: str(api.store.failed or "")})
    openapi = OpenApi(api.registry, VERSION["gitVersion"])
    usage: UsageApi | None = None
    if config.resource_metrics:
        usage = UsageApi(api, Gathering(api, api.kubelets))
        elsewhere.own.update(SERVED)
    return Site(Discovery(api.registry, elsewhere), openapi, health, metrics, elsewhere, connecting, api.tokens, usage)


async def _forever() -> None:
    await asyncio.get_running_loop().create_future()
