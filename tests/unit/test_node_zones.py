"""How many nodes of a zone are given up at a time, over outages of nodes, of zones and of everything."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from kobune.api.core.v1 import Node
from kobune.client import RequeueAfter, Update
from kobune.controller_manager.controllers.nodeeviction import Remember, reconcile
from kobune.controller_manager.controllers.nodelifecycle import NOT_READY, UNREACHABLE
from kobune.controller_manager.zones import ZONE, Disruption, EvictionRates, Zones, assess, by_zone, zone_of

START = 1_000_000.0
RATES = EvictionRates()


def node(name: str, zone: str = "a", ready: str = "True") -> Node:
    made = Node()
    made.metadata.name = name
    made.metadata.labels[ZONE] = zone
    made.status.conditions.add(type="Ready", status=ready)
    if ready != "True":
        made.spec.taints.add(key=NOT_READY if ready == "False" else UNREACHABLE, effect="NoSchedule")
    return made


class World:
    """Nodes, and the time; what the controller wants done is done."""

    def __init__(self, *zones: tuple[str, int], rates: EvictionRates = RATES) -> None:
        self.nodes = {
            f"{zone}-{number}": node(f"{zone}-{number}", zone) for zone, size in zones for number in range(size)
        }
        self.zones, self.now, self.rates = Zones(), START, rates
        self.given_up: list[tuple[float, str]] = []
        self.look()

    def say(self, names, ready: str) -> None:
        """Have nodes be ready or not, as nodelifecycle shows them."""
        for name in names:
            before = self.nodes[name]
            after = node(name, zone_of(before)[1], ready)
            if ready != "True" and any(taint.effect == "NoExecute" for taint in before.spec.taints):
                after.spec.taints.add(key=after.spec.taints[0].key, effect="NoExecute")
            self.nodes[name] = after
        self.look()

    def look(self) -> float | None:
        """Reconcile once; return when to look again."""
        again = None
        for action in reconcile(list(self.nodes.values()), self.zones, self.rates, self.now):
            match action:
                case Remember(zones):
                    self.zones = zones
                case Update(changed):
                    if changed.metadata.name in self.lost():
                        self.given_up.append((self.now, changed.metadata.name))
                    self.nodes[changed.metadata.name] = changed
                case RequeueAfter(seconds):
                    again = seconds
        return again

    def wait(self, seconds: float) -> None:
        until = self.now + seconds
        again = self.look()
        while again is not None and self.now + again <= until:
            self.now += again
            again = self.look()
        self.now = until

    def lost(self) -> set[str]:
        return {
            name
            for name, item in self.nodes.items()
            if item.status.conditions[0].status != "True"
            and not any(taint.effect == "NoExecute" for taint in item.spec.taints)
        }

    def names(self, zone: str, count: int) -> list[str]:
        return [f"{zone}-{number}" for number in range(count)]


def test_one_lost_node_is_given_up_at_once_and_the_next_ones_every_ten_seconds():
    world = World(("a", 10))
    world.say(world.names("a", 3), "Unknown")
    world.wait(25)
    assert [round(at - START) for at, _ in world.given_up] == [0, 10, 20]


def test_each_zone_has_a_pace_of_its_own():
    world = World(("a", 10), ("b", 10))
    world.say([*world.names("a", 2), *world.names("b", 2)], "Unknown")
    world.wait(5)
    assert {name[0] for _, name in world.given_up} == {"a", "b"}
    assert len(world.given_up) == 2


def test_nobody_is_given_up_in_a_small_zone_while_much_of_it_is_not_ready():
    world = World(("a", 10), ("b", 10))
    world.say(world.names("a", 6), "Unknown")
    world.wait(3600)
    assert world.given_up == []
    world.say(world.names("a", 1), "True")  # 5 of 10 are less than 55%
    world.wait(15)
    assert len(world.given_up) == 1


def test_a_large_zone_of_which_much_is_not_ready_is_given_up_slowly():
    world = World(("a", 60))
    world.say(world.names("a", 40), "Unknown")
    world.wait(350)
    assert [round((at - START) / 100) for at, _ in world.given_up] == [0, 1, 2, 3]


def test_a_zone_that_is_gone_altogether_is_given_up_as_long_as_another_is_well():
    world = World(("a", 5), ("b", 5))
    world.say(world.names("a", 5), "Unknown")
    world.wait(45)
    assert len(world.given_up) == 5


def test_when_everything_is_lost_nothing_is_given_up_and_what_was_is_taken_back():
    world = World(("a", 4), ("b", 4))
    world.say(world.names("a", 2), "Unknown")
    assert len(world.given_up) == 1
    world.say([*world.names("a", 4), *world.names("b", 4)], "Unknown")
    world.wait(36_000)
    assert len(world.given_up) == 1
    assert world.lost() == set(world.nodes)


def test_after_an_outage_of_everything_nodes_have_a_moment_to_come_back():
    world = World(("a", 4))
    world.say(world.names("a", 4), "Unknown")
    for back in range(1, 5):
        world.now += 1
        world.say([f"a-{4 - back}"], "True")
    world.wait(60)
    assert world.given_up == []


def test_what_does_not_come_back_after_an_outage_of_everything_is_given_up():
    world = World(("a", 4))
    world.say(world.names("a", 4), "Unknown")
    world.say(world.names("a", 3), "True")
    world.wait(5)
    assert world.given_up == []
    world.wait(10)
    assert [name for _, name in world.given_up] == ["a-3"]


def test_a_node_that_takes_pods_still_is_tainted_by_the_other_controller_first():
    silent = node("a-1")
    silent.status.conditions[0].status = "Unknown"
    assert not [each for each in reconcile([silent, node("a-2")], Zones(), RATES, START) if isinstance(each, Update)]


def test_a_zone_is_named_by_region_and_zone():
    nodes = [node("1", "a"), node("2", "b"), node("3", "b", "False")]
    zones = assess(by_zone(nodes), Zones(), RATES, START)
    assert zones.disruptions == {("", "a"): Disruption.NORMAL, ("", "b"): Disruption.NORMAL}


@settings(max_examples=150, deadline=None)
@given(
    st.integers(1, 12),
    st.integers(1, 12),
    st.lists(
        st.tuples(
            st.sets(st.tuples(st.sampled_from("ab"), st.integers(0, 11)), max_size=12),
            st.booleans(),
            st.integers(0, 60),
        ),
        max_size=12,
    ),
)
def test_no_zone_is_ever_given_up_faster_than_its_rate(size_a, size_b, story):
    world = World(("a", size_a), ("b", size_b))
    for touched, well, seconds in story:
        names = [f"{zone}-{number}" for zone, number in touched if f"{zone}-{number}" in world.nodes]
        world.say(names, "True" if well else "Unknown")
        world.wait(seconds)
    for zone in "ab":
        times = [at for at, name in world.given_up if name[0] == zone]
        assert all(later - sooner >= 1 / RATES.node_eviction_rate - 0.1 for sooner, later in pairwise(times))
    world.say(list(world.nodes), "True")
    assert reconcile(list(world.nodes.values()), world.zones, RATES, world.now) == []
