"""Clients that know nothing of Kobune: an operator with kopf, the official Python client, kr8s, lightkube, kubectl."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import kubernetes
import kubernetes.dynamic
import pytest

ROOT = Path(__file__).parents[2]


def memo(name: str, text: str) -> str:
    return f"apiVersion: example.com/v1\nkind: Memo\nmetadata:\n  name: {name}\nspec:\n  text: {text}\n"


@contextmanager
def operator(kubeconfig: Path, log: Path) -> Iterator[None]:
    """Run the operator of the examples, with a webhook beside it."""
    files = [ROOT / "examples" / "memo_operator.py", ROOT / "tests" / "e2e" / "memo_admission.py"]
    with log.open("w") as output:
        environment = os.environ | {"KUBECONFIG": str(kubeconfig)}
        command = [sys.executable, "-m", "kopf", "run", *map(str, files), "--namespace", "default"]
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
        try:
            yield
        finally:
            process.terminate()
            process.wait(30)


def test_an_operator_with_a_finalizer_and_a_webhook(kobune: Any, tmp_path: Path) -> None:
    kobune.up("--nodes", "2")
    kubectl = kobune.kubectl
    kubectl("apply", "-f", str(ROOT / "examples" / "memos.yaml"))
    assert "remembered" in kubectl("explain", "memo.spec.text")

    def text_of(name: str) -> str:
        return kobune.try_kubectl("get", "configmap", name, "-o", "jsonpath={.data.text}").stdout

    with operator(kobune.kubeconfig, tmp_path / "kopf.log"):
        asked = "jsonpath={.webhooks[0].name}"
        kobune.eventually(
            lambda: kobune.try_kubectl("get", "validatingwebhookconfiguration", "memos.example.com", "-o", asked).stdout
        )
        kubectl("apply", "-f", "-", given=memo("a", "hello"))
        kobune.eventually(lambda: text_of("a") == "hello")
        refused = kobune.try_kubectl("apply", "-f", "-", given=memo("b", "x" * 30))
        assert "denied the request: a memo has at most 20 letters" in refused.stderr
        kobune.kill("apiserver")
        kubectl("apply", "-f", "-", given=memo("a", "bye"))
        kobune.eventually(lambda: text_of("a") == "bye")
        kubectl("delete", "memo", "a")
        kobune.eventually(lambda: "a-was-here" in kubectl("get", "configmaps"))
        # Its owner is gone: the garbage collector takes what it made.
        kobune.eventually(lambda: kobune.try_kubectl("get", "configmap", "a").returncode)


def test_the_official_client(kobune: Any) -> None:
    kobune.up("--nodes", "2")
    api = kubernetes.config.new_client_from_config(str(kobune.kubeconfig))
    core, apps = kubernetes.client.CoreV1Api(api), kubernetes.client.AppsV1Api(api)
    assert kubernetes.client.VersionApi(api).get_code().minor == "36"
    labels = {"app": "web"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "web", "image": "nginx"}]}}
    spec = {"replicas": 2, "selector": {"matchLabels": labels}, "template": template}
    apps.create_namespaced_deployment("default", {"metadata": {"name": "web"}, "spec": spec})
    ready = set()
    for event in kubernetes.watch.Watch().stream(core.list_namespaced_pod, "default", timeout_seconds=60):
        if event["object"].status.phase == "Running":
            ready.add(event["object"].metadata.name)
        if len(ready) == 2:
            break
    apps.patch_namespaced_deployment_scale("web", "default", {"spec": {"replicas": 1}})
    kobune.eventually(lambda: len(core.list_namespaced_pod("default", label_selector="app=web").items) == 1)
    dynamic = kubernetes.dynamic.DynamicClient(api)
    maps = dynamic.resources.get(api_version="v1", kind="ConfigMap")
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"k": "v"}}
    maps.server_side_apply(body=body, name="a", namespace="default", field_manager="me")
    assert core.read_namespaced_config_map("a", "default").metadata.managed_fields[0].manager == "me"
    with pytest.raises(kubernetes.client.ApiException) as caught:
        core.create_namespaced_config_map("default", {"metadata": {"name": "A b"}})
    assert caught.value.status == 422
    page = core.list_namespaced_config_map("default", limit=1)
    assert len(page.items) == 1
    assert page.metadata._continue


@pytest.mark.filterwarnings("ignore:Kubernetes version .* is not supported:UserWarning", "ignore::ResourceWarning")
def test_kr8s_and_lightkube(kobune: Any) -> None:
    import kr8s
    import lightkube
    from lightkube.models.meta_v1 import ObjectMeta
    from lightkube.resources.core_v1 import ConfigMap, Node

    kobune.up("--nodes", "2")
    api = kr8s.api(kubeconfig=str(kobune.kubeconfig))
    assert {node.name for node in api.get("nodes")} == {"node-1", "node-2"}
    made = kr8s.objects.ConfigMap({"metadata": {"name": "k", "namespace": "default"}, "data": {"a": "1"}}, api=api)
    made.create()
    made.patch({"data": {"a": "2"}})
    config = lightkube.KubeConfig.from_file(str(kobune.kubeconfig))
    client = lightkube.Client(config=config, field_manager="test")
    assert client.get(ConfigMap, "k", namespace="default").data == {"a": "2"}
    client.apply(ConfigMap(metadata=ObjectMeta(name="l", namespace="default"), data={"b": "1"}))
    assert {each.metadata.name for each in client.list(ConfigMap, namespace="default")} >= {"k", "l"}
    assert len(list(client.list(Node))) == 2
    client.delete(ConfigMap, "k", namespace="default")
    assert not made.exists()


def test_kubectl_has_no_verb_that_surprises(kobune: Any) -> None:
    kobune.up("--nodes", "2")
    kubectl = kobune.kubectl
    kubectl("create", "namespace", "other")
    kubectl("create", "configmap", "a", "--from-literal=k=v")
    kubectl("create", "secret", "generic", "s", "--from-literal=k=v")
    kubectl("create", "quota", "q", "--hard=configmaps=50")
    kubectl("create", "role", "reader", "--verb=get,list", "--resource=pods")
    kubectl("create", "rolebinding", "readers", "--role=reader", "--user=jane")
    kubectl("create", "serviceaccount", "robot")
    assert len(kubectl("create", "token", "robot").split(".")) == 3
    kubectl("create", "deployment", "web", "--image=nginx", "--replicas=2", "--port=8080")
    kubectl("expose", "deployment", "web", "--port=8080")
    kubectl("rollout", "status", "deployment/web", "--timeout=60s")
    kubectl("set", "image", "deployment/web", "nginx=nginx:2")
    kubectl("rollout", "status", "deployment/web", "--timeout=60s")
    assert "REVISION" in kubectl("rollout", "history", "deployment/web")
    kubectl("rollout", "undo", "deployment/web")
    kubectl("scale", "deployment/web", "--replicas=1")
    kubectl("autoscale", "deployment/web", "--min=1", "--max=3")
    kubectl("label", "configmap", "a", "x=y")
    kubectl("annotate", "configmap", "a", "x=y")
    kubectl("patch", "configmap", "a", "-p", '{"data":{"k":"w"}}')
    assert kubectl("get", "configmap", "-l", "x=y", "-o", "jsonpath={.items[*].data.k}") == "w"
    assert "configmap/a" in kubectl("get", "all,configmaps", "-o", "name")
    assert "nginx" in kubectl("describe", "pods")
    assert "ImagePullPolicy" not in kubectl("explain", "deployment.spec.replicas")
    assert kubectl("auth", "can-i", "list", "pods", "--as=jane").strip() == "yes"
    assert kobune.try_kubectl("auth", "can-i", "list", "secrets", "--as=jane").stdout.strip() == "no"
    assert "kubernetes-admin" in kubectl("auth", "whoami")
    given = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: b\ndata:\n  k: '1'\n"
    assert "+  k:" in kobune.try_kubectl("diff", "-f", "-", given=given).stdout
    kubectl("apply", "--server-side", "-f", "-", given=given)
    kubectl("apply", "-f", "-", given=given.replace("'1'", "'2'"))
    kubectl("replace", "-f", "-", given=given)
    assert (
        "no matches for kind" in kobune.try_kubectl("apply", "-f", "-", given=given.replace("ConfigMap", "Pood")).stderr
    )
    assert "unknown field" in kobune.try_kubectl("apply", "-f", "-", given=given.replace("\ndata:", "\ndate:")).stderr
    kubectl("cordon", "node-1")
    kubectl("drain", "node-1", "--ignore-daemonsets", "--force", "--timeout=60s")
    kubectl("uncordon", "node-1")
    kubectl("taint", "node", "node-1", "a=b:NoSchedule")
    kubectl("wait", "--for=condition=Available", "deployment/web", "--timeout=60s")
    assert "node-2" in kubectl("get", "nodes", "-o", "wide")
    assert "Normal" in kubectl("events")
    assert "apps/v1" in kubectl("api-versions")
    assert "deployments" in kubectl("api-resources", "-o", "wide")
    assert "ok" in kubectl("get", "--raw", "/readyz?verbose")
    assert "Kubernetes control plane" in kubectl("cluster-info")
    kubectl("delete", "deployment/web", "service/web", "configmap/a", "--wait")
    kubectl("delete", "namespace", "other", "--wait")
