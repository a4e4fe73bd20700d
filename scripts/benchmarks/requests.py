"""Requests over REST: creates, gets and status updates of pods, and long lists. The client is wrk, if there is one.

The pods name a scheduler that does not exist, so that nothing else acts on them.
"""

import asyncio
import json
import re
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import aiohttp
from cluster import Running
from figures import Figure, median

from kobune.api.core.v1 import Pod, ServiceAccount
from kobune.api.rbac.v1 import ClusterRoleBinding
from kobune.apimachinery import codec
from kobune.client import CreateOf

CONNECTIONS = (1, 8, 32)
PATH = "/api/v1/namespaces/default/pods"
LONG = 10_000
LOAD = """
local thread_number = 0
function setup(thread) thread:set("id", thread_number); thread_number = thread_number + 1 end
local made = -1  -- wrk asks once before it starts, and does not send that
function request()
  made = made + 1
  local name = string.format("%s-%d-%d", PREFIX, id, METHOD == "POST" and made or made % KNOWN + 1)
  local path = METHOD == "POST" and PATH or PATH .. "/" .. name .. (METHOD == "PUT" and "/status" or "")
  local body = BODY:gsub("@NAME@", name):gsub("@COUNT@", made)
  return wrk.format(METHOD, path, nil, METHOD ~= "GET" and body or nil)
end
"""
KNOWN = 400
"""How many of the pods are read and updated, again and again."""


def pod(name: str, count: str) -> dict[str, Any]:
    """Return what is sent: a pod of one container, without a token; of it, status updates look at the status only."""
    amounts = {"cpu": "100m", "memory": "100Mi"}
    container = {
        "name": "pause",
        "image": "registry.k8s.io/pause:3.10",
        "ports": [{"containerPort": 80}],
        "resources": {"requests": amounts, "limits": amounts},
    }
    return {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": {"name": name, "labels": {"app": "bench"}},
        "spec": {
            "schedulerName": "nobody",
            "terminationGracePeriodSeconds": 0,
            "automountServiceAccountToken": False,
            "containers": [container],
        },
        "status": {"phase": "Pending", "message": count},
    }


async def measure(cluster: Running, seconds: float) -> list[Figure]:
    """Return creates, gets and status updates a second at 1, 8 and 32 connections, and creates over gRPC."""
    token = await _token(cluster)
    figures = []
    for what, method in (("creates", "POST"), ("gets", "GET"), ("status updates", "PUT")):
        for connections in CONNECTIONS:
            rate = await _load(cluster, token, method, connections, seconds)
            figures.append(Figure(f"REST {what} of pods, {connections} connections ({_tool()})", rate, "/s"))
    async with cluster.client() as client:
        began = time.perf_counter()
        await asyncio.gather(*(client.create(_pod(f"single-{i}")) for i in range(1000)))
        figures.append(
            Figure("gRPC creates of pods, one a call, 1,000 at once", 1000 / (time.perf_counter() - began), "/s")
        )
        began = time.perf_counter()
        await client.batch([CreateOf(_pod(f"batch-{i}")) for i in range(5000)])
        figures.append(Figure("gRPC creates of pods in batches", 5000 / (time.perf_counter() - began), "/s"))
    return figures


async def measure_lists(cluster: Running, seconds: float) -> list[Figure]:
    """Return how long a list of 10,000 pods takes, as JSON and as protobuf, once the bytes are made."""
    async with cluster.client() as client:
        await client.batch([CreateOf(_pod(f"object-{i}")) for i in range(LONG)])
    figures = []
    connector = aiohttp.TCPConnector(ssl=cluster.tls)
    async with aiohttp.ClientSession(connector=connector, read_bufsize=2**20) as session:
        for encoding in ("json", "vnd.kubernetes.protobuf"):
            headers = {"Accept": f"application/{encoding}", "Accept-Encoding": "identity"}
            times = []
            for _ in range(5):
                began = time.perf_counter()
                async with session.get(cluster.server + PATH, headers=headers) as response:
                    body = await response.read()
                times.append(time.perf_counter() - began)
            name = encoding.rpartition(".")[2]
            size = len(body) / 2**20
            figures.append(Figure(f"list of {LONG:,} pods, {name} ({size:.1f} MiB)", median(times) * 1000, "ms"))
    return figures


def _tool() -> str:
    return "wrk" if shutil.which("wrk") else "aiohttp"


async def _token(cluster: Running) -> str:
    """Return a bearer token that may do everything: wrk knows no client certificates."""
    async with cluster.client() as client:
        account = await client.create(ServiceAccount(metadata={"name": "bench", "namespace": "default"}))
        binding = ClusterRoleBinding(metadata={"name": "bench"})
        binding.roleRef.kind, binding.roleRef.name = "ClusterRole", "cluster-admin"
        binding.subjects.add(kind="ServiceAccount", name=account.metadata.name, namespace="default")
        await client.create(binding)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=cluster.tls)) as session:
        url = f"{cluster.server}/api/v1/namespaces/default/serviceaccounts/bench/token"
        async with session.post(url, json={"kind": "TokenRequest", "apiVersion": "authentication.k8s.io/v1"}) as answer:
            token: str = (await answer.json())["status"]["token"]
    return token


async def _load(cluster: Running, token: str, method: str, connections: int, seconds: float) -> float:
    if shutil.which("wrk") is None:
        return await _aiohttp_load(cluster, method, connections, seconds)
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "load.lua"
        body = json.dumps(pod("@NAME@", "@COUNT@"))
        names = f"PREFIX, METHOD, PATH, KNOWN = 'c{connections}', '{method}', '{PATH}', {KNOWN}\nBODY = '{body}'\n"
        script.write_text(names + LOAD)
        wrk = await asyncio.create_subprocess_exec(
            "wrk",
            f"--threads={min(connections, 2)}",
            f"--connections={connections}",
            f"--duration={seconds:.0f}s",
            f"--header=Authorization: Bearer {token}",
            "--header=Content-Type: application/json",
            f"--script={script}",
            cluster.server,
            stdout=asyncio.subprocess.PIPE,
        )
        output, _ = await wrk.communicate()
    text = output.decode()
    if "Non-2xx" in text:
        raise SystemExit(f"the load failed:\n{text}")
    found = re.search(r"Requests/sec:\s+([\d.]+)", text)
    return float(found[1]) if found else 0.0


async def _aiohttp_load(cluster: Running, method: str, connections: int, seconds: float) -> float:
    done = 0
    end = time.perf_counter() + seconds

    async def one(number: int, session: aiohttp.ClientSession) -> None:
        nonlocal done
        made = 0
        while time.perf_counter() < end:
            made += 1
            name = f"c{connections}-{number}-{made if method == 'POST' else made % KNOWN + 1}"
            path = PATH if method == "POST" else f"{PATH}/{name}{'/status' if method == 'PUT' else ''}"
            sent = None if method == "GET" else pod(name, str(made))
            async with session.request(method, cluster.server + path, json=sent) as answer:
                await answer.read()
                answer.raise_for_status()
            done += 1

    connector = aiohttp.TCPConnector(ssl=cluster.tls, limit=connections)
    async with aiohttp.ClientSession(connector=connector) as session:
        await asyncio.gather(*(one(number, session) for number in range(connections)))
    return done / seconds


def _pod(name: str) -> Pod:
    made = codec.from_json(Pod, json.dumps(pod(name, "")).encode())
    made.metadata.namespace = "default"
    return made
