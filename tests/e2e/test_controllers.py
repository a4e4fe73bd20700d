"""The controllers as processes: killed in the middle of their work, paused, and beside others."""

from typing import Any


def images(kobune: Any) -> set[str]:
    """Return the images of the pods of the deployment `web`."""
    pods = kobune.parsed("get", "pods", "-l", "app=web")["items"]
    return {pod["spec"]["containers"][0]["image"] for pod in pods}


def test_a_rollout_goes_on_when_the_controller_manager_is_killed(kobune: Any) -> None:
    kobune.up("--nodes", "5")
    kobune.kubectl("create", "deployment", "web", "--image=nginx:1", "--replicas=40")
    kobune.kubectl("rollout", "status", "deployment/web", "--timeout=60s")
    kobune.kubectl("set", "image", "deployment/web", "nginx=nginx:2")
    kobune.kill("controller-manager")
    # Its successor has its name, so that it need not wait until the lease runs out.
    kobune.kubectl("rollout", "status", "deployment/web", "--timeout=12s")
    assert images(kobune) == {"nginx:2"}


def test_a_paused_controller_waits_and_another_manager_follows(kobune: Any) -> None:
    kobune.up("--nodes", "1")
    kobune("controllers", "pause", "deployment")
    kobune.kubectl("create", "deployment", "web", "--image=nginx:1")
    listed = kobune("controllers").stdout
    (line,) = [line for line in listed.splitlines() if line.startswith("deployment ")]
    assert "paused" in line
    assert images(kobune) == set()
    kobune("controllers", "resume", "deployment")
    kobune.kubectl("rollout", "status", "deployment/web", "--timeout=30s")
    wrong = kobune("controllers", "pause", "deploymnt", ok=False)
    assert "there is no controller deploymnt; there are" in wrong.stderr
    holder = kobune.parsed("get", "lease", "kube-controller-manager", "-n", "kube-system")["spec"]["holderIdentity"]
    second = kobune.component("controller-manager")
    try:
        assert second.stderr is not None
        while "controllers run" not in second.stderr.readline():
            assert second.poll() is None
        kobune.kubectl("scale", "deployment/web", "--replicas=5")
        kobune.kubectl("rollout", "status", "deployment/web", "--timeout=30s")
        lease = kobune.parsed("get", "lease", "kube-controller-manager", "-n", "kube-system")
        assert lease["spec"]["holderIdentity"] == holder
        assert len(kobune.parsed("get", "pods", "-l", "app=web")["items"]) == 5
    finally:
        second.terminate()
        second.communicate(timeout=20)
