"""`kobune up` as a user runs it: real processes, real ports, real kubectl."""

import json
import os
import re
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
PATIENCE = 30.0


class Kobune:
    """The command line, on one data directory."""

    def __init__(self, data_dir: Path, kubectl: str) -> None:
        self.data_dir = data_dir
        self._kubectl = kubectl

    def __call__(self, command: str, *arguments: str, ok: bool = True) -> subprocess.CompletedProcess[str]:
        program = "from kobune.cli.main import main; main()"
        words = [sys.executable, "-c", program, command, *arguments, "--data-dir", str(self.data_dir)]
        done = subprocess.run(words, capture_output=True, text=True, env=ENVIRONMENT, timeout=90, check=False)
        assert (done.returncode == 0) == ok, done.stdout + done.stderr
        return done

    def kubectl(self, *arguments: str) -> Any:
        """Return what kubectl says, parsed."""
        command = [self._kubectl, "--kubeconfig", self.data_dir / "kubeconfig", *arguments, "--output", "json"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def noted(self, component: str) -> dict[str, Any]:
        """Return what the launcher notes of a component: pid, address, restarts."""
        noted: dict[str, Any] = json.loads((self.data_dir / "run" / f"{component}.json").read_text())
        return noted


@pytest.fixture
def kobune(tmp_path: Path, kubectl: str) -> Iterator[Kobune]:
    kobune = Kobune(tmp_path / "cluster", kubectl)
    yield kobune
    kobune("down")


def eventually(happens: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happens():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def ready_nodes(kobune: Kobune) -> int:
    return sum(
        condition["status"] == "True"
        for node in kobune.kubectl("get", "nodes")["items"]
        for condition in node["status"]["conditions"]
        if condition["type"] == "Ready"
    )


def test_exactly_the_named_components_run(kobune: Kobune) -> None:
    shown = kobune("up", "--detach", "--components", "controller-manager,apiserver", *PORTS).stdout
    assert [line.split()[0] for line in shown.splitlines()[:2]] == ["apiserver", "controller-manager"]
    eventually(lambda: bool(kobune.kubectl("get", "serviceaccounts")["items"]))
    assert kobune("status").stdout.count(" serving ") == 2


def test_what_was_acknowledged_survives_a_killed_apiserver(kobune: Kobune) -> None:
    kobune("up", "--detach", "--components", "apiserver,controller-manager", *PORTS)
    kobune.kubectl("create", "configmap", "kept", "--from-literal=a=b")
    os.kill(kobune.noted("apiserver")["pid"], signal.SIGKILL)
    eventually(lambda: kobune.noted("apiserver")["restarts"] == 1 and kobune.noted("apiserver")["address"] != "")
    assert kobune.kubectl("get", "configmap", "kept")["data"] == {"a": "b"}
    kobune.kubectl("create", "namespace", "later")
    eventually(lambda: bool(kobune.kubectl("get", "serviceaccounts", "--namespace", "later")["items"]))


def test_a_cluster_that_was_stopped_is_the_same_when_it_is_started_again(kobune: Kobune) -> None:
    kobune("up", "--detach", "--components", "apiserver", *PORTS)
    uid = kobune.kubectl("create", "configmap", "kept")["metadata"]["uid"]
    kobune("down")
    kobune("up", "--detach", "--components", "apiserver", *PORTS)
    assert kobune.kubectl("get", "configmap", "kept")["metadata"]["uid"] == uid


def test_a_component_alone_that_cannot_work_is_one_line(kobune: Kobune) -> None:
    kobune("up", "--detach", "--components", "apiserver", *PORTS)
    answer = kobune("component", "controller-manager", "--apiserver-key=/nowhere", ok=False)
    assert answer.stderr == "kobune: cannot read the private key /nowhere: No such file or directory\n"
    address = kobune.noted("apiserver")["address"]
    kobune("down")
    answer = kobune("component", "controller-manager", f"--apiserver-address={address}", ok=False)
    assert answer.stderr == f"kobune: cannot reach the apiserver at {address}: Connection refused\n"


def test_up_leaves_a_cluster_with_ready_nodes_and_down_leaves_nothing(kobune: Kobune) -> None:
    for component in ("scheduler", "cloud_controller_manager", "kubelet", "kube_proxy"):
        pytest.importorskip(f"kobune.{component}.service")
    shown = kobune("up", "--detach", "--nodes", "2", *PORTS).stdout
    components = ("apiserver", "scheduler", "controller-manager", "cloud-controller-manager", "kubelet", "kube-proxy")
    for component in components:
        assert re.search(rf"^  {component} +ready +\d+ ms", shown, re.MULTILINE)
    assert re.search(r"^ready in \d\.\d\d s: https://127.0.0.1:\d+", shown, re.MULTILINE)
    eventually(lambda: ready_nodes(kobune) == 2)
    eventually(lambda: bool(kobune.kubectl("get", "serviceaccounts")["items"]))
    assert kobune("status").stdout.count(" serving ") == len(components)
    processes = [kobune.noted(component)["pid"] for component in components]
    kobune("down")
    assert not any(Path(f"/proc/{process}").exists() for process in processes)


CRON_TABS = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: crontabs.stable.example.com}
spec:
  group: stable.example.com
  scope: Namespaced
  names: {plural: crontabs, kind: CronTab, shortNames: [ct]}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties: {cron: {type: string, description: When to run.}, image: {type: string, default: busybox}}
---
apiVersion: stable.example.com/v1
kind: CronTab
metadata: {name: mine}
spec: {cron: "* * * * *"}
"""


def test_kubectl_applies_a_definition_and_at_once_an_object_of_it(kobune: Kobune, tmp_path: Path) -> None:
    kobune("up", "--detach", "--components", "apiserver,controller-manager", *PORTS)
    manifests = tmp_path / "definition.yaml", tmp_path / "object.yaml"
    for manifest, text in zip(manifests, CRON_TABS.split("---\n"), strict=True):
        manifest.write_text(text)
        kobune.kubectl("apply", "--filename", str(manifest))
    assert kobune.kubectl("get", "ct", "mine")["spec"] == {"cron": "* * * * *", "image": "busybox"}
    explained = subprocess.run(
        [kobune._kubectl, "--kubeconfig", kobune.data_dir / "kubeconfig", "explain", "crontabs.spec.cron"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "When to run." in explained.stdout
    os.kill(kobune.noted("apiserver")["pid"], signal.SIGKILL)
    eventually(lambda: kobune.noted("apiserver")["restarts"] == 1 and kobune.noted("apiserver")["address"] != "")
    kobune.kubectl("patch", "ct", "mine", "--type", "merge", "--patch", '{"spec":{"image":"nginx"}}')
    deleting = [kobune._kubectl, "--kubeconfig", kobune.data_dir / "kubeconfig", "delete", "--filename", manifests[0]]
    subprocess.run(deleting, capture_output=True, timeout=60, check=True)
    assert kobune.kubectl("get", "crd")["items"] == []
