"""An instance of the simulated cloud is stopped, and started again, with kobune and kubectl."""

import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

REST = "apiserver,scheduler,cloud-controller-manager,kubelet,kube-proxy"
WEB = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web"},
    "spec": {
        "replicas": 3,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {
                "containers": [{"name": "web", "image": "nginx"}],
                "tolerations": [
                    {
                        "key": "node.kubernetes.io/unreachable",
                        "operator": "Exists",
                        "effect": "NoExecute",
                        "tolerationSeconds": 1,
                    }
                ],
            },
        },
    },
}


@pytest.fixture
def impatient(kobune: Any) -> Iterator[Any]:
    """A cluster in which 15 s of silence are too much for a node."""
    kobune.up("--nodes", "3", "--components", REST)
    manager: subprocess.Popen[str] = kobune.component("controller-manager", "--node-monitor-grace-seconds", "15")
    try:
        yield kobune
    finally:
        manager.terminate()
        manager.communicate(timeout=20)


def nodes_of_pods(kobune: Any) -> set[str]:
    pods = kobune.parsed("get", "pods", "-l", "app=web")["items"]
    return {pod["spec"]["nodeName"] for pod in pods if "deletionTimestamp" not in pod["metadata"]}


def test_pods_move_from_an_instance_that_is_stopped_and_its_node_comes_back(impatient: Any) -> None:
    kobune = impatient
    kobune.kubectl("apply", "-f", "-", given=yaml.safe_dump(WEB))
    kobune.kubectl("rollout", "status", "deployment/web", "--timeout=60s")
    assert nodes_of_pods(kobune) == {"node-1", "node-2", "node-3"}
    assert "node-2 is stopped" in kobune("cloud", "stop", "node-2").stdout
    kobune.kubectl("wait", "node/node-2", "--for=condition=Ready=Unknown", "--timeout=60s")
    kobune.kubectl("wait", "deployment/web", "--for=condition=Available=True", "--timeout=60s")
    kobune.kubectl("wait", "deployment/web", "--for=jsonpath={.status.readyReplicas}=3", "--timeout=60s")
    assert nodes_of_pods(kobune) == {"node-1", "node-3"}
    stopped = [line for line in kobune("cloud", "list").stdout.splitlines() if line.startswith("node-2 ")]
    assert "stopped" in stopped[0]
    assert "there is no instance node-9" in kobune("cloud", "stop", "node-9", ok=False).stderr
    kobune("cloud", "start", "node-2")
    kobune.kubectl("wait", "node/node-2", "--for=condition=Ready", "--timeout=30s")
    kobune.kubectl("scale", "deployment/web", "--replicas=9")
    kobune.kubectl("rollout", "status", "deployment/web", "--timeout=60s")
    assert nodes_of_pods(kobune) == {"node-1", "node-2", "node-3"}
