"""`kubectl logs`, `exec`, `attach`, `port-forward` and proxies, against real processes."""

import os
import re
import subprocess
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

POD = """
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  initContainers: [{name: first, image: busybox, command: [echo, prepared]}]
  containers:
  - {name: main, image: nginx, ports: [{containerPort: 8080}], env: [{name: COLOR, value: blue}]}
  - {name: side, image: busybox, command: [sh, -c, "sleep 0.2; exit 3"]}
"""
PATH = "/api/v1/namespaces/default/pods/web"
WAYS = {"sockets": "true", "spdy": "false"}


@pytest.fixture
def web(kobune: Any) -> Any:
    kobune.up("--nodes", "1")
    kobune.eventually(lambda: bool(kobune.parsed("get", "serviceaccounts")["items"]))
    kobune.kubectl("apply", "--filename", "-", given=POD)
    kobune.eventually(lambda: restarts(kobune) > 0)
    return kobune


def restarts(kobune: Any) -> int:
    statuses = kobune.parsed("get", "pod", "web")["status"].get("containerStatuses", [])
    return int(sum(one["restartCount"] for one in statuses))


@contextmanager
def beginning(web: Any, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """Give a kubectl that goes on until it is ended."""
    command = [web._kubectl, "--kubeconfig", str(web.kubeconfig), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as running:
        try:
            yield running
        finally:
            running.kill()


def line_with(running: "subprocess.Popen[str]", words: str, nudge: Callable[[], object] = lambda: None) -> str:
    """Return the first line that has these words; until there is one, nudge the cluster, for a minute at most."""
    assert running.stdout is not None
    found = threading.Event()

    def go_on() -> None:
        for _ in range(120):
            nudge()
            if found.wait(0.5):
                return
        running.kill()

    threading.Thread(target=go_on, daemon=True).start()
    try:
        line = next((line for line in running.stdout if words in line), "")
    finally:
        found.set()
    assert line, f"nothing with {words!r} was said within a minute"
    return line


def test_kubectl_shows_logs(web: Any) -> None:
    assert "prepared" in web.kubectl("logs", "web", "-c", "first").splitlines()
    assert "container main of nginx started" in web.kubectl("logs", "web", "--tail=1", "-c", "main")
    previous = web.kubectl("logs", "web", "-c", "side", "--previous")
    assert previous.endswith("ended with exit code 3\n")
    assert "previous terminated container" in web.try_kubectl("logs", "web", "-c", "main", "--previous").stderr
    with beginning(web, "logs", "web", "--follow", "-c", "main") as following:
        line_with(following, "started")
        line_with(following, "/hello", lambda: web.kubectl("get", "--raw", f"{PATH}/proxy/hello"))


@pytest.mark.parametrize("way", WAYS)
def test_kubectl_runs_commands_and_forwards_ports(web: Any, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KUBECTL_REMOTE_COMMAND_WEBSOCKETS", "KUBECTL_PORT_FORWARD_WEBSOCKETS"):
        monkeypatch.setitem(os.environ, name, WAYS[way])
    done = web.try_kubectl("exec", "web", "-c", "main", "--", "sh", "-c", "echo $COLOR; echo no >&2; exit 4")
    assert (done.returncode, done.stdout) == (4, "blue\n")
    assert done.stderr == "no\ncommand terminated with exit code 4\n"
    assert web.kubectl("exec", "-i", "web", "-c", "main", "--", "cat", given="hello\n" * 50_000) == "hello\n" * 50_000
    refused = web.try_kubectl("exec", "web", "-c", "nobody", "--", "true")
    assert "container nobody is not valid for pod web" in refused.stderr
    missing = web.try_kubectl("cp", "web:/etc/hostname", "/tmp/never", "-c", "main")
    assert "tar: not found: a simulated container has nothing but" in missing.stdout + missing.stderr

    with beginning(web, "attach", "web", "-c", "main") as attached:
        line_with(attached, "command prompt")
        # It says so before it is attached, and what is said before that is not shown.
        line_with(attached, "/hello", lambda: web.kubectl("get", "--raw", f"{PATH}:8080/proxy/hello"))

    with beginning(web, "port-forward", "pod/web", ":8080") as forwarding:
        shown = re.search(r"127.0.0.1:(\d+)", line_with(forwarding, "Forwarding from"))
        assert shown is not None
        for path in ("one", "two"):
            page = urllib.request.urlopen(f"http://127.0.0.1:{shown[1]}/{path}", timeout=10).read().decode()
            assert page.endswith(f"request: GET /{path} HTTP/1.1\n")
