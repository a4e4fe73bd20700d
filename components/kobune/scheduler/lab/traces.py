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
from math import isfinite
from typing import Final, TextIO

from kobune.api.core.v1 import Node, Pod
from kobune.apimachinery import quantity
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


EFFECTS: Final = ("NoSchedule", "PreferNoSchedule", "NoExecute")
HIGHEST_PRIORITY: Final = 2**31 - 1
MOST: Final = 1_000_000
"""So many of anything a row may stand for."""


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
    names: set[str] = set()
    for number, row in _rows(file, NODES, OPENB_NODES):
        try:
            make = _openb_node if OPENB in row else _node
            for node in make(row, len(nodes)):
                if node.metadata.name in names:
                    raise ValueError(f"there is another node {node.metadata.name}")
                names.add(node.metadata.name)
                nodes.append(node)
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
    count = _whole(row, "count", 1, MOST, 1)
    arrival = _number(row["arrival"], "arrival")
    duration = _number(row["duration"], "duration") if row.get("duration") else None
    for index in range(count):
        name = row.get("name") or f"pod-{before + index}"
        pod = _new_pod(f"{name}-{index}" if count > 1 else name, before + index)
        _request(pod, {"cpu": row.get("cpu", ""), "memory": row.get("memory", ""), GPU: _milli(row.get("gpu", ""))})
        for key, value in _pairs(row.get("labels", "")):
            pod.metadata.labels[key] = value
        for key, value in _pairs(row.get("selector", "")):
            pod.spec.nodeSelector[key] = value
        pod.spec.priority = _whole(row, "priority", -HIGHEST_PRIORITY, HIGHEST_PRIORITY, 0)
        yield Arrival(arrival, pod, duration)


def _openb_pod(row: Mapping[str, str], before: int) -> Iterator[Arrival]:
    pod = _new_pod(row["name"], before)
    gpus = _whole(row, "num_gpu", 0, MOST, 0) * _whole(row, "gpu_milli", 0, MOST, 0)
    _request(pod, {"cpu": f"{row['cpu_milli']}m", "memory": f"{row['memory_mib']}Mi", GPU: str(gpus)})
    if row.get("gpu_spec"):
        required = pod.spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution
        term = required.nodeSelectorTerms.add()
        term.matchExpressions.add(key=MODEL, operator="In", values=row["gpu_spec"].split("|"))
    came = _number(row.get("creation_time") or "0", "creation_time")
    left = row.get("deletion_time")
    yield Arrival(came, pod, max(_number(left, "deletion_time") - came, 0.0) if left else None)


def _node(row: Mapping[str, str], before: int) -> Iterator[Node]:
    count = _whole(row, "count", 1, MOST, 1)
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
            if effect not in EFFECTS:
                raise ValueError(f"the effect of the taint {taint!r} is not one of {', '.join(EFFECTS)}")
            node.spec.taints.add(key=key, value=value, effect=effect)
        yield node


def _openb_node(row: Mapping[str, str], before: int) -> Iterator[Node]:
    node = _new_node(row["sn"])
    gpus = 1000 * _whole(row, "gpu", 0, MOST, 0)
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
            pod.spec.containers[0].resources.requests[name].string = _amount(name, amount)


def _offer(node: Node, amounts: Mapping[str, str]) -> None:
    for name, amount in amounts.items():
        if amount and amount != "0":
            node.status.allocatable[name].string = _amount(name, amount)


def _amount(name: str, amount: str) -> str:
    try:
        is_amount = quantity.milli(amount) >= 0
    except ValueError:
        is_amount = False
    if not is_amount:
        raise ValueError(f"{name}: {amount!r} is no amount, as 500m or 2Gi")
    return amount


def _milli(gpus: str) -> str:
    return str(round(_number(gpus, "gpu") * 1000)) if gpus else ""


def _number(text: str, column: str) -> float:
    number = float(text)
    if not isfinite(number) or number < 0:
        raise ValueError(f"{column}: {text} is not a number from 0 on")
    return number


def _whole(row: Mapping[str, str], column: str, least: int, most: int, otherwise: int) -> int:
    number = int(row.get(column) or otherwise)
    if not least <= number <= most:
        raise ValueError(f"{column}: {number} is not in the range {least} to {most}")
    return number


def _pairs(text: str) -> Iterable[tuple[str, str]]:
    for pair in filter(None, text.split(";")):
        key, equals, value = pair.partition("=")
        if not equals:
            raise ValueError(f"{pair!r} is not of the form key=value")
        yield key, value


def _words(error: Exception) -> str:
    return f"there is no column {error}" if isinstance(error, KeyError) else str(error)
