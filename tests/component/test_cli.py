"""The commands that look at a running cluster or stop it; here one of fake components."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kobune.launcher.data_dir import DataDirectory

FAKE_CLUSTER = Path(__file__).parent / "fakes" / "fake_cluster.py"
ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path), "COLUMNS": "200"}


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Path]:
    data_dir = tmp_path / "cluster"
    process = subprocess.Popen(
        [sys.executable, FAKE_CLUSTER, data_dir, "kubelet=complain"],
        stdout=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
    )
    assert process.stdout is not None
    assert any(line.startswith("ready in") for line in process.stdout)
    yield data_dir
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)


def kobune(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    program = "from kobune.cli.main import main; main()"
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        timeout=30,
        check=False,
    )


def test_status_shows_every_component(cluster: Path) -> None:
    answer = kobune("status", "--data-dir", cluster)
    assert answer.returncode == 0
    for name in ("apiserver", "scheduler", "kubelet"):
        assert re.search(rf"^{name} +\d+ +serving +127.0.0.1:\d+.* \d+ MiB +0", answer.stdout, re.MULTILINE)
    assert "something is odd" in answer.stdout
    assert re.search(r"\d+ MiB together", answer.stdout)


def test_down_returns_when_nothing_runs(cluster: Path) -> None:
    answer = kobune("down", "--data-dir", cluster)
    assert (answer.returncode, answer.stdout[:10]) == (0, "stopped in")
    again = kobune("down", "--data-dir", cluster)
    assert (again.returncode, again.stdout) == (0, f"no cluster is running in {cluster}\n")
    status = kobune("status", "--data-dir", cluster)
    assert (status.returncode, status.stderr) == (
        1,
        f"kobune: no cluster is running in {cluster}: start it with kobune up\n",
    )


def test_logs_are_those_of_one_or_of_all_by_time(cluster: Path) -> None:
    one = kobune("logs", "scheduler", "--data-dir", cluster).stdout.splitlines()
    assert len(one) == 1
    assert " INFO scheduler: serving on 127.0.0.1:" in one[0]
    every = kobune("logs", "--data-dir", cluster).stdout.splitlines()
    assert {line.split()[2] for line in every} == {"apiserver:", "scheduler:", "kubelet:"}
    times = [line.split()[0] for line in every]
    assert times == sorted(times)


def test_kubeconfig_prints_its_path(cluster: Path) -> None:
    assert kobune("kubeconfig", "--data-dir", cluster).stdout == f"{cluster / 'kubeconfig'}\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["up", "--store", "etcd"], "--store: 'etcd' is not one of leveldb, memory"),
        (["up", "--components", "sheduler"], "--components: there is no 'sheduler'; there are apiserver,"),
        (["up", "--port", "6444"], "--port and --grpc-port are both 6444: choose two different ports"),
        (["up", "--detach", "--port", "6444"], "--port and --grpc-port are both 6444: choose two different ports"),
        (["up", "--scheduler-config", "/none.yaml"], "cannot read /none.yaml: No such file or directory"),
        (
            ["up", "--scheduler-config", "/none.yaml", "--components", "apiserver"],
            "--scheduler-config is for the scheduler, which is not among the --components",
        ),
        (["component", "sheduler"], "there is no component 'sheduler'; there are apiserver,"),
        (["logs", "sheduler"], "there is no log of 'sheduler'"),
        (["kubeconfig"], "there is no cluster in"),
        (["status"], "no cluster is running in"),
    ],
)
def test_what_cannot_be_done_is_one_line(tmp_path: Path, arguments: list[str], message: str) -> None:
    answer = kobune(*arguments, "--data-dir", tmp_path)
    assert answer.returncode == 1
    assert answer.stderr.startswith(f"kobune: {message}")
    assert answer.stderr.count("\n") == 1
    assert answer.stdout == ""


def test_fidelity_prints_the_ledger_without_a_cluster() -> None:
    answer = kobune("fidelity", "deploy")
    assert re.search(r"^stored +spec.template.spec.hostIPC$", answer.stdout, re.MULTILINE)
    assert re.search(r"^enforced +spec.replicas$", answer.stdout, re.MULTILINE)
    assert re.search(r"^Deployment \(apps/v1\): \d+ enforced, \d+ stored, \d+ refused$", answer.stdout, re.MULTILINE)
    assert kobune("fidelity", "deployments.apps").stdout == answer.stdout
    everything = json.loads(kobune("fidelity", "--output", "json").stdout)
    assert {"ConfigMap", "StatefulSet"} <= {each["kind"] for each in everything}
    unknown = kobune("fidelity", "nonsense")
    assert (unknown.returncode, unknown.stderr.count("\n")) == (1, 1)


def test_a_scheduler_that_is_run_alone_has_the_configuration_of_its_cluster(tmp_path: Path) -> None:
    directory = DataDirectory(tmp_path)
    directory.run.mkdir(parents=True)
    directory.record("cluster", {"store": "leveldb", "components": [], "scheduler_config": "/etc/lab.yaml"})
    answer = kobune("component", "scheduler", "--settings", "--data-dir", tmp_path)
    assert re.search(r"^--scheduler-config .*: /etc/lab.yaml$", answer.stdout, re.MULTILINE), answer.stderr
