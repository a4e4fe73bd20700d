"""A whole control plane inside the process that asks for it."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Self

import kobune.component_base  # noqa: F401 - first: it quiets the library of gRPC, before that is imported
from kobune.apimachinery.clock import Clock, SystemClock
from kobune.client import Client, ClientConfig
from kobune.component_base import certificates
from kobune.component_base.failure import CannotStart
from kobune.component_base.serving import Ready
from kobune.launcher.composition import ADMIN, PLANS, Composition, Plan
from kobune.launcher.in_process import run_in_process
from kobune.launcher.progress import ClusterReady, Progress
from kobune.launcher.settings import APISERVER, COMPONENTS, ClusterSettings, check

START_TIMEOUT = 30.0


class Cluster:
    """A cluster that runs while it is entered, on ports of its own; any number can run at once.

    ```python
    async with Cluster(nodes=3) as cluster:
        pods = await cluster.client.list(Pod)
    ```

    Nothing is left behind: without a `data_dir`, its data lies in a temporary folder that goes with it. A component
    that fails ends the cluster, and leaving it raises that error.
    """

    def __init__(
        self,
        *,
        nodes: int = 3,
        store: str = "memory",
        components: tuple[str, ...] = COMPONENTS,
        data_dir: Path | None = None,
        clock: Clock | None = None,
        seed: int = 0,
        scheduler_config: Path | None = None,
        runtime_config: str = "",
        plans: Mapping[str, Plan] = PLANS,
    ) -> None:
        """Describe a cluster; nothing is started.

        What `store="leveldb"` keeps in a `data_dir` is there next time. A component of yours takes the place of one of
        ours with `plans=PLANS | {"scheduler": Plan("my.module", my_config)}`.
        """
        self.clock = clock or SystemClock()
        self._plans = plans
        self.addresses: dict[str, str] = {}
        """Where each component serves its gRPC services, by name; the apiserver has `rest` and `etcd` besides."""
        self._settings = ClusterSettings(
            data_dir=data_dir or Path(),
            port=0,
            grpc_port=0,
            etcd_port=0,
            nodes=nodes,
            store=store,
            components=components,
            seed=seed,
            scheduler_config=scheduler_config,
            runtime_config=runtime_config,
        )
        self._is_temporary = data_dir is None
        self._exit = AsyncExitStack()
        self._client: Client | None = None

    @property
    def address(self) -> str:
        """The apiserver's gRPC address, `127.0.0.1:port`."""
        return self.addresses[APISERVER]

    @property
    def server(self) -> str:
        """The apiserver's URL for HTTPS clients; the kubeconfig has it too."""
        return f"https://{self.addresses['rest']}"

    @property
    def data_dir(self) -> Path:
        """The folder of the cluster's data."""
        return self._settings.data_dir

    @property
    def kubeconfig(self) -> Path:
        """The file for kubectl and other clients; its user may do everything."""
        return self.data_dir / "kubeconfig"

    @property
    def client(self) -> Client:
        """A client that may do everything, connected."""
        if self._client is None:
            raise RuntimeError("the cluster is not running: use it inside `async with`")
        return self._client

    def connect(self, identity: str = ADMIN.name) -> Client:
        """Return another client, to be entered: as the administrator, or as a component such as `scheduler`."""
        files = certificates.credentials(self.data_dir / "pki", identity)
        config = ClientConfig(address=self.address, ca=files.ca, certificate=files.certificate, key=files.key)
        return Client.connect(config, clock=self.clock)

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            if self._is_temporary:
                folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="kobune-"))
                self._settings = replace(self._settings, data_dir=Path(folder))
            check(self._settings)
            composition = Composition(self._settings, clock=self.clock, plans=self._plans)
            stack.enter_context(composition.owned(well_known=False))
            await stack.enter_async_context(self._running(composition))
            if APISERVER in self.addresses:
                self._client = await stack.enter_async_context(self.connect())
            self._exit = stack.pop_all()
        return self

    async def __aexit__(self, *failure: object) -> None:
        self._client = None
        await self._exit.aclose()

    @asynccontextmanager
    async def _running(self, composition: Composition) -> AsyncIterator[None]:
        ready = asyncio.Event()

        def hear(told: Ready) -> None:
            self.addresses |= {told.name: told.address, **told.others}
            composition.component_is_ready(told)

        def report(progress: Progress) -> None:
            if isinstance(progress, ClusterReady):
                ready.set()

        work = run_in_process(
            composition.stages(),
            composition.start,
            data_dir=composition.data_dir,
            clock=self.clock,
            report=report,
            on_ready=hear,
            restart=False,
        )
        # A task of its own, not a TaskGroup here: pytest enters and leaves fixtures in different tasks.
        running = asyncio.create_task(work, name="kobune cluster")
        started = asyncio.create_task(ready.wait())
        try:
            await asyncio.wait([running, started], timeout=START_TIMEOUT, return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                await running
            if not ready.is_set():
                late = [name for name in self._settings.components if name not in self.addresses]
                raise CannotStart(f"not ready after {START_TIMEOUT:.0f} s: {', '.join(late)}; see the log")
            yield
        finally:
            started.cancel()
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
