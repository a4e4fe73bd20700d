"""Measures a cluster of its own, started for this and stopped at the end, and prints a table."""

import argparse
import json
import os
import platform
import sys
from pathlib import Path

import codec
import controllers
import fanout
import pods
import requests
import scheduling
import startup
import store
import uvloop
from cluster import running
from figures import Figure, tables

BENCHMARKS = {
    "startup": startup.measure,
    "codec": codec.measure,
    "requests": requests.measure,
    "lists": requests.measure_lists,
    "watch": fanout.measure,
    "pods": pods.measure,
}
"""What is measured of a cluster…"""
ALONE = {"store": store.measure}
"""…and what without one."""


SCHEDULER = "scheduler"
"""What has arguments of its own."""
CONTROLLERS = "controllers"
"""What needs many nodes."""


async def run(names: list[str], seconds: float, workloads: list[str], nodes: int, pods: int) -> list[Figure]:
    figures: list[Figure] = []
    for name in names:
        print(f"{name} …", file=sys.stderr, flush=True)
        if name == SCHEDULER:
            figures += [scheduling.measure_loop(nodes, templates, 10_000) for templates in (1, 200)]
            for workload in workloads:
                with running("--components", "apiserver,scheduler") as cluster:
                    figures += await scheduling.measure(cluster, workload, nodes, pods)
            continue
        if name == CONTROLLERS:
            with running("--nodes", "100") as cluster:
                figures += await controllers.measure(cluster)
            with running("--nodes", "1000") as cluster:
                figures.append(await controllers.measure_rest(cluster, 1000))
            continue
        if name in ALONE:
            figures += await ALONE[name](seconds)
            continue
        with running() as cluster:
            figures += await BENCHMARKS[name](cluster, seconds)
    return figures


def machine() -> str:
    pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    memory = round(pages * size / 2**30)
    return f"{os.cpu_count()} cores, {memory} GiB, Python {platform.python_version()}, Linux {platform.release()}"


def main() -> None:
    known = [*BENCHMARKS, *ALONE, SCHEDULER, CONTROLLERS]
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of: {', '.join(known)} (default: all)")
    parser.add_argument("--seconds", type=float, default=4.0, help="how long each load lasts (default: 4)")
    workloads = [*scheduling.WORKLOADS, "preemption"]
    parser.add_argument("--workload", action="append", choices=workloads, help="for scheduler (default: basic)")
    parser.add_argument("--nodes", type=int, default=1000, help="for scheduler (default: 1000)")
    parser.add_argument("--pods", type=int, default=5000, help="for scheduler (default: 5000)")
    parser.add_argument("--json", type=Path, help="write the figures there, too")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(known):
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    chosen = arguments.workload or ["basic"]
    figures = uvloop.run(run(arguments.names or known, arguments.seconds, chosen, arguments.nodes, arguments.pods))
    print(f"{machine()}\n\n{tables(figures)}")
    if arguments.json:
        arguments.json.write_text(json.dumps([figure.__dict__ for figure in figures], indent=1))


if __name__ == "__main__":
    main()
