"""A cluster on free ports and a temporary data directory, as `kobune up` makes it: durable, six processes."""

import json
import os
import re
import signal
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from kobune.apimachinery.clock import SystemClock
from kobune.client import Client, ClientConfig

KOBUNE = "import sys; from kobune.cli.main import main; sys.exit(main())"


@dataclass(frozen=True)
class Running:
    """A cluster that runs."""

    data_dir: Path
    command_seconds: float
    """How long the whole `kobune up --detach` took."""
    began: float
    """When that was started, as `time.time` says."""

    @property
    def server(self) -> str:
        """The URL of the REST API."""
        found = re.search(r"server: (\S+)", (self.data_dir / "kubeconfig").read_text())
        assert found is not None
        return found[1]

    @property
    def tls(self) -> ssl.SSLContext:
        """The administrator's certificate, for HTTPS."""
        pki = self.data_dir / "pki"
        context = ssl.create_default_context(cafile=str(pki / "ca.crt"))
        context.load_cert_chain(pki / "admin.crt", pki / "admin.key")
        return context

    def client(self) -> Client:
        """Return a client to be entered."""
        pki = self.data_dir / "pki"
        address = self.facts("apiserver")["address"]
        config = ClientConfig(address, pki / "ca.crt", pki / "admin.crt", pki / "admin.key")
        return Client.connect(config, clock=SystemClock())

    def facts(self, component: str) -> dict[str, str]:
        """Return what is noted of a running component."""
        facts: dict[str, str] = json.loads((self.data_dir / "run" / f"{component}.json").read_text())
        return facts

    def memory(self) -> int:
        """Return the bytes that all processes of the cluster have together, shared ones counted once."""
        return sum(map(_pss, self._pids()))

    def cpu_seconds(self) -> float:
        """Return the processor time that all processes of the cluster have used so far."""
        return sum(map(_cpu_seconds, self._pids()))

    def _pids(self) -> set[int]:
        holder = int((self.data_dir / "lock").read_text())
        pids = {holder, *(int(json.loads(f.read_text()).get("pid", 0)) for f in (self.data_dir / "run").glob("*.json"))}
        return {pid for pid in pids if pid}


@contextmanager
def running(*more: str) -> Iterator[Running]:
    """Run a cluster for the length of the `with`; `more` are options of `kobune up`."""
    with tempfile.TemporaryDirectory(prefix="kobune-bench-") as folder:
        data_dir = Path(folder)
        flags = ["--data-dir", folder, "--port", "0", "--grpc-port", "0", "--etcd-port", "0"]
        began = time.time()
        environment = {**os.environ, "PYTHONPATH": ":".join(sys.path)}
        try:
            subprocess.run(
                [sys.executable, "-c", KOBUNE, "up", "--detach", *flags, *more],
                check=True,
                stdout=subprocess.DEVNULL,
                env=environment,
                timeout=60,
            )
            yield Running(data_dir, time.time() - began, began)
        finally:
            _stop(data_dir)


def _stop(data_dir: Path) -> None:
    with suppress(OSError, ValueError):
        holder = int((data_dir / "lock").read_text())
        os.kill(holder, signal.SIGTERM)
        for _ in range(500):
            if not Path(f"/proc/{holder}").exists():
                return
            time.sleep(0.02)
        os.kill(holder, signal.SIGKILL)


def _pss(pid: int) -> int:
    with suppress(OSError):
        found = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
        if found:
            return int(found[1]) * 1024
    return 0


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
