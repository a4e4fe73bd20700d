"""The answers of a real Kubernetes v1.36 apiserver, replayed: ours are the same, to the letter.

The recordings are not part of this repository: they are looked for in `KOBUNE_VECTORS`, then in `../shared/vectors`.
`floor.json` says how many scenarios of each area pass; the numbers may only rise. What does not pass is in the README.
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
FLOOR: dict[str, int] = json.loads((HERE / "floor.json").read_text())

pytestmark = pytest.mark.skipif(not (VECTORS / "replay.py").exists(), reason="there are no recordings here")


@pytest.mark.parametrize("area", FLOOR)
def test_no_answer_that_was_right_has_become_wrong(area: str, tmp_path: Path) -> None:
    report = tmp_path / "report.txt"
    with SyncCluster(components=("apiserver",)) as cluster:
        command = [sys.executable, VECTORS / "replay.py", "--kubeconfig", cluster.kubeconfig, "--area", area]
        done = subprocess.run(
            [*command, "--parallel", "4", "--patience", "3", "--report", report],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    match = re.search(r"^passed (\d+)/(\d+)$", done.stdout, re.MULTILINE)
    assert match is not None, done.stdout + done.stderr
    wrong = report.read_text() if report.exists() else ""
    assert int(match[1]) >= FLOOR[area], f"{match[0]} of {area}, {FLOOR[area]} did:\n{wrong}"
