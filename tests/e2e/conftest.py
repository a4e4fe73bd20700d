import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
PORTS = ("--port", "0", "--grpc-port", "0", "--etcd-port", "0")
PATIENCE = 60.0


class Kobune:
    """A user's two programs, kobune and kubectl, on one cluster of real processes."""

    def __init__(self, data_dir: Path, kubectl: str) -> None:
        self.data_dir = data_dir
        self.kubeconfig = data_dir / "kubeconfig"
        self._kubectl = kubectl

    def __call__(self, command: str, *arguments: str, ok: bool = True) -> "subprocess.CompletedProcess[str]":
        """Run `kobune`, and check that it ends well, or does not."""
        program = "from kobune.cli.main import main; main()"
        words = [sys.executable, "-c", program, command, *arguments, "--data-dir", str(self.data_dir)]
        done = subprocess.run(words, capture_output=True, text=True, env=ENVIRONMENT, timeout=90, check=False)
        assert (done.returncode == 0) == ok, done.stdout + done.stderr
        return done

    def up(self, *arguments: str) -> str:
        """Start the cluster, and return what is shown."""
        return self("up", "--detach", *arguments, *PORTS).stdout

    def component(self, name: str, *arguments: str) -> "subprocess.Popen[str]":
        """Start a component on its own; what it says can be read from its `stderr`."""
        program = "from kobune.cli.main import main; main()"
        words = [sys.executable, "-c", program, "component", name, *arguments, "--data-dir", str(self.data_dir)]
        return subprocess.Popen(words, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT)

    def try_kubectl(self, *arguments: str, given: str = "") -> "subprocess.CompletedProcess[str]":
        """Run kubectl, with something to read."""
        command = [self._kubectl, "--kubeconfig", str(self.kubeconfig), *arguments]
        return subprocess.run(command, input=given, capture_output=True, text=True, timeout=90, check=False)

    def kubectl(self, *arguments: str, given: str = "") -> str:
        """Return what kubectl says, which must go well."""
        done = self.try_kubectl(*arguments, given=given)
        assert done.returncode == 0, f"kubectl {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done.stdout

    def parsed(self, *arguments: str) -> Any:
        """Return the object that kubectl shows."""
        return json.loads(self.kubectl(*arguments, "--output", "json"))

    def noted(self, component: str) -> dict[str, Any]:
        """Return what the launcher notes of a component: pid, address, restarts."""
        noted: dict[str, Any] = json.loads((self.data_dir / "run" / f"{component}.json").read_text())
        return noted

    def kill(self, component: str) -> None:
        """End a component as the kernel would, and wait for the next one."""
        before = self.noted(component)
        os.kill(before["pid"], signal.SIGKILL)
        self.eventually(
            lambda: self.noted(component)["restarts"] > before["restarts"] and self.noted(component)["address"] != ""
        )

    def eventually(self, happens: Callable[[], Any]) -> Any:
        """Return the first truth that is found."""
        deadline = time.monotonic() + PATIENCE
        while not (found := happens()):
            assert time.monotonic() < deadline, "it never happened"
            time.sleep(0.05)
        return found


@pytest.fixture(scope="session")
def make_kobune(kubectl: str) -> Callable[[Path], Kobune]:
    """Return what makes a cluster of a folder; whoever uses it takes it down."""
    return lambda data_dir: Kobune(data_dir, kubectl)


@pytest.fixture
def kobune(tmp_path: Path, kubectl: str) -> Iterator[Kobune]:
    kobune = Kobune(tmp_path / "cluster", kubectl)
    yield kobune
    kobune("down")
