"""Clusters of real processes, moved by snapshots, and used by the real etcdctl through their certificates."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

needs_etcdctl = pytest.mark.skipif(shutil.which("etcdctl") is None, reason="etcdctl is not installed")
ONLY = ("--components", "apiserver,controller-manager")


@pytest.fixture
def other(tmp_path: Path, make_kobune: Callable[[Path], Any]) -> Iterator[Any]:
    kobune = make_kobune(tmp_path / "other")
    yield kobune
    kobune("down")


def etcdctl(kobune: Any, *arguments: str, identity: str = "admin") -> "subprocess.CompletedProcess[str]":
    pki = kobune.data_dir / "pki"
    command = [
        *("etcdctl", f"--endpoints=https://{kobune.noted('apiserver')['others']['etcd']}"),
        *(f"--cacert={pki}/ca.crt", f"--cert={pki}/{identity}.crt", f"--key={pki}/{identity}.key"),
        *arguments,
    ]
    environment = {"ETCDCTL_API": "3", "PATH": "/usr/local/bin:/usr/bin:/bin"}
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False, env=environment)


def config_maps(kobune: Any) -> dict[str, Any]:
    items = kobune.parsed("get", "configmaps")["items"]
    return {item["metadata"]["name"]: item for item in items if item["metadata"]["name"] != "kube-root-ca.crt"}


def test_a_cluster_is_moved_by_a_snapshot(kobune: Any, other: Any, tmp_path: Path) -> None:
    kobune.up(*ONLY)
    kobune.kubectl("create", "configmap", "kept", "--from-literal=a=b")
    file = tmp_path / "cluster.snapshot"
    assert "saved " in kobune("snapshot", "save", str(file)).stdout
    assert file.stat().st_mode & 0o777 == 0o600
    kobune.kubectl("create", "configmap", "later", "--from-literal=a=b")
    before = config_maps(kobune)
    kobune("down")
    assert "into" in other("snapshot", "restore", str(file)).stdout
    other.up(*ONLY)
    after = config_maps(other)
    assert set(after) == {"kept"}
    assert after["kept"]["metadata"]["uid"] == before["kept"]["metadata"]["uid"]
    newest = max(int(item["metadata"]["resourceVersion"]) for item in before.values())
    assert int(after["kept"]["metadata"]["resourceVersion"]) > newest
    ca = (other.data_dir / "pki" / "ca.crt").read_text()
    assert ca != (kobune.data_dir / "pki" / "ca.crt").read_text()
    other.eventually(lambda: other.parsed("get", "configmap", "kube-root-ca.crt")["data"]["ca.crt"] == ca)
    read = ("get", "configmap", "extension-apiserver-authentication", "--namespace", "kube-system")
    other.eventually(lambda: other.parsed(*read)["data"]["client-ca-file"] == ca)


def test_a_stopped_cluster_is_saved_too_and_with_its_keys_it_is_the_same_for_its_clients(
    kobune: Any, other: Any, tmp_path: Path
) -> None:
    kobune.up(*ONLY)
    kobune.eventually(lambda: kobune.parsed("get", "serviceaccounts")["items"])
    kobune.kubectl("create", "clusterrolebinding", "b", "--clusterrole=view", "--serviceaccount=default:default")
    token = kobune.kubectl("create", "token", "default").strip()
    kobune("down")
    file = tmp_path / "cluster.snapshot"
    kobune("snapshot", "save", str(file))
    shutil.copytree(kobune.data_dir / "pki", other.data_dir / "pki")
    other("snapshot", "restore", str(file))
    other.up(*ONLY)
    address = f"https://{other.noted('apiserver')['others']['rest']}"
    asked = ("get", "pods", "--token", token, "--server", address)
    assert kobune.try_kubectl(*asked).returncode == 0


def test_restoring_refuses_what_would_destroy_or_mislead(kobune: Any, other: Any, tmp_path: Path) -> None:
    file = tmp_path / "cluster.snapshot"
    assert "there is no cluster" in kobune("snapshot", "save", str(file), ok=False).stderr
    assert not file.exists()
    kobune.up("--components", "apiserver")
    kobune("snapshot", "save", str(file))
    assert "is not empty" in kobune("snapshot", "restore", str(file), ok=False).stderr
    file.write_bytes(file.read_bytes()[:-600])
    said = other("snapshot", "restore", str(file), ok=False).stderr
    assert f"the snapshot {file} cannot be used: it is" in said
    assert not other.data_dir.exists()


@needs_etcdctl
def test_etcdctl_works_with_the_certificates_of_masters_and_no_others(kobune: Any, tmp_path: Path) -> None:
    kobune.up("--components", "apiserver,scheduler")
    kobune.kubectl("create", "configmap", "one")
    key = "/registry/configmaps/default/one"
    assert etcdctl(kobune, "get", "/registry/configmaps/default", "--prefix", "--keys-only").stdout.split() == [key]
    refused = etcdctl(kobune, "get", key, identity="scheduler")
    assert refused.returncode != 0
    assert 'permission denied: \\"system:kube-scheduler\\" may not use the store' in refused.stderr
    assert "healthy" in etcdctl(kobune, "endpoint", "health").stderr + etcdctl(kobune, "endpoint", "health").stdout
    members = etcdctl(kobune, "member", "list").stdout
    assert f"https://{kobune.noted('apiserver')['others']['etcd']}" in members
    assert etcdctl(kobune, "del", key).stdout.strip() == "1"
    assert kobune.try_kubectl("get", "configmap", "one").returncode != 0
    etcdctl(kobune, "put", key, "rubbish")
    assert kobune.parsed("get", "configmaps")["items"] == []
    assert f"{key} holds no ConfigMap" in (kobune.data_dir / "logs" / "apiserver.log").read_text()
    assert etcdctl(kobune, "snapshot", "save", str(tmp_path / "theirs")).returncode == 0
    kobune("snapshot", "save", str(tmp_path / "ours"))
    assert (tmp_path / "ours").read_bytes()[:60] == (tmp_path / "theirs").read_bytes()[:60]
