"""From settings to a running cluster of processes, or of tasks."""

import gc
import os
import signal
from collections.abc import Callable, Mapping, Sequence

from kobune.apimachinery.clock import Clock
from kobune.launcher import network
from kobune.launcher.child import run_until_terminated
from kobune.launcher.composition import PLANS, Composition, Plan
from kobune.launcher.in_process import run_in_process
from kobune.launcher.progress import ClusterReady, Progress
from kobune.launcher.settings import APISERVER, ETCD_FILES, ClusterSettings, check, ports
from kobune.launcher.supervisor import Supervisor
from kobune.launcher.warm import warm

Report = Callable[[Progress], None]


def run_cluster(
    settings: ClusterSettings,
    *,
    clock: Clock,
    report: Report,
    in_process: bool = False,
    plans: Mapping[str, Plan] = PLANS,
) -> None:
    """Run a cluster until SIGINT or SIGTERM; `CannotStart` says why it does not run, and then nothing of it does."""
    check(settings)
    composition = Composition(settings, clock=clock, plans=plans)
    with composition.owned() as lock:
        if APISERVER in settings.components:
            network.check_free(settings.host, ports(settings))
        else:
            network.check_reachable(f"{settings.host}:{settings.grpc_port}")
        facts = {"pid": os.getpid(), "components": list(settings.components), "store": settings.store}
        facts["runtime_config"] = settings.runtime_config
        facts["scheduler_config"] = str(settings.scheduler_config or "")
        facts |= {name: str(getattr(settings, name) or "") for name in ETCD_FILES}
        composition.data_dir.record("cluster", facts)
        run = _run_in_process if in_process else _run_processes
        run(composition, clock, lock, lambda progress: report(_with_server(progress, composition)))


def _run_processes(composition: Composition, clock: Clock, lock: int, report: Report) -> None:
    def prepare(stage: Sequence[str]) -> None:
        composition.preload(stage)
        warm()
        gc.collect()
        gc.freeze()  # the collector of a forked process would otherwise touch, and so copy, every page of ours

    Supervisor(
        composition.stages(),
        composition.start,
        data_dir=composition.data_dir,
        lock=lock,
        report=report,
        prepare=prepare,
        on_ready=composition.component_is_ready,
        level=composition.log_level,
    ).run()


def _run_in_process(composition: Composition, clock: Clock, lock: int, report: Report) -> None:
    composition.preload(composition.components)
    work = run_in_process(
        composition.stages(),
        composition.start,
        data_dir=composition.data_dir,
        clock=clock,
        report=report,
        on_ready=composition.component_is_ready,
        restart=True,
    )
    run_until_terminated(work, (signal.SIGINT, signal.SIGTERM))


def _with_server(progress: Progress, composition: Composition) -> Progress:
    return ClusterReady(progress.seconds, composition.server) if isinstance(progress, ClusterReady) else progress
