"""What the simulated cloud must not forget, and the file that it is in."""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

from kobune.component_base.failure import CannotStart


@dataclass
class Balancer:
    """A load balancer."""

    service: str
    """namespace/name, for people."""
    ip: str
    nodes: list[str]
    fingerprint: str
    ports: list[tuple[str, str, int, int]]
    """Name, protocol, port and node port of each."""
    source_ranges: list[str] = field(default_factory=list)
    external_traffic_policy: str = ""
    health_check_node_port: int = 0


@dataclass
class Machine:
    """An instance, whether it runs or not."""

    zone: str
    region: str
    addresses: list[str] = field(default_factory=list)


@dataclass
class Route:
    """Which node has the pods of a range."""

    node: str
    cidr: str


@dataclass
class State:
    """All there is in the cloud."""

    balancers: dict[str, Balancer] = field(default_factory=dict)
    """By the uid of their Service."""
    terminated: set[str] = field(default_factory=set)
    """Nodes whose machines were destroyed; all others have one."""
    stopped: set[str] = field(default_factory=set)
    """Nodes whose machines are switched off."""
    machines: dict[str, Machine] = field(default_factory=dict)
    """Those that somebody has asked for, by the name of their node."""
    cut: set[str] = field(default_factory=set)
    """Zones that are cut off."""
    routes: dict[str, Route] = field(default_factory=dict)
    """By name."""


class StateFile:
    """Keeps a state in a file, so that what was said to be done is still done after a power cut."""

    def __init__(self, path: Path | None) -> None:
        """Describe the file; None keeps nothing."""
        self._path = path

    def load(self) -> State:
        """Return what was saved last; `CannotStart` if that cannot be read."""
        if self._path is None or not self._path.exists():
            return State()
        try:
            tree = json.loads(self._path.read_text())
            balancers = {
                uid: Balancer(**{**each, "ports": [tuple(port) for port in each["ports"]]})
                for uid, each in tree["balancers"].items()
            }
            return State(
                balancers,
                set(tree["terminated"]),
                set(tree["stopped"]),
                {name: Machine(**each) for name, each in tree.get("machines", {}).items()},
                set(tree.get("cut", ())),
                {name: Route(**each) for name, each in tree.get("routes", {}).items()},
            )
        except OSError as error:
            raise CannotStart(f"the simulated cloud cannot read {self._path}: {error.strerror}") from None
        except (ValueError, KeyError, TypeError):
            raise CannotStart(f"{self._path} is not the state of a simulated cloud: remove it to begin anew") from None

    def write(self, text: str) -> None:
        """Replace what is in the file; it is on disk when this returns."""
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary = self._path.with_suffix(".new")
        with temporary.open("w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def text_of(state: State) -> str:
    """Return a state as it is in the file."""
    tree = {
        "balancers": {uid: asdict(balancer) for uid, balancer in state.balancers.items()},
        "terminated": sorted(state.terminated),
        "stopped": sorted(state.stopped),
        "machines": {name: vars(machine) for name, machine in state.machines.items()},
        "cut": sorted(state.cut),
        "routes": {name: vars(route) for name, route in state.routes.items()},
    }
    return json.dumps(tree, indent=1)
