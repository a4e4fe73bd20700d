"""The audit log: who did what, on both faces."""

import asyncio
import json
import logging
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kobune.api.core.v1 import ConfigMap
from kobune.apimachinery.clock import SystemClock
from kobune.apimachinery.errors import NotFound
from kobune.apiserver.audit.log import AuditLog
from kobune.component_base.failure import CannotStart
from kobune.launcher.composition import PLANS, Plan
from kobune.testing import Cluster

MAPS = "/api/v1/namespaces/default/configmaps"

POLICY = """
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- {level: None, users: [system:apiserver]}
- {level: RequestResponse, resources: [{resources: [configmaps]}], verbs: [create, update, patch, delete]}
- {level: Request, resources: [{resources: [secrets]}], omitManagedFields: true, omitStages: [ResponseStarted]}
- {level: None, nonResourceURLs: ["/healthz*"]}
- {level: Metadata}
"""


def with_audit(folder: Path, policy: str) -> dict[str, Plan]:
    """Return the plan of an apiserver that keeps an audit log in a folder."""
    file = folder / "policy.yaml"
    file.write_text(policy)
    ours = PLANS["apiserver"]

    def config(facts: Any) -> Any:
        return replace(ours.config(facts), audit_policy=file, audit_log=folder / "audit.log")

    return {"apiserver": Plan(ours.module, config)}


@asynccontextmanager
async def audited(folder: Path) -> AsyncIterator[Cluster]:
    async with Cluster(components=("apiserver",), plans=with_audit(folder, POLICY)) as cluster:
        yield cluster


def events(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "audit.log").read_text().splitlines()]


async def found(folder: Path, **wanted: str) -> dict[str, Any]:
    """Return the event with these values, once it is written."""
    async with asyncio.timeout(10):
        while True:
            for event in events(folder):
                if all(event.get(key) == value for key, value in wanted.items()):
                    return event
            await asyncio.sleep(0.02)


async def test_a_write_is_recorded_with_what_was_sent_and_answered(tmp_path: Path, connect: Any) -> None:
    async with audited(tmp_path) as cluster, connect(cluster) as api:
        answer = await api.post(MAPS, {"metadata": {"name": "a"}, "data": {"k": "v"}}, headers={"User-Agent": "me/1"})
        event = await found(tmp_path, auditID=answer.headers["Audit-Id"])
    assert (event["kind"], event["apiVersion"], event["level"]) == ("Event", "audit.k8s.io/v1", "RequestResponse")
    assert (event["stage"], event["verb"], event["requestURI"]) == ("ResponseComplete", "create", MAPS)
    assert event["user"]["username"] == "kubernetes-admin"
    assert event["userAgent"] == "me/1"
    assert event["sourceIPs"] == ["127.0.0.1"]
    assert event["objectRef"] == {"resource": "configmaps", "namespace": "default", "apiVersion": "v1"}
    assert event["responseStatus"]["code"] == 201
    assert event["requestObject"]["data"] == event["responseObject"]["data"] == {"k": "v"}
    assert event["annotations"] == {"authorization.k8s.io/decision": "allow", "authorization.k8s.io/reason": ""}
    assert event["requestReceivedTimestamp"] <= event["stageTimestamp"]


async def test_what_is_refused_is_recorded_with_the_reason(tmp_path: Path, connect: Any) -> None:
    async with audited(tmp_path) as cluster:
        async with connect(cluster, "scheduler") as scheduler:
            (await scheduler.get("/api/v1/namespaces/default/secrets/s")).failed(403, "Forbidden")
            (await scheduler.get("/api/v1/namespaces/default/pods")).ok()
        denied = await found(tmp_path, requestURI="/api/v1/namespaces/default/secrets/s")
        allowed = await found(tmp_path, requestURI="/api/v1/namespaces/default/pods")
        async with connect(cluster, "", "nonsense") as stranger:
            (await stranger.get(MAPS)).failed(401, "Unauthorized")
        unknown = await found(tmp_path, requestURI=MAPS)
    assert denied["annotations"]["authorization.k8s.io/decision"] == "forbid"
    assert (denied["responseStatus"]["code"], denied["responseStatus"]["reason"]) == (403, "Forbidden")
    assert denied["level"] == "Request"
    assert allowed["annotations"]["authorization.k8s.io/reason"] == (
        'RBAC: allowed by ClusterRoleBinding "system:kube-scheduler" of ClusterRole "system:kube-scheduler" '
        'to User "system:kube-scheduler"'
    )
    assert (unknown["responseStatus"]["code"], unknown["user"]) == (401, {})


async def test_a_watch_is_recorded_when_it_begins_and_when_it_ends(tmp_path: Path, connect: Any) -> None:
    async with audited(tmp_path) as cluster, connect(cluster) as api:
        async with api.watch(MAPS, timeoutSeconds="1"):
            started = await found(tmp_path, verb="watch", stage="ResponseStarted")
        ended = await found(tmp_path, verb="watch", stage="ResponseComplete")
    assert started["auditID"] == ended["auditID"]
    assert started["responseStatus"]["code"] == ended["responseStatus"]["code"] == 200


async def test_calls_over_grpc_are_recorded_too(tmp_path: Path) -> None:
    async with audited(tmp_path) as cluster:
        await cluster.client.create(ConfigMap(metadata={"name": "a", "namespace": "default"}, data={"k": "v"}))
        event = await found(tmp_path, verb="create", stage="ResponseComplete")
    assert event["requestURI"].startswith("/kobune.api.")
    assert event["objectRef"]["resource"] == "configmaps"
    assert event["requestObject"]["data"] == event["responseObject"]["data"] == {"k": "v"}


async def test_what_the_policy_does_not_ask_for_is_not_recorded(tmp_path: Path, connect: Any) -> None:
    secrets = "/api/v1/namespaces/default/secrets"
    async with audited(tmp_path) as cluster, connect(cluster) as api:
        assert (await api.get("/healthz")).status == 200
        (await api.post(secrets, {"metadata": {"name": "s"}, "stringData": {"k": "v"}})).ok(201)
        await found(tmp_path, requestURI=secrets)
        (await api.get("/version")).ok()
        await found(tmp_path, requestURI="/version")
    recorded = events(tmp_path)
    assert not [event for event in recorded if event["requestURI"] == "/healthz"]
    assert {event["stage"] for event in recorded} == {"ResponseComplete"}
    [secret] = [event for event in recorded if event["requestURI"] == secrets]
    assert "responseObject" not in secret
    assert secret["requestObject"]["metadata"]["name"] == "s"


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        ("rules: []", "it is no Policy of audit.k8s.io/v1"),
        ("apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: []", "it has no rules"),
        ("apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: All}]", "rules[0].level: 'All' is none of"),
        ("apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: None, verb: [x]}]", "rules[0].verb: there is no"),
        (
            "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: None, omitStages: [x]}]",
            "rules[0].omitStages: 'x' is none of RequestReceived",
        ),
        ("{", "while parsing"),
    ],
)
async def test_a_policy_that_makes_no_sense_stops_the_start(tmp_path: Path, policy: str, words: str) -> None:
    with pytest.raises(CannotStart) as failed:
        async with Cluster(components=("apiserver",), plans=with_audit(tmp_path, policy)):
            pass
    assert words in str(failed.value)
    assert "\n" not in str(failed.value)


async def test_the_file_is_put_aside_and_what_is_lost_is_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "audit.log"
    log = AuditLog(
        file, clock=SystemClock(), render=lambda line: {"line": line}, size_limit=100, files=2, waiting_limit=20
    )
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        writing = group.create_task(log.run())
        for batch in range(5):
            for line in range(25 if batch == 4 else 5):
                log.add(batch * 100 + line)
            while log.written < min(batch + 1, 4) * 5 + (20 if batch == 4 else 0):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        writing.cancel()
    assert log.lost == 5
    assert "lost 5 events of the audit log" in caplog.text
    assert sorted(each.name for each in tmp_path.iterdir()) == ["audit.log", "audit.log.1", "audit.log.2"]
    assert [json.loads(line)["line"] for line in file.read_text().splitlines()] == list(range(400, 420))


async def test_policies_leave_notes(tmp_path: Path, connect: Any) -> None:
    plural = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolic"
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"]}
    spec = {
        "matchConstraints": {"resourceRules": [rule]},
        "validations": [{"expression": "true"}, {"expression": "object.data.k == 'ok'", "message": "k!"}],
        "auditAnnotations": [{"key": "seen", "valueExpression": "'k is ' + string(object.data.k)"}],
    }
    bound = {"policyName": "p", "validationActions": ["Audit"]}
    async with audited(tmp_path) as cluster, connect(cluster) as api:
        (await api.post(f"{plural}ies", {"metadata": {"name": "p"}, "spec": spec})).ok(201)
        (await api.post(f"{plural}ybindings", {"metadata": {"name": "b"}, "spec": bound})).ok(201)
        (await api.post(MAPS, {"metadata": {"name": "a"}, "data": {"k": "v"}})).ok(201)
        event = await found(tmp_path, requestURI=MAPS)
    assert event["annotations"]["p/seen"] == "k is v"
    assert json.loads(event["annotations"]["validation.policy.admission.k8s.io/validation_failure"]) == [
        {"message": "k!", "policy": "p", "binding": "b", "expressionIndex": 1, "validationActions": ["Audit"]}
    ]


async def test_every_request_is_one_line_of_a_debug_log(
    apiserver: Cluster, connect: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, "kobune.apiserver"):
        async with connect(apiserver) as api:
            (await api.get(f"{MAPS}/none?pretty=1")).failed(404, "NotFound")
        with pytest.raises(NotFound):
            await apiserver.client.get(ConfigMap, "none", "default")
    lines = [record.getMessage() for record in caplog.records if "none" in record.getMessage()]
    assert lines[0].startswith(f"kubernetes-admin GET '{MAPS}/none?pretty=1': 404, ")
    assert re.fullmatch(r"kubernetes-admin /kobune\.api\.\S+/Get 'none': 404, [\d.]+ ms", lines[1])


async def test_no_client_can_keep_itself_out_of_the_log(tmp_path: Path, connect: Any) -> None:
    head = f"GET {MAPS} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nUser-Agent: ".encode()
    async with audited(tmp_path) as cluster, connect(cluster) as api:
        host, _, port = cluster.addresses["rest"].rpartition(":")
        context = ssl.create_default_context(cafile=str(cluster.data_dir / "pki" / "ca.crt"))
        reader, writer = await asyncio.open_connection(host, int(port), ssl=context)
        writer.write(head + b"odd\xff\xed\xa0\x80\r\n\r\n")
        assert b" 403 " in await reader.readline()
        writer.close()
        odd = await found(tmp_path, requestURI=MAPS)
        assert odd["user"]["username"] == "system:anonymous"
        body = b"[" * 200 + b"]" * 200
        (await api("PATCH", f"{MAPS}/none", body, type="application/json-patch+json")).failed(404, "NotFound")
        assert (await found(tmp_path, requestURI=f"{MAPS}/none"))["responseStatus"]["code"] == 404
