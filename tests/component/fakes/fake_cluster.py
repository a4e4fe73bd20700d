"""A cluster of fake components: `fake_cluster.py DATA_DIR [--in-process] [NAME=ORDEAL…]`. What happens is printed."""

import sys
from pathlib import Path

from fake_service import Config

from kobune.apimachinery.clock import SystemClock
from kobune.component_base.failure import CannotStart
from kobune.launcher.cluster import run_cluster
from kobune.launcher.composition import Facts, Plan
from kobune.launcher.progress import line
from kobune.launcher.settings import ClusterSettings

data_dir, *rest = sys.argv[1:]
in_process = "--in-process" in rest
ordeals = dict(word.split("=", 1) for word in rest if "=" in word)
names = ("apiserver", "scheduler", "kubelet")


def plan(name: str) -> Plan:
    def config(facts: Facts) -> Config:
        port = facts.settings.grpc_port if name == "apiserver" else 0
        return Config(name, facts.serving(name, port), ordeals.get(name, ""))

    return Plan("fake_service", config)


try:
    run_cluster(
        ClusterSettings(Path(data_dir), port=0, grpc_port=0, etcd_port=0, store="memory", components=names),
        clock=SystemClock(),
        report=lambda progress: print(line(progress), flush=True),
        in_process=in_process,
        plans={name: plan(name) for name in names},
    )
except CannotStart as error:
    print("cannot start:", error, flush=True)
    sys.exit(1)
