"""ResourceQuotas: how much a namespace may hold. Source: *Resource Quotas*.

What an object needs is added to the status of every quota that counts it, in one compare-and-write before the object is
stored: so the quota is never exceeded, however many write at once. All who wait for the quotas of a namespace are
served together by whoever comes first, with one write for all of them.
"""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from kobune.apimachinery.errors import ApiError, Conflict, NotFound
from kobune.apimachinery.pod_resources import Amounts, shown
from kobune.apimachinery.quantity import canonical, parse, total
from kobune.apimachinery.resource_usage import could_count, in_scope, unspecified, usage
from kobune.apiserver.admission.chain import Write
from kobune.apiserver.admission.refusal import refused
from kobune.apiserver.auth.user import LOOPBACK

ATTEMPTS: Final = 20
UPDATED: Final = frozenset({"persistentvolumeclaims", "services"})
"""The kinds whose updates can need more."""
PARTS: Final = frozenset({"", "resize"})


@dataclass(eq=False)
class Wish:
    """One write that waits for its quotas."""

    write: Write
    needs: Amounts
    """Beyond what the object before it had."""
    answer: asyncio.Future[bool] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class ResourceQuota:
    """Charges new objects to the quotas of their namespaces."""

    resources: frozenset[str] = frozenset()

    def __init__(self) -> None:
        self._waiting: dict[str, list[Wish]] = {}

    def validate(self, write: Write) -> Awaitable[None] | None:
        call = write.call
        row = write.api.registry["resourcequotas"]
        ring = write.api.cacher.ring(row)
        if not ring.objects or not call.namespace or not _is_charged(write):
            return None
        for stored in ring.select(row.prefix(call.namespace)):
            if could_count(call.group, call.plural, stored.message.status.hard):  # type: ignore[attr-defined]
                return self._charge(write)
        return None

    async def _charge(self, write: Write) -> None:
        namespace = write.call.namespace
        while True:
            wish = Wish(write, _needs(write))
            if (waiting := self._waiting.get(namespace)) is not None:
                waiting.append(wish)
            else:
                await self._lead(namespace, wish)
            if await wish.answer:
                return

    async def _lead(self, namespace: str, first: Wish) -> None:
        """Serve the quotas of a namespace until nobody waits for them any more."""
        self._waiting[namespace] = [first]
        batch: list[Wish] = []
        try:
            while batch := self._waiting[namespace]:
                self._waiting[namespace] = []
                await _serve(first.write, batch)
        finally:
            # Whoever leads may be cancelled: then somebody else has to.
            for left in (*batch, *self._waiting.pop(namespace)):
                if not left.answer.done():
                    left.answer.set_result(False)


async def _serve(write: Write, batch: Sequence[Wish]) -> None:
    """Answer all wishes on the quotas of one namespace."""
    pending = list(batch)
    try:
        for _ in range(ATTEMPTS):
            try:
                await _attempt(write, pending)
            except (Conflict, NotFound):
                continue  # a quota was changed or deleted meanwhile
            for wish in pending:
                if not wish.answer.done():
                    wish.answer.set_result(True)
            return
        raise Conflict.named("", "resourcequotas", "", "the object has been modified; please try again")
    except ApiError as error:
        for wish in pending:
            if not wish.answer.done():
                wish.answer.set_exception(error)


async def _attempt(write: Write, pending: list[Wish]) -> None:
    """Charge what can be charged, with one write for each quota; refuse the rest."""
    api = write.api
    row = api.registry["resourcequotas"]
    quotas = list(api.cacher.ring(row).select(row.prefix(write.call.namespace)))
    ledgers = [Ledger.of(stored) for stored in quotas]
    for wish in list(pending):
        if wish.answer.done():
            continue
        try:
            charge(wish, ledgers)
        except ApiError as error:
            wish.answer.set_exception(error)
    for ledger in ledgers:
        if ledger.is_changed:
            await _save(write, ledger)


@dataclass
class Ledger:
    """What a quota allows, and what is used of it."""

    quota: Any
    revision: int
    hard: dict[str, str]
    used: dict[str, str]
    is_changed: bool = False

    @classmethod
    def of(cls, stored: Any) -> "Ledger":
        """Return the ledger of a quota as it is now."""
        status = stored.message.status
        hard = {name: value.string for name, value in status.hard.items()}
        used = {name: value.string for name, value in status.used.items()}
        return cls(stored.message, stored.revision, hard, used)


def charge(wish: Wish, ledgers: Sequence[Ledger]) -> None:
    """Add what a write needs to all quotas that count it; raise `Forbidden` if one of them would be exceeded."""
    write = wish.write
    call = write.call
    concerned = []
    for ledger in ledgers:
        counted = could_count(call.group, call.plural, ledger.hard)
        if not counted or not in_scope(call.plural, write.new, ledger.quota.spec):
            continue
        _check_known(write, ledger, counted)
        concerned.append(ledger)
    changes: list[tuple[Ledger, dict[str, str]]] = []
    for ledger in concerned:
        needs = {name: value for name, value in wish.needs.items() if name in ledger.hard and value}
        after = {name: _sum(ledger.used.get(name, "0"), shown(name, wish.needs)) for name in needs}
        exceeded = sorted(name for name in needs if parse(after[name]) > parse(ledger.hard[name]))
        if exceeded:
            asked = {name: shown(name, wish.needs) for name in exceeded}
            raise refused(
                write,
                f"exceeded quota: {ledger.quota.metadata.name}, requested: {_pretty(asked)}, "
                f"used: {_pretty({name: ledger.used.get(name, '0') for name in exceeded})}, "
                f"limited: {_pretty({name: ledger.hard[name] for name in exceeded})}",
            )
        changes.append((ledger, after))
    if write.call.dry_run:
        return
    for ledger, after in changes:
        ledger.used.update(after)
        ledger.is_changed = ledger.is_changed or bool(after)


def _check_known(write: Write, ledger: Ledger, counted: set[str]) -> None:
    name = ledger.quota.metadata.name
    if write.call.plural == "pods" and (missing := unspecified(write.new, counted)):
        raise refused(write, f"failed quota: {name}: must specify {missing}")
    if unknown := sorted(counted - set(ledger.used)):
        raise refused(write, f"status unknown for quota: {name}, resources: {','.join(unknown)}")


def _is_charged(write: Write) -> bool:
    call = write.call
    if write.operation == "CREATE":
        return write.is_plain
    if write.operation != "UPDATE":
        return False
    plural = "" if call.group else call.plural
    return (write.is_plain and plural in UPDATED) or (plural == "pods" and call.subresource == "resize")


def _needs(write: Write) -> Amounts:
    call = write.call
    needs = usage(call.group, call.plural, write.new)
    if write.old is None:
        return needs
    before = usage(call.group, call.plural, write.old)
    for name in list(needs):
        more = needs[name] - before.get(name, Decimal(0))
        if more <= 0:
            del needs[name]
        elif name in before:
            needs[name] = more
            needs.written[name] = [_difference(needs.written[name], more)]
    return needs


def _difference(written: Sequence[str], more: Decimal) -> str:
    binary = any(text[-1:] == "i" for text in written)
    return canonical(f"{int(more) // 1024}Ki" if binary and more % 1024 == 0 else f"{more:f}")


def _sum(used: str, more: str) -> str:
    return total([used, more]) if parse(used) else canonical(more)


def _pretty(found: dict[str, str]) -> str:
    return ",".join(f"{name}={canonical(found[name])}" for name in sorted(found))


async def _save(write: Write, ledger: Ledger) -> None:
    from kobune.apiserver.verbs.call import Call  # the verbs use admission: no other way round
    from kobune.apiserver.verbs.modify import modify

    meta = ledger.quota.metadata
    call = Call(LOOPBACK, write.api.registry["resourcequotas"], meta.namespace, meta.name, "status")

    def change(current: Any) -> Any:
        new = current.private()
        # Only over what was read: whoever was faster is counted, too.
        new.metadata.resourceVersion = str(ledger.revision)
        for name, value in ledger.used.items():
            new.status.used[name].string = value
        return new

    await modify(write.api, call, change)
