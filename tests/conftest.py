import os
import shutil

import pytest
from hypothesis import HealthCheck, settings

# Tests run beside others, on machines that do other things: how long something takes says nothing about it.
settings.register_profile("loaded", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("loaded")

pytest_plugins = ["kobune.testing.plugin"]


@pytest.fixture(scope="session")
def kubectl() -> str:
    """Return the path of kubectl, which `scripts/test` installs where there is none."""
    path = os.environ.get("KUBECTL") or shutil.which("kubectl")
    if not path:
        pytest.fail("there is no kubectl: scripts/test installs one")
    return path
