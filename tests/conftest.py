import os
import shutil

import pytest

pytest_plugins = ["kobune.testing.plugin"]


@pytest.fixture(scope="session")
def kubectl() -> str:
    """Return the path of kubectl, which `scripts/test` installs where there is none."""
    path = os.environ.get("KUBECTL") or shutil.which("kubectl")
    if not path:
        pytest.fail("there is no kubectl: scripts/test installs one")
    return path
