"""`kobune up` as a user runs it: real processes, real ports, real kubectl."""

import re
from pathlib import Path
from typing import Any

import pytest


def ready_nodes(kobune: Any) -> int:
    return sum(
        condition["status"] == "True"
        for node in kobune.parsed("get", "nodes")["items"]
        for condition in node["status"]["conditions"]
        if condition["type"] == "Ready"
    )


def test_exactly_the_named_components_run(kobune: Any) -> None:
    shown = kobune.up("--components", "controller-manager,apiserver")
    assert [line.split()[0] for line in shown.splitlines()[:2]] == ["apiserver", "controller-manager"]
    kobune.eventually(lambda: bool(kobune.parsed("get", "serviceaccounts")["items"]))
    assert kobune("status").stdout.count(" serving ") == 2


def test_what_was_acknowledged_survives_a_killed_apiserver(kobune: Any) -> None:
    kobune.up("--components", "apiserver,controller-manager")
    kobune.parsed("create", "configmap", "kept", "--from-literal=a=b")
    kobune.kill("apiserver")
    assert kobune.parsed("get", "configmap", "kept")["data"] == {"a": "b"}
    kobune.parsed("create", "namespace", "later")
    kobune.eventually(lambda: bool(kobune.parsed("get", "serviceaccounts", "--namespace", "later")["items"]))


def test_a_cluster_that_was_stopped_is_the_same_when_it_is_started_again(kobune: Any) -> None:
    kobune.up("--components", "apiserver")
    uid = kobune.parsed("create", "configmap", "kept")["metadata"]["uid"]
    kobune("down")
    kobune.up("--components", "apiserver")
    assert kobune.parsed("get", "configmap", "kept")["metadata"]["uid"] == uid


def test_a_component_alone_that_cannot_work_is_one_line(kobune: Any) -> None:
    kobune.up("--components", "apiserver")
    answer = kobune("component", "controller-manager", "--apiserver-key=/nowhere", ok=False)
    assert answer.stderr == "kobune: cannot read the private key /nowhere: No such file or directory\n"
    address = kobune.noted("apiserver")["address"]
    kobune("down")
    answer = kobune("component", "controller-manager", f"--apiserver-address={address}", ok=False)
    assert answer.stderr == f"kobune: cannot reach the apiserver at {address}: Connection refused\n"


def test_up_leaves_a_cluster_with_ready_nodes_and_down_leaves_nothing(kobune: Any) -> None:
    for component in ("scheduler", "cloud_controller_manager", "kubelet", "kube_proxy"):
        pytest.importorskip(f"kobune.{component}.service")
    shown = kobune.up("--nodes", "2")
    components = ("apiserver", "scheduler", "controller-manager", "cloud-controller-manager", "kubelet", "kube-proxy")
    for component in components:
        assert re.search(rf"^  {component} +ready +\d+ ms", shown, re.MULTILINE)
    assert re.search(r"^ready in \d\.\d\d s: https://127.0.0.1:\d+", shown, re.MULTILINE)
    kobune.eventually(lambda: ready_nodes(kobune) == 2)
    kobune.eventually(lambda: bool(kobune.parsed("get", "serviceaccounts")["items"]))
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


def test_kubectl_applies_a_definition_and_at_once_an_object_of_it(kobune: Any, tmp_path: Path) -> None:
    kobune.up("--components", "apiserver,controller-manager")
    manifests = tmp_path / "definition.yaml", tmp_path / "object.yaml"
    for manifest, text in zip(manifests, CRON_TABS.split("---\n"), strict=True):
        manifest.write_text(text)
        kobune.parsed("apply", "--filename", str(manifest))
    assert kobune.parsed("get", "ct", "mine")["spec"] == {"cron": "* * * * *", "image": "busybox"}
    assert "When to run." in kobune.kubectl("explain", "crontabs.spec.cron")
    kobune.kill("apiserver")
    kobune.parsed("patch", "ct", "mine", "--type", "merge", "--patch", '{"spec":{"image":"nginx"}}')
    kobune.kubectl("delete", "--filename", str(manifests[0]))
    assert kobune.parsed("get", "crd")["items"] == []
