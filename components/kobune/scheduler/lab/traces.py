"""Traces as CSV: which pods came when, and which nodes there were.

Pods, one a row: `name,arrival,duration,cpu,memory,gpu,priority,labels,selector,count`, all but `arrival` optional;
seconds and Kubernetes' quantities; labels as `app=web;tier=front`; `count` makes that many. Nodes:
`name,cpu,memory,gpu,pods,labels,taints,count`; a taint as `key=value:Effect`. Alibaba's openb layout (`cpu_milli`,
`memory_mib`, `num_gpu`, `gpu_milli`, `gpu_spec`, `creation_time`, `deletion_time`; nodes `sn`, `cpu_milli`,
`memory_mib`, `gpu`, `model`) is known by its columns. GPUs are counted in thousandths of `kobune.dev/gpu-milli`; that a
share has to be of one device is not modelled.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping, Set
from typing import Final, TextIO

from kobune.api.core.v1 import Node, Pod
from kobune.scheduler.lab.simulation import Arrival

GPU: Final = "kobune.dev/gpu-milli"
MODEL: Final = "kobune.dev/gpu-model"
MOST_PODS: Final = "110"
PODS: Final = frozenset(
    ["name", "arrival", "duration", "cpu", "memory", "gpu", "priority", "labels", "selector", "count"]
)
NODES: Final = frozenset(["name", "cpu", "memory", "gpu", "pods", "labels", "taints", "count"])
OPENB_PODS: Final = frozenset(
    [
        "name",
        "cpu_milli",
        "memory_mib",
        "num_gpu",
        "gpu_milli",
        "gpu_spec",
        "qos",
        "pod_phase",
        "creation_time",
        "deletion_time",
        "scheduled_time",
    ]
)
"""Of these, `qos`, `pod_phase` and `scheduled_time` say what another scheduler did, and are not needed."""
OPENB_NODES: Final = frozenset(["sn", "cpu_milli", "memory_mib", "gpu", "model"])
OPENB: Final = "cpu_milli"
"""The column by which the layout is known."""


class BadTrace(ValueError):
    """A row cannot be understood; says which, and why."""


def read_pods(file: TextIO) -> list[Arrival]:
    """Return the arrivals of a trace, in the order of their times."""
    arrivals: list[Arrival] = []
    for number, row in _rows(file, PODS, OPENB_PODS):
        try:
            make = _openb_pod if OPENB in row else _pod
            arrivals += make(row, len(arrivals))
        except (KeyError, ValueError) as error:
            raise BadTrace(f"row {number}: {_words(error)}") from None
    return sorted(arrivals, key=lambda arrival: arrival.time)


def read_nodes(file: TextIO) -> list[Node]:
    """Return the nodes of a trace."""
    nodes: list[Node] = []
    for number, row in _rows(file, NODES, OPENB_NODES):
        try:
            make = _openb_node if OPENB in row else _node
            nodes += make(row, len(nodes))
        except (KeyError, ValueError) as error:
            raise BadTrace(f"row {number}: {_words(error)}") from None
    return nodes


def _rows(file: TextIO, ours: Set[str], openb: Set[str]) -> Iterator[tuple[int, Mapping[str, str]]]:
    reader = csv.DictReader(file)
    columns = {column.strip() for column in reader.fieldnames or ()}
    if unknown := columns - (openb if OPENB in columns else ours):
        raise BadTrace(f"row 1: nothing is known about the column {', '.join(sorted(unknown))}")
    for number, row in enumerate(reader, start=2):
        if None in row or None in row.values():
            raise BadTrace(f"row {number}: it has not as many columns as the first row")
        yield number, {key.strip(): value.strip() for key, value in row.items()}


def _pod(row: Mapping[str, str], before: int) -> Iterator[Arrival]:
    count = int(row.get("count") or 1)
    for index in range(count):
        name = row.get("name") or f"pod-{before + index}"
        pod = _new_pod(f"{name}-{index}" if count > 1 else name, before + index)
        _request(pod, {"cpu": row.get("cpu", ""), "memory": row.get("memory", ""), GPU: _milli(row.get("gpu", ""))})
        for key, value in _pairs(row.get("labels", "")):
            pod.metadata.labels[key] = value
        for key, value in _pairs(row.get("selector", "")):
            pod.spec.nodeSelector[key] = value
        pod.spec.priority = int(row.get("priority") or 0)
        yield Arrival(float(row["arrival"]), pod, float(row["duration"]) if row.get("duration") else None)


def _openb_pod(row: Mapping[str, str], before: int) -> Iterator[Arrival]:
    pod = _new_pod(row["name"], before)
    gpus = int(row.get("num_gpu") or 0) * int(row.get("gpu_milli") or 0)
    _request(pod, {"cpu": f"{row['cpu_milli']}m", "memory": f"{row['memory_mib']}Mi", GPU: str(gpus)})
    if row.get("gpu_spec"):
        required = pod.spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution
        term = required.nodeSelectorTerms.add()
        term.matchExpressions.add(key=MODEL, operator="In", values=row["gpu_spec"].split("|"))
    came = float(row.get("creation_time") or 0)
    left = row.get("deletion_time")
    yield Arrival(came, pod, max(float(left) - came, 0.0) if left else None)


def _node(row: Mapping[str, str], before: int) -> Iterator[Node]:
    count = int(row.get("count") or 1)
    for index in range(count):
        name = row.get("name") or f"node-{before + index}"
        node = _new_node(f"{name}-{index}" if count > 1 else name)
        amounts = {"cpu": row.get("cpu", ""), "memory": row.get("memory", ""), GPU: _milli(row.get("gpu", ""))}
        _offer(node, {**amounts, "pods": row.get("pods") or MOST_PODS})
        for key, value in _pairs(row.get("labels", "")):
            node.metadata.labels[key] = value
        for taint in filter(None, row.get("taints", "").split(";")):
            what, _, effect = taint.partition(":")
            key, _, value = what.partition("=")
            node.spec.taints.add(key=key, value=value, effect=effect)
        yield node


def _openb_node(row: Mapping[str, str], before: int) -> Iterator[Node]:
    node = _new_node(row["sn"])
    gpus = 1000 * int(row.get("gpu") or 0)
    _offer(node, {"cpu": f"{row['cpu_milli']}m", "memory": f"{row['memory_mib']}Mi", GPU: str(gpus), "pods": MOST_PODS})
    if row.get("model"):
        node.metadata.labels[MODEL] = row["model"]
    yield node


def _new_pod(name: str, number: int) -> Pod:
    pod = Pod(metadata={"name": name, "namespace": "default", "uid": f"{number}-{name}"})
    pod.spec.containers.add(name="main")
    return pod


def _new_node(name: str) -> Node:
    return Node(metadata={"name": name, "labels": {"kubernetes.io/hostname": name}})


def _request(pod: Pod, amounts: Mapping[str, str]) -> None:
    for name, amount in amounts.items():
        if amount and amount != "0":
            pod.spec.containers[0].resources.requests[name].string = amount


def _offer(node: Node, amounts: Mapping[str, str]) -> None:
    for name, amount in amounts.items():
        if amount and amount != "0":
            node.status.allocatable[name].string = amount


def _milli(gpus: str) -> str:
    return str(round(float(gpus) * 1000)) if gpus else ""


def _pairs(text: str) -> Iterable[tuple[str, str]]:
    for pair in filter(None, text.split(";")):
        key, equals, value = pair.partition("=")
        if not equals:
            raise ValueError(f"{pair!r} is not of the form key=value")
        yield key, value


def _words(error: Exception) -> str:
    return f"there is no column {error}" if isinstance(error, KeyError) else str(error)
