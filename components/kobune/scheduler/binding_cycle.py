"""From a node that was found to a bound pod, where plugins have a say in it.

reserve ──► permit ──► (held) ──► pre_bind ──► bind ──► post_bind
   └───────────┴──────────┴───────────┴──────────┴─► on any no or failure: unreserve, last reserved first
"""

import asyncio
import inspect
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, Final

from kobune.apimachinery.errors import ApiError
from kobune.client import Client
from kobune.scheduler.asking import LATE_SECONDS, Asker
from kobune.scheduler.framework import SKIP, Extension, No, Only, PluginFailed, Profile, Wait
from kobune.scheduler.framework.answers import no_of
from kobune.scheduler.framework.guard import Guarded
from kobune.scheduler.framework.profile import takes_more
from kobune.scheduler.nodeinfo import NodeInfo
from kobune.scheduler.plugins.default_binder import DefaultBinder
from kobune.scheduler.podinfo import PodInfo
from kobune.scheduler.queue import Waiting
from kobune.scheduler.snapshot import Snapshot

LATE: Final = ("reserve", "permit", "pre_bind", "bind", "post_bind")
GANG_HOLD: Final = 300.0
"""How long the pods of a gang that can be bound wait for those that cannot yet."""
LONGEST_HOLD: Final = 900.0
"""As in Kubernetes: nobody holds a pod for longer, whatever they ask for."""


class Rejected(Exception):
    """A plugin does not let the pod have the node."""

    def __init__(self, no: No) -> None:
        super().__init__("; ".join(no.reasons))
        self.no = no


class LatePlugins:
    """Which plugins of a profile have a say once a node is found."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self._all = [
            extension
            for point in LATE
            for extension in profile.at(point)
            if not isinstance(extension.plugin, DefaultBinder)
        ]

    def concern(self, pod: PodInfo) -> bool:
        """Whether any of them has something to say about a pod."""
        return any(_concerns(extension, pod) for extension in self._all)


class AllOrNone:
    """Pods of which none is bound before all of them can be."""

    def __init__(self, count: int, seconds: float = GANG_HOLD) -> None:
        self._missing = count
        self._seconds = seconds
        self._settled = asyncio.Event()
        self._is_off = False

    async def arrive(self) -> None:
        """Wait for the others; `Rejected` if one of them does not come."""
        self._missing -= 1
        if not self._missing:
            self._settled.set()
        try:
            async with asyncio.timeout(self._seconds):
                await self._settled.wait()
        except TimeoutError:
            why = f"rejected due to timeout after waiting {self._seconds:g}s at plugin GangScheduling"
            raise Rejected(No((why,), plugin="GangScheduling")) from None
        if self._is_off:
            raise Rejected(No(("pod group is unschedulable",), plugin="GangScheduling"))

    def call_off(self) -> None:
        """Bind none of them, if none is bound yet."""
        if not self._settled.is_set():
            self._is_off = True
            self._settled.set()


class BindingCycle:
    """One pod on its way to its node."""

    def __init__(
        self,
        profile: Profile,
        waiting: Waiting,
        node: NodeInfo,
        asker: Asker,
        client: Client,
        together: AllOrNone | None = None,
    ) -> None:
        """`together` are the pods without which it goes nowhere."""
        self._together = together
        self.profile = profile
        self.waiting = waiting
        self.node = node
        self._asker = asker
        self._client = client
        self._states: Mapping[str, Any] = {}
        self._holds: dict[str, Wait] = {}
        self._reserved: list[Extension] = []
        self._over: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        """Why the pod does not need its node any more."""

    @property
    def pod(self) -> PodInfo:
        """The pod."""
        return self.waiting.pod

    async def begin(self, cluster: Snapshot) -> None:
        """Reserve the node and ask whether the pod may have it; `Rejected` or `PluginFailed` if that is not to be."""
        await self._asker.ask(self.profile, lambda: self._reserve(cluster))

    async def finish(self) -> None:
        """Wait for those who hold the pod, and bind it; raises also the `ApiError` of the binding."""
        for plugin, hold in self._holds.items():
            await self._wait(plugin, hold)
        for extension in self._at("pre_bind"):
            await self._unless_over(self._late(extension, self._states.get(extension.name)))
        if self._together is not None:
            await self._together.arrive()
        for extension in self.profile.at("bind"):
            if isinstance(extension.plugin, DefaultBinder):
                await self._bind()
                break
            if _concerns(extension, self.pod) and await self._late(extension):
                break
        else:
            raise PluginFailed(
                self.profile.at("bind")[-1].name, "bind", "it has not bound the pod, and nobody else has"
            )

    async def end(self) -> None:
        """Tell those who want to know that the pod is bound."""
        with suppress(PluginFailed):
            for extension in self._at("post_bind"):
                await self._asker.ask(self.profile, partial(extension, self.pod, self.node))

    async def undo(self) -> None:
        """Give back what was reserved. A plugin that fails in this is on its own."""
        if self._together is not None:
            self._together.call_off()
        for extension in reversed(self._reserved):
            if (unreserve := getattr(extension.plugin, "unreserve", None)) is not None:
                state = (self._states.get(extension.name),) if takes_more(unreserve, 2) else ()
                with suppress(PluginFailed, ApiError):
                    if inspect.iscoroutinefunction(unreserve):
                        await unreserve(self.pod, self.node, *state)
                    else:
                        await self._asker.ask(self.profile, partial(unreserve, self.pod, self.node, *state))
        for hold in self._holds.values():
            hold.deny("the pod has lost its node")

    def give_up(self, why: str) -> None:
        """End the waiting for those who hold the pod, if it waits for them."""
        for hold in self._holds.values():
            hold.deny(why)
        if not self._over.done():
            self._over.set_result(why)

    async def _unless_over(self, work: Coroutine[Any, Any, Any]) -> None:
        """Do what may take long, but no longer than somebody wants the pod."""
        task = asyncio.ensure_future(work)
        try:
            await asyncio.wait([task, self._over], return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                await task
                return
        finally:
            if not task.done():
                task.cancel()
        raise Rejected(No((self._over.result(),)))

    def _at(self, point: str) -> list[Extension]:
        return [extension for extension in self.profile.at(point) if _concerns(extension, self.pod)]

    def _reserve(self, cluster: Snapshot) -> None:
        self._states = states_of(self.profile, self._at("reserve") + self._at("pre_bind"), self.pod, cluster)
        for extension in self._at("reserve"):
            self._reserved.append(extension)  # also one that fails has to clean up
            answer = extension(self.pod, self.node, state=self._states.get(extension.name))
            if (no := no_of(answer, extension.name)) is not None:
                raise Rejected(no)
        for extension in self._at("permit"):
            answer = extension(self.pod, self.node)
            if isinstance(answer, Wait):
                self._holds[extension.name] = answer
            elif (no := no_of(answer, extension.name)) is not None:
                raise Rejected(no)

    async def _wait(self, plugin: str, hold: Wait) -> None:
        seconds = min(hold.seconds, LONGEST_HOLD)
        try:
            async with asyncio.timeout(seconds):
                # Shielded: the answer is the plugin's.
                why = await asyncio.shield(asyncio.wrap_future(hold.answer))
        except TimeoutError:
            why = f"rejected due to timeout after waiting {seconds:g}s at plugin {plugin}"
        if why:
            raise Rejected(No((why,), plugin=plugin))

    async def _late(self, extension: Extension, state: Any = None) -> Any:
        """Ask at `pre_bind` or `bind`: a coroutine of others runs in a loop of its own, which it may block."""
        method: Callable[..., Any] = getattr(extension.plugin, extension.point)
        arguments = (self.pod, self.node, state) if extension.takes_state else (self.pod, self.node)
        if not inspect.iscoroutinefunction(method):
            return await self._asker.ask(self.profile, lambda: extension(self.pod, self.node, state=state))
        if isinstance(extension.plugin, Guarded):
            return await self._asker.wait_for(extension.name, extension.point, lambda: method(*arguments))
        seconds = max(LATE_SECONDS, getattr(extension.plugin, "bind_timeout_seconds", 0) + 1)
        try:
            async with asyncio.timeout(seconds):
                return await method(*arguments)
        except TimeoutError:
            raise PluginFailed(extension.name, extension.point, f"not done within {seconds:g} s") from None

    async def _bind(self) -> None:
        meta = self.pod.metadata
        await self._client.bind(meta.name, meta.namespace, self.node.name, uid=meta.uid)


def _concerns(extension: Extension, pod: PodInfo) -> bool:
    if isinstance(extension.plugin, Guarded):
        wants = getattr(extension.plugin, "wants", None)
        return wants is None or bool(wants(extension.point))
    concerns = getattr(extension.plugin, "concerns", None)
    return concerns is None or bool(concerns(pod))


def states_of(profile: Profile, extensions: list[Extension], pod: PodInfo, cluster: Snapshot) -> Mapping[str, Any]:
    """Return what the `pre_filter` of plugins remembers that want to know it again."""
    wanted = {extension.name for extension in extensions if extension.takes_state}
    found: dict[str, Any] = {}
    for extension in profile.at("pre_filter") if wanted else ():
        if extension.name in wanted:
            answer = extension(pod, cluster)
            if isinstance(answer, No):  # since it was decided, while others' plugins were asked
                raise Rejected(No(answer.reasons, answer.final, extension.name))
            found[extension.name] = answer.state if isinstance(answer, Only) else None if answer is SKIP else answer
    return found
