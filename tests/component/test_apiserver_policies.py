"""Admission policies: expressions that refuse, warn and change."""

import asyncio
from typing import Any

import pytest

POLICIES = "/apis/admissionregistration.k8s.io/v1"
MAPS = "/api/v1/namespaces/default/configmaps"
RULE = {
    "apiGroups": [""],
    "apiVersions": ["v1"],
    "operations": ["CREATE", "UPDATE", "DELETE"],
    "resources": ["configmaps"],
}
DENIED = "ValidatingAdmissionPolicy 'p' with binding 'b' denied request: "


async def policy(api: Any, kind: str = "Validating", *, binding: dict[str, Any] | None = None, **spec: Any) -> None:
    plural = f"{POLICIES}/{kind.lower()}admissionpolic"
    body = {"matchConstraints": {"resourceRules": [RULE]}, **spec}
    (await api.post(f"{plural}ies", {"metadata": {"name": "p"}, "spec": body})).ok(201)
    bound = {"policyName": "p", **({"validationActions": ["Deny"]} if kind == "Validating" else {}), **(binding or {})}
    (await api.post(f"{plural}ybindings", {"metadata": {"name": "b"}, "spec": bound})).ok(201)


async def make(api: Any, name: str = "a", **data: str) -> Any:
    return await api.post(MAPS, {"metadata": {"name": name}, "data": data})


@pytest.mark.parametrize(
    ("validation", "status", "reason", "words"),
    [
        ({"expression": "object.data.k == 'ok'"}, 422, "Invalid", "failed expression: object.data.k == 'ok'"),
        ({"expression": "object.data.k == 'ok'", "message": "k!", "reason": "Forbidden"}, 403, "Forbidden", "k!"),
        ({"expression": "false", "messageExpression": "'not ' + object.data.k"}, 422, "Invalid", "not bad"),
        ({"expression": "false", "messageExpression": "object.z", "message": "then this"}, 422, "Invalid", "then this"),
        (
            {"expression": "object.z == 1"},
            422,
            "Invalid",
            "expression 'object.z == 1' resulted in error: no such key: z",
        ),
        (
            {"expression": "authorizer.group('').resource('pods').check('get').allowed() && request.dryRun"},
            422,
            "Invalid",
            "failed expression: authorizer.group('').resource('pods').check('get').allowed() && request.dryRun",
        ),
        (
            {"expression": "namespaceObject.metadata.name != 'default' || request.userInfo.username == ''"},
            422,
            "Invalid",
            "failed expression: namespaceObject.metadata.name != 'default' || request.userInfo.username == ''",
        ),
    ],
)
async def test_a_policy_refuses_in_the_words_of_its_author(
    api: Any, validation: dict[str, str], status: int, reason: str, words: str
) -> None:
    if "messageExpression" in validation and validation["messageExpression"] == "object.z":
        validation = {**validation, "messageExpression": "string(object.z)"}
    await policy(api, validations=[validation])
    refused = await make(api, k="bad")
    assert refused.failed(status, reason) == f'configmaps "a" is forbidden: {DENIED}{words}'
    assert refused.causes == [("", DENIED + words)]


async def test_conditions_and_variables_are_those_of_the_policy(api: Any) -> None:
    await policy(
        api,
        matchConditions=[{"name": "only-x", "expression": "object != null && object.metadata.name.startsWith('x')"}],
        variables=[
            {"name": "k", "expression": "object.data.k"},
            {"name": "bad", "expression": "variables.k == 'bad' && 1 / 1 == 1"},
        ],
        validations=[{"expression": "!variables.bad", "messageExpression": "variables.k + ' is bad'"}],
    )
    (await make(api, "y", k="bad")).ok(201)
    assert (await make(api, "x", k="bad")).message.endswith("denied request: bad is bad")
    (await make(api, "x", k="good")).ok(201)
    (await api.delete(f"{MAPS}/x")).ok()


async def test_who_only_warns_does_not_refuse(api: Any) -> None:
    await policy(
        api, validations=[{"expression": "false", "message": "hm"}], binding={"validationActions": ["Warn", "Audit"]}
    )
    made = await make(api)
    made.ok(201)
    assert made.warnings == ["Validation failed for ValidatingAdmissionPolicy 'p' with binding 'b': hm"]


async def test_what_cannot_be_evaluated_is_let_through_by_a_policy_that_ignores_failures(api: Any) -> None:
    validations = [{"expression": "object.z == 1"}, {"expression": "object.data.k != 'bad'"}]
    await policy(api, validations=validations, failurePolicy="Ignore")
    (await make(api, k="fine")).ok(201)
    assert (await make(api, "b", k="bad")).status == 422


async def test_parameters_are_looked_up_where_the_binding_says(api: Any) -> None:
    reference = {"name": "limits", "namespace": "default", "parameterNotFoundAction": "Deny"}
    await policy(
        api,
        paramKind={"apiVersion": "v1", "kind": "Secret"},
        validations=[
            {
                "expression": "int(object.data.n) <= int(params.metadata.labels.most)",
                "messageExpression": "'at most ' + params.metadata.labels.most",
            }
        ],
        binding={"paramRef": reference},
    )
    refused = (await make(api, n="5")).failed(422, "Invalid")
    words = "no params found for policy binding with `Deny` parameterNotFoundAction"
    assert refused.endswith(f"denied request: failed to configure binding: {words}")
    secrets = "/api/v1/namespaces/default/secrets"
    (await api.post(secrets, {"metadata": {"name": "limits", "labels": {"most": "3"}}})).ok(201)
    assert (await make(api, n="5")).message.endswith("denied request: at most 3")
    (await make(api, n="2")).ok(201)


async def test_a_policy_without_binding_and_one_that_is_gone_refuse_nothing(api: Any) -> None:
    await policy(api, validations=[{"expression": "false"}])
    assert (await make(api)).status == 422
    (await api.delete(f"{POLICIES}/validatingadmissionpolicybindings/b")).ok()
    (await make(api)).ok(201)


@pytest.mark.parametrize(
    ("spec", "field", "words"),
    [
        ({"validations": [{"expression": "object.x"}]}, "spec.validations[0].expression", "must evaluate to bool"),
        (
            {"validations": [{"expression": "nope"}]},
            "spec.validations[0].expression",
            "compilation failed: ERROR: <input>:1:1: undeclared reference to 'nope' (in container '')\n | nope\n | ^",
        ),
        (
            {"validations": [{"expression": "true", "messageExpression": "1"}]},
            "spec.validations[0].messageExpression",
            "must evaluate to string",
        ),
        (
            {"validations": [{"expression": "params.a == 1"}]},
            "spec.validations[0].expression",
            (
                "compilation failed: ERROR: <input>:1:1: undeclared reference to 'params' (in container '')\n"
                " | params.a == 1\n | ^"
            ),
        ),
        (
            {"validations": [{"expression": "variables.w"}], "variables": [{"name": "v", "expression": "1"}]},
            "spec.validations[0].expression",
            "compilation failed: ERROR: <input>:1:10: undefined field 'w'\n | variables.w\n | .........^",
        ),
        (
            {
                "validations": [{"expression": "true"}],
                "matchConditions": [{"name": "c", "expression": "request.z == 1"}],
            },
            "spec.matchConditions[0].expression",
            "compilation failed: ERROR: <input>:1:8: undefined field 'z'\n | request.z == 1\n | .......^",
        ),
    ],
)
async def test_an_expression_that_is_none_is_refused_with_the_policy(
    api: Any, spec: dict[str, Any], field: str, words: str
) -> None:
    body = {"metadata": {"name": "p"}, "spec": {"matchConstraints": {"resourceRules": [RULE]}, **spec}}
    refused = await api.post(f"{POLICIES}/validatingadmissionpolicies", body)
    refused.failed(422, "Invalid")
    ((found, message),) = refused.causes
    assert found == field
    assert message.endswith(f": {words}")


async def test_a_mutating_policy_merges_what_its_expression_makes(api: Any) -> None:
    mutation = {
        "patchType": "ApplyConfiguration",
        "applyConfiguration": {
            "expression": "Object{metadata: Object.metadata{labels: {'by': request.userInfo.username}}}"
        },
    }
    await policy(api, "Mutating", mutations=[mutation], reinvocationPolicy="Never")
    made = (await api.post(MAPS, {"metadata": {"name": "a", "labels": {"a": "b"}}, "data": {"k": "v"}})).ok(201)
    assert made["metadata"]["labels"] == {"a": "b", "by": "kubernetes-admin"}
    assert made["data"] == {"k": "v"}


async def test_a_mutating_policy_patches_what_its_expression_makes(api: Any) -> None:
    mutation = {
        "patchType": "JSONPatch",
        "jsonPatch": {"expression": "[JSONPatch{op: 'add', path: '/data/n', value: string(size(object.data))}]"},
    }
    await policy(api, "Mutating", mutations=[mutation, mutation], reinvocationPolicy="Never")
    assert (await make(api, a="b")).ok(201)["data"] == {"a": "b", "n": "2"}


async def test_a_mutation_that_cannot_be_made_refuses_the_write(api: Any) -> None:
    mutation = {"patchType": "JSONPatch", "jsonPatch": {"expression": "[JSONPatch{op: 'remove', path: '/data/z'}]"}}
    await policy(api, "Mutating", mutations=[mutation], reinvocationPolicy="Never")
    words = (await make(api, a="b")).failed(422, "Invalid")
    assert "MutatingAdmissionPolicy 'p' with binding 'b' denied request: error applying patch" in words


async def test_the_types_of_expressions_are_checked_for_the_kinds_they_are_about(api: Any) -> None:
    rule = {"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["deployments"]}
    validations = [
        {"expression": "object.replicas > 1"},
        {"expression": "object.spec.replicas > 1 && object.spec.template.spec.containers.all(c, c.image != '')"},
        {"expression": "variables.n == 1", "messageExpression": "'no ' + object.spec.nothing"},
    ]
    spec = {
        "matchConstraints": {"resourceRules": [rule]},
        "validations": validations,
        "variables": [{"name": "n", "expression": "object.spec.replicas"}],
    }
    (await api.post(f"{POLICIES}/validatingadmissionpolicies", {"metadata": {"name": "p"}, "spec": spec})).ok(201)
    async with asyncio.timeout(10):
        while True:
            found = (await api.get(f"{POLICIES}/validatingadmissionpolicies/p")).ok()
            if found["status"].get("observedGeneration") == found["metadata"]["generation"]:
                break
            await asyncio.sleep(0.01)
    first, second = found["status"]["typeChecking"]["expressionWarnings"]
    assert first == {
        "fieldRef": "spec.validations[0].expression",
        "warning": "apps/v1, Kind=Deployment: ERROR: <input>:1:7: undefined field 'replicas'\n"
        " | object.replicas > 1\n"
        " | ......^\n",
    }
    assert second["fieldRef"] == "spec.validations[2].messageExpression"


async def test_a_pod_gets_the_zone_and_the_region_of_its_node(api: Any) -> None:
    labels = {"topology.kubernetes.io/zone": "z", "topology.kubernetes.io/region": "r", "other": "o"}
    (await api.post("/api/v1/nodes", {"metadata": {"name": "n", "labels": labels}})).ok(201)
    (await api.post("/api/v1/namespaces/default/serviceaccounts", {"metadata": {"name": "default"}})).ok(201)
    pods = "/api/v1/namespaces/default/pods"
    mine = {"topology.kubernetes.io/zone": "mine", "app": "a"}
    spec = {"containers": [{"name": "c", "image": "i"}]}
    (await api.post(pods, {"metadata": {"name": "p", "labels": mine}, "spec": spec})).ok(201)
    binding = {"metadata": {"name": "p"}, "target": {"kind": "Node", "name": "n"}}
    (await api.post(f"{pods}/p/binding", binding)).ok(201)
    wanted = {"topology.kubernetes.io/zone": "z", "topology.kubernetes.io/region": "r"}
    assert (await api.get(f"{pods}/p")).ok()["metadata"]["labels"] == {**wanted, "app": "a"}
    (await api.post(pods, {"metadata": {"name": "q"}, "spec": {**spec, "nodeName": "n"}})).ok(201)
    assert (await api.get(f"{pods}/q")).ok()["metadata"]["labels"] == wanted
