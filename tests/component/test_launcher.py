import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kobune.component_base.failure import CannotStart
from kobune.launcher import network
from kobune.launcher.data_dir import DataDirectory
from kobune.launcher.settings import ClusterSettings, check

FAKE_CLUSTER = Path(__file__).parent / "fakes" / "fake_cluster.py"
PATIENCE = 20.0


class Running:
    """A cluster of fake components in processes of their own."""

    def __init__(self, data_dir: Path, *arguments: str) -> None:
        self.data_dir = DataDirectory(data_dir)
        self.lines: list[str] = []
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        self._process = subprocess.Popen(
            [sys.executable, FAKE_CLUSTER, data_dir, *arguments], stdout=subprocess.PIPE, text=True, env=environment
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def read_until(self, pattern: str) -> str:
        """Return the first new line with `pattern` in it."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.lines.append(line.rstrip())
            if re.search(pattern, line):
                return line
        raise AssertionError(f"no {pattern!r} in {self.lines}")

    def component(self, name: str) -> int:
        """Return the process of a component."""
        return int(self.data_dir.recorded(name)["pid"])

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        if self._process.poll() is None:
            self._process.send_signal(how)
        return self.wait()

    def wait(self) -> int:
        assert self._process.stdout is not None
        if not self._process.stdout.closed:
            self.lines += self._process.stdout.read().splitlines()
            self._process.stdout.close()
        return self._process.wait(PATIENCE)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    started: list[Running] = []

    def start(*arguments: str) -> Running:
        started.append(Running(tmp_path / "cluster", *arguments))
        return started[-1]

    yield start
    for running in started:
        running.stop(signal.SIGTERM)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def eventually(happens: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happens():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("mode", [[], ["--in-process"]])
def test_a_cluster_starts_in_order_and_leaves_nothing_behind(start: Callable[..., Running], mode: list[str]) -> None:
    running = start(*mode)
    running.read_until(r"ready in .* https://127.0.0.1:1")
    assert running.lines[0].split()[:2] == ["apiserver", "ready"]
    assert {line.split()[0] for line in running.lines[:3]} == {"apiserver", "scheduler", "kubelet"}
    pids = {running.component(name) for name in ("apiserver", "scheduler", "kubelet")}
    assert len(pids) == (1 if mode else 3)
    assert running.data_dir.holder() == running.pid
    assert running.stop(signal.SIGINT) == 0
    assert not any(map(is_alive, pids))
    assert running.data_dir.holder() is None
    assert not list(running.data_dir.run.iterdir())


def test_each_component_has_a_log_of_its_own(start: Callable[..., Running]) -> None:
    running = start()
    running.read_until("ready in")
    running.stop()
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT[\d:.]+Z INFO scheduler: serving on 127.0.0.1:\d+\n",
        running.data_dir.log("scheduler").read_text(),
    )


def test_a_component_that_is_killed_comes_back_and_it_is_said(start: Callable[..., Running]) -> None:
    running = start()
    running.read_until("ready in")
    before = running.component("scheduler")
    os.kill(before, signal.SIGKILL)
    assert "killed by SIGKILL; starting it again in 0.1 s" in running.read_until("scheduler .*died")
    running.read_until("scheduler .*ready again")
    assert running.component("scheduler") != before
    assert running.data_dir.recorded("scheduler")["restarts"] == 1
    assert running.data_dir.recorded("scheduler")["lastError"] == "killed by SIGKILL"


def test_a_restarted_apiserver_is_where_it_was(start: Callable[..., Running]) -> None:
    running = start()
    running.read_until("ready in")
    address = running.data_dir.recorded("apiserver")["address"]
    os.kill(running.component("apiserver"), signal.SIGKILL)
    assert running.read_until("apiserver .*ready again").split()[-1] == address


@pytest.mark.parametrize("mode", [[], ["--in-process"]])
@pytest.mark.parametrize(
    ("ordeal", "reason"),
    [("refuse", "the moon is in the wrong phase"), ("crash", "ValueError: this is a bug")],
)
def test_a_component_that_cannot_start_is_one_line_and_the_end_of_all(
    start: Callable[..., Running], ordeal: str, reason: str, mode: list[str]
) -> None:
    running = start(f"kubelet={ordeal}", *mode)
    assert running.wait() == 1
    assert running.lines[-1].startswith(f"cannot start: kubelet: {reason}")
    assert running.data_dir.holder() is None


def test_a_component_that_will_not_stop_is_killed(start: Callable[..., Running]) -> None:
    running = start("scheduler=stubborn")
    running.read_until("ready in")
    stubborn, kubelet = running.component("scheduler"), running.component("kubelet")
    os.kill(running.pid, signal.SIGINT)
    eventually(lambda: not is_alive(kubelet))
    assert is_alive(stubborn)
    os.kill(running.pid, signal.SIGINT)  # no more patience
    assert running.wait() == 0
    assert not is_alive(stubborn)


def test_no_component_outlives_its_supervisor(start: Callable[..., Running]) -> None:
    running = start()
    running.read_until("ready in")
    pids = [running.component(name) for name in ("apiserver", "scheduler", "kubelet")]
    running.stop(signal.SIGKILL)
    eventually(lambda: not any(map(is_alive, pids)))
    eventually(lambda: running.data_dir.holder() is None)


def test_a_second_cluster_in_the_same_directory_is_refused(start: Callable[..., Running]) -> None:
    first = start()
    first.read_until("ready in")
    second = start()
    assert second.wait() == 1
    assert f"in use by a running cluster (process {first.pid})" in second.lines[-1]
    assert is_alive(first.component("apiserver"))


def test_a_directory_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "version").write_text("99\n")
    with pytest.raises(CannotStart, match=r"is of a newer Kobune \(version 99; this one knows 1\)"):
        DataDirectory(tmp_path).prepare()


def test_a_port_in_use_is_named_with_its_flag() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CannotStart, match=f"cannot listen on 127.0.0.1:{port}: .* in use; choose another --port"):
            network.check_free("127.0.0.1", [("--port", port)])


def test_an_unreachable_apiserver_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(CannotStart, match=f"cannot reach the apiserver at 127.0.0.1:{port}: Connection refused"):
        network.check_reachable(f"127.0.0.1:{port}")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"nodes": -1}, "--nodes -1"),
        ({"components": ("sheduler",)}, "there is no 'sheduler'"),
        ({"components": ()}, "name at least one"),
        ({"port": 70000}, "--port 70000: a port is between"),
    ],
)
def test_settings_that_cannot_work_are_refused(tmp_path: Path, wrong: dict[str, object], message: str) -> None:
    with pytest.raises(CannotStart, match=re.escape(message)):
        check(ClusterSettings(tmp_path, store="memory", **wrong))  # type: ignore[arg-type]


def test_what_is_noted_is_whole(tmp_path: Path) -> None:
    directory = DataDirectory(tmp_path)
    directory.prepare()
    directory.record("scheduler", {"pid": 1})
    assert json.loads((tmp_path / "run" / "scheduler.json").read_text()) == {"pid": 1}
    assert directory.recorded("nobody") == {}
