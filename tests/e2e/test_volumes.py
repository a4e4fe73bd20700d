"""Claims and volumes as a user sees them: real processes, real kubectl."""

from pathlib import Path
from typing import Any

EXAMPLE = Path(__file__).parents[2] / "examples" / "volume.yaml"
HOST_PATH = """
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: directories}
provisioner: host-path.kobune.dev
volumeBindingMode: WaitForFirstConsumer
"""


def test_a_pod_with_a_claim_runs_and_its_volume_outlives_it(kobune: Any, tmp_path: Path) -> None:
    kobune.up("--nodes", "2")
    kobune.eventually(lambda: bool(kobune.parsed("get", "storageclasses")["items"]))
    kobune.kubectl("apply", "-f", str(EXAMPLE))
    kobune.eventually(lambda: phase(kobune, "pod", "writer") == "Running")
    shown = kobune.kubectl("get", "pvc", "data")
    assert [word for word in shown.splitlines()[1].split() if word in ("Bound", "1Gi", "RWO", "standard")] == [
        *("Bound", "1Gi", "RWO", "standard")
    ]
    assert "standard (default)" in kobune.kubectl("get", "storageclass")
    kobune.kubectl("delete", "pod", "writer", "--now")
    volume = kobune.parsed("get", "pvc", "data")["spec"]["volumeName"]
    assert phase(kobune, "pv", volume) == "Bound"
    kobune.kubectl("delete", "pvc", "data")
    kobune.eventually(lambda: not kobune.parsed("get", "pv")["items"])

    file = tmp_path / "class.yaml"
    file.write_text(HOST_PATH)
    kobune.kubectl("apply", "-f", str(file))
    file.write_text(
        EXAMPLE.read_text().replace("spec:\n  accessModes", "spec:\n  storageClassName: directories\n  accessModes")
    )
    kobune.kubectl("apply", "-f", str(file))
    kobune.eventually(lambda: phase(kobune, "pod", "writer") == "Running")
    (made,) = kobune.parsed("get", "pv")["items"]
    directory = Path(made["spec"]["hostPath"]["path"])
    assert directory.parent == kobune.data_dir / "volumes"
    (directory / "kept").write_text("data")
    kobune.kubectl("delete", "pod", "writer", "--now")
    kobune.kubectl("delete", "pvc", "data")
    kobune.eventually(lambda: not directory.exists())


def phase(kobune: Any, kind: str, name: str) -> str:
    return str(kobune.parsed("get", kind, name)["status"].get("phase", ""))
