"""Seats, queues, and whose turn it is."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kobune.api.flowcontrol.v1 import FlowSchema
from kobune.apiserver.auth.user import User
from kobune.apiserver.bootstrap.flows import flow_control
from kobune.apiserver.flowcontrol.level import Level, Overloaded, dealt
from kobune.apiserver.flowcontrol.matching import Request, matches

CONTROLLERS = User("system:kube-controller-manager", ("system:authenticated",))
NODE = User("system:node:n", ("system:nodes", "system:authenticated"))
ROBOT = User("system:serviceaccount:apps:r", ("system:serviceaccounts", "system:authenticated"))
DNS = User("system:serviceaccount:kube-system:dns", ("system:serviceaccounts", "system:authenticated"))
LEASES = {"group": "coordination.k8s.io", "resource": "leases", "namespace": "kube-system"}


@pytest.mark.parametrize(
    ("request_", "schema"),
    [
        (Request(User("root", ("system:masters", "system:authenticated")), "get", resource="pods"), "exempt"),
        (Request(User("", ("system:unauthenticated",)), "get", path="/readyz"), "probes"),
        (Request(User("", ("system:unauthenticated",)), "get", path="/version"), "global-default"),
        (Request(CONTROLLERS, "update", **LEASES), "system-leader-election"),
        (Request(CONTROLLERS, "delete", **LEASES), "kube-controller-manager"),
        (Request(CONTROLLERS, "list", resource="pods"), "kube-controller-manager"),
        (Request(NODE, "update", resource="nodes/status"), "system-node-high"),
        (Request(NODE, "update", group="coordination.k8s.io", resource="leases", namespace="x"), "system-node-high"),
        (Request(NODE, "list", resource="pods"), "system-nodes"),
        (Request(DNS, "list", resource="services"), "kube-system-service-accounts"),
        (Request(ROBOT, "list", resource="services"), "service-accounts"),
        (Request(User("jane", ("system:authenticated",)), "list", resource="services"), "global-default"),
    ],
)
def test_every_request_has_a_schema_as_in_kubernetes(request_: Request, schema: str) -> None:
    schemas = [item for _, item in flow_control() if isinstance(item, FlowSchema)]
    ordered = sorted(schemas, key=lambda each: (each.spec.matchingPrecedence, each.metadata.name))
    assert next(each.metadata.name for each in ordered if matches(each, request_)) == schema


@given(st.integers(0, 2**64 - 1), st.integers(1, 128), st.integers(1, 8))
def test_a_hand_has_different_queues_of_the_deck(flow: int, deck: int, hand: int) -> None:
    queues = list(dealt(flow, deck, hand))
    assert len(queues) == len(set(queues)) == min(deck, hand)
    assert all(0 <= queue < deck for queue in queues)


def level_with(seats: int, queues: int = 2, hand: int = 1, length: int = 2) -> Level:
    level = Level("x", "uid")
    level.configure(seats, queues, hand, length)
    return level


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_who_finds_no_seat_waits_and_too_many_are_refused() -> None:
    level = level_with(1)
    assert level.take()
    assert not level.take()
    async with asyncio.TaskGroup() as group:
        waiting = [group.create_task(level.wait(0)) for _ in range(2)]
        await settle()
        with pytest.raises(Overloaded):
            await level.wait(0)
        assert not level.take()  # nobody overtakes those who wait
        level.give()
        await settle()
        assert [task.done() for task in waiting] == [True, False]
        level.give()
    level.give()
    assert (level.taken, level.waiting, level.rejected) == (0, 0, {"queue-full": 1})


async def test_flows_take_turns() -> None:
    level = level_with(1, length=10)
    level.take()
    order: list[str] = []

    async def come(flow: int, name: str) -> None:
        await level.wait(flow)
        order.append(name)
        level.give()

    async with asyncio.TaskGroup() as group:
        for number in range(5):
            group.create_task(come(0, f"many{number}"))
        await settle()
        group.create_task(come(1, "one"))
        await settle()
        level.give()
    assert order.index("one") <= 1


async def test_whoever_stops_waiting_takes_no_seat() -> None:
    level = level_with(1)
    level.take()
    async with asyncio.TaskGroup() as group:
        gone, seated = group.create_task(level.wait(0)), group.create_task(level.wait(1))
        await settle()
        gone.cancel()
        await settle()
        assert level.waiting == 1
        level.give()
        seated.cancel()  # after it got its seat, before it knows
        await settle()
    assert (level.taken, level.waiting) == (0, 0)


async def test_a_level_without_queues_refuses_and_one_without_bound_never_does() -> None:
    level = level_with(1, queues=0)
    assert level.take()
    with pytest.raises(Overloaded):
        await level.wait(0)
    level.configure(None, 0, 1, 0)
    assert all(level.take() for _ in range(1000))
