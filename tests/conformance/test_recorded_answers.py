"""The answers of a real Kubernetes v1.36 apiserver, replayed: ours are the same, to the letter.

The recordings are not part of this repository: they are looked for in `KOBUNE_VECTORS`, then in `../shared/vectors`.
`floor.json` says how many scenarios of each area pass, of an apiserver alone and of a whole cluster; the numbers may
only rise. What does not pass is in the README.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from kobune.testing import SyncCluster

HERE = Path(__file__).parent
VECTORS = Path(os.environ.get("KOBUNE_VECTORS") or HERE.parents[2] / "shared" / "vectors")
FLOOR: dict[str, dict[str, int]] = json.loads((HERE / "floor.json").read_text())

pytestmark = pytest.mark.skipif(not (VECTORS / "replay.py").exists(), reason="there are no recordings here")


@pytest.mark.parametrize("area", FLOOR["apiserver"])
def test_no_answer_that_was_right_has_become_wrong(area: str, tmp_path: Path) -> None:
    with SyncCluster(components=("apiserver",)) as cluster:
        replay(cluster, area, FLOOR["apiserver"][area], tmp_path / "report.txt", "--parallel", "4")


@pytest.mark.parametrize("area", FLOOR["controllers"])
def test_the_cluster_does_what_it_did(area: str, tmp_path: Path) -> None:
    with SyncCluster(nodes=0) as cluster:
        options = ("--mode", "controllers", "--parallel", "4" if area == "behaviour" else "1")
        replay(cluster, area, FLOOR["controllers"][area], tmp_path / "report.txt", *options)


def replay(cluster: SyncCluster, area: str, floor: int, report: Path, *options: str) -> None:
    """Replay an area, and fail if fewer scenarios pass than did before."""
    command = [sys.executable, VECTORS / "replay.py", "--kubeconfig", cluster.kubeconfig, "--area", area, *options]
    done = subprocess.run(
        [*command, "--patience", "3", "--report", report], capture_output=True, text=True, timeout=600, check=False
    )
    match = re.search(r"^passed (\d+)/(\d+)$", done.stdout, re.MULTILINE)
    assert match is not None, done.stdout + done.stderr
    wrong = report.read_text() if report.exists() else ""
    assert int(match[1]) >= floor, f"{match[0]} of {area}, {floor} did:\n{wrong}"
