"""`kobune down`: stop a cluster."""

import os
import signal
import time
from contextlib import suppress
from threading import Event

from kobune.cli.options import DEFAULT_DATA_DIR, DataDir
from kobune.component_base.failure import CannotStart
from kobune.launcher.data_dir import DataDirectory
from kobune.launcher.settings import STOP_TIMEOUT

PATIENCE = 2 * STOP_TIMEOUT + 2
"""The supervisor ends two stages, and kills what does not end by itself."""


def down(data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """Stop the cluster, and return when nothing of it runs any more. Its data stays."""
    directory = DataDirectory(data_dir.expanduser().absolute())
    holder = directory.holder()
    if holder is None:
        print(f"no cluster is running in {directory.root}")
        return
    began = time.monotonic()
    with suppress(ProcessLookupError):  # it is gone, but what it forked is not yet
        os.kill(holder, signal.SIGTERM)
    # The lock is free when the last process of the cluster is gone; nothing tells when, so it is asked.
    while directory.holder() is not None:
        if time.monotonic() - began > PATIENCE:
            raise CannotStart(f"process {holder} does not end; see {directory.log('kobune')}")
        Event().wait(0.005)
    print(f"stopped in {time.monotonic() - began:.2f} s")
