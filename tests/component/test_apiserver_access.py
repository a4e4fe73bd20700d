"""Who may do what: certificates, tokens, roles, acting as others."""

from typing import Any

import jwt
import pytest

from kobune.testing import Cluster

MAPS = "/api/v1/namespaces/default/configmaps"
ACCOUNTS = "/api/v1/namespaces/default/serviceaccounts"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
REVIEWS = "/apis/authorization.k8s.io/v1"
WHO = "/apis/authentication.k8s.io/v1/selfsubjectreviews"


async def allow(api: Any, subject: dict[str, str], *, verbs: list[str], resources: list[str], group: str = "") -> None:
    """Give somebody rights in the namespace `default`."""
    rules = [{"apiGroups": [group], "resources": resources, "verbs": verbs}]
    at = f"{RBAC}/namespaces/default"
    (await api.post(f"{at}/roles", {"metadata": {"name": "r"}, "rules": rules})).ok(201)
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "r"}
    body = {"metadata": {"name": "b"}, "subjects": [subject], "roleRef": reference}
    (await api.post(f"{at}/rolebindings", body)).ok(201)


async def token_of(api: Any, name: str, **spec: Any) -> str:
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}
    return str((await api.post(f"{ACCOUNTS}/{name}/token", request)).ok(201)["status"]["token"])


async def test_the_administrator_may_do_everything(api: Any) -> None:
    who = (await api.post(WHO, {})).ok(201)["status"]["userInfo"]
    assert who["username"] == "kubernetes-admin"
    assert set(who["groups"]) == {"system:masters", "system:authenticated"}


async def test_a_stranger_may_ask_for_the_version_and_nothing_else(apiserver: Cluster, connect: Any) -> None:
    async with connect(apiserver, "") as stranger:
        assert (await stranger.get("/version")).ok()["major"] == "1"
        assert (await stranger.get("/healthz")).status == 200
        words = (await stranger.get("/api/v1/pods")).failed(403, "Forbidden")
        assert words == (
            'pods is forbidden: User "system:anonymous" cannot list resource "pods" in API group "" '
            "at the cluster scope"
        )
        assert (await stranger.get("/api")).failed(403, "Forbidden").startswith("forbidden: User")
        (await stranger.get("/metrics")).failed(403, "Forbidden")


async def test_the_scheduler_may_bind_but_not_delete_deployments(api: Any, apiserver: Cluster, connect: Any) -> None:
    (await api.post(ACCOUNTS, {"metadata": {"name": "default"}})).ok(201)
    pods = "/api/v1/namespaces/default/pods"
    pod = {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    (await api.post(pods, pod)).ok(201)
    async with connect(apiserver, "scheduler") as scheduler:
        binding = {"metadata": {"name": "p"}, "target": {"kind": "Node", "name": "n"}}
        (await scheduler.post(f"{pods}/p/binding", binding)).ok(201)
        words = (await scheduler.delete("/apis/apps/v1/namespaces/default/deployments/d")).failed(403, "Forbidden")
        assert words == (
            'deployments.apps "d" is forbidden: User "system:kube-scheduler" cannot delete resource "deployments" '
            'in API group "apps" in the namespace "default"'
        )
        (await scheduler.get("/api/v1/namespaces/default/secrets")).failed(403, "Forbidden")


async def test_a_token_of_a_service_account_works_until_the_account_goes(
    api: Any, apiserver: Cluster, connect: Any
) -> None:
    (await api.post(ACCOUNTS, {"metadata": {"name": "robot"}})).ok(201)
    token = await token_of(api, "robot", expirationSeconds=600)
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["sub"] == "system:serviceaccount:default:robot"
    assert claims["exp"] - claims["iat"] == 600
    async with connect(apiserver, "", token) as robot:
        (await robot.get(MAPS)).failed(403, "Forbidden")
        subject = {"kind": "ServiceAccount", "name": "robot", "namespace": "default"}
        await allow(api, subject, verbs=["get", "list"], resources=["configmaps"])
        (await robot.get(MAPS)).ok()
        (await robot.post(MAPS, {"metadata": {"name": "a"}})).failed(403, "Forbidden")
        (await robot.get("/api")).ok()
        (await api.delete(f"{ACCOUNTS}/robot")).ok()
        assert (await robot.get(MAPS)).failed(401, "Unauthorized") == "Unauthorized"
        (await api.post(ACCOUNTS, {"metadata": {"name": "robot"}})).ok(201)
        (await robot.get(MAPS)).failed(401, "Unauthorized")


async def test_a_token_is_for_its_audience_and_bound_to_its_pod(api: Any, apiserver: Cluster, connect: Any) -> None:
    (await api.post(ACCOUNTS, {"metadata": {"name": "default"}})).ok(201)
    pods = "/api/v1/namespaces/default/pods"
    spec = {"containers": [{"name": "c", "image": "i"}]}
    uid = (await api.post(pods, {"metadata": {"name": "p"}, "spec": spec})).ok(201)["metadata"]["uid"]
    bound = await token_of(api, "default", boundObjectRef={"kind": "Pod", "apiVersion": "v1", "name": "p", "uid": uid})
    elsewhere = await token_of(api, "default", audiences=["vault"])
    review = {"spec": {"token": bound}}
    status = (await api.post("/apis/authentication.k8s.io/v1/tokenreviews", review)).ok(201)["status"]
    assert status["authenticated"]
    assert status["user"]["extra"]["authentication.kubernetes.io/pod-name"] == ["p"]
    async with connect(apiserver, "", bound) as mine, connect(apiserver, "", elsewhere) as others:
        (await mine.get("/version")).ok()
        (await others.get("/version")).failed(401, "Unauthorized")
        (await api.delete(f"{pods}/p")).ok()
        (await mine.get("/version")).failed(401, "Unauthorized")
    (await api.post(f"{ACCOUNTS}/default/token", {"spec": {"expirationSeconds": 5}})).failed(422, "Invalid")
    (await api.post(f"{ACCOUNTS}/none/token", {"spec": {}})).failed(404, "NotFound")


@pytest.mark.parametrize("header", ["Bearer nonsense", "Bearer a.b.c", "bearer x"])
async def test_a_token_that_is_nobodys_is_refused(apiserver: Cluster, connect: Any, header: str) -> None:
    async with connect(apiserver, "") as stranger:
        (await stranger.get("/version", headers={"Authorization": header})).failed(401, "Unauthorized")


async def test_whoever_may_acts_as_another(api: Any) -> None:
    await allow(api, {"kind": "User", "name": "jane"}, verbs=["list"], resources=["configmaps"])
    jane = {"Impersonate-User": "jane"}
    (await api.get(MAPS, headers=jane)).ok()
    words = (await api.get("/api/v1/pods", headers=jane)).failed(403, "Forbidden")
    assert words.startswith('pods is forbidden: User "jane" cannot list')
    who = (await api.post(WHO, {}, headers={**jane, "Impersonate-Group": "devs", "Impersonate-Extra-Team": "x"})).ok(
        201
    )
    assert who["status"]["userInfo"] == {
        "username": "jane",
        "groups": ["devs", "system:authenticated"],
        "extra": {"team": ["x"]},
    }
    robot = {"Impersonate-User": "system:serviceaccount:default:robot"}
    groups = (await api.post(WHO, {}, headers=robot)).ok(201)["status"]["userInfo"]["groups"]
    assert "system:serviceaccounts:default" in groups
    (await api.get(MAPS, headers={"Impersonate-Group": "devs"})).failed(400, "BadRequest")


async def test_whoever_may_not_does_not_act_as_another(apiserver: Cluster, connect: Any) -> None:
    async with connect(apiserver, "scheduler") as scheduler:
        refused = await scheduler.get("/version", headers={"Impersonate-User": "kubernetes-admin"})
        assert refused.failed(403, "Forbidden") == (
            'users "kubernetes-admin" is forbidden: User "system:kube-scheduler" cannot impersonate resource "users" '
            'in API group "" at the cluster scope'
        )


async def test_roles_count_at_once_and_only_where_they_are_bound(api: Any) -> None:
    jane = {"Impersonate-User": "jane"}
    (await api.get(MAPS, headers=jane)).failed(403, "Forbidden")
    await allow(api, {"kind": "User", "name": "jane"}, verbs=["list"], resources=["configmaps"])
    (await api.get(MAPS, headers=jane)).ok()
    (await api.get("/api/v1/configmaps", headers=jane)).failed(403, "Forbidden")
    (await api.delete(f"{RBAC}/namespaces/default/rolebindings/b")).ok()
    (await api.get(MAPS, headers=jane)).failed(403, "Forbidden")


async def test_a_right_on_a_subresource_is_a_right_of_its_own(api: Any) -> None:
    subject = {"kind": "User", "name": "jane"}
    await allow(api, subject, verbs=["patch"], resources=["deployments/scale"], group="apps")
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    body = {"metadata": {"name": "d"}, "spec": {"selector": {"matchLabels": {"a": "b"}}, "template": template}}
    path = "/apis/apps/v1/namespaces/default/deployments"
    (await api.post(path, body)).ok(201)
    jane = {"Impersonate-User": "jane"}
    (await api.patch(f"{path}/d/scale", {"spec": {"replicas": 2}}, headers=jane)).ok()
    (await api.patch(f"{path}/d", {"spec": {"replicas": 3}}, headers=jane)).failed(403, "Forbidden")


async def test_an_update_that_creates_needs_the_right_to_create(api: Any) -> None:
    subject = {"kind": "User", "name": "jane"}
    await allow(api, subject, verbs=["update"], resources=["leases"], group="coordination.k8s.io")
    path = "/apis/coordination.k8s.io/v1/namespaces/default/leases"
    refused = await api.put(f"{path}/l", {"metadata": {"name": "l"}}, headers={"Impersonate-User": "jane"})
    assert 'cannot create resource "leases"' in refused.failed(403, "Forbidden")


async def test_access_reviews_answer_what_would_happen(api: Any) -> None:
    await allow(api, {"kind": "Group", "name": "devs"}, verbs=["get"], resources=["configmaps"])
    asked = {"namespace": "default", "verb": "get", "resource": "configmaps", "name": "a"}
    review = {"spec": {"user": "jane", "groups": ["devs"], "resourceAttributes": asked}}
    assert (await api.post(f"{REVIEWS}/subjectaccessreviews", review)).ok(201)["status"]["allowed"] is True
    review["spec"]["groups"] = ["ops"]
    assert (await api.post(f"{REVIEWS}/subjectaccessreviews", review)).ok(201)["status"]["allowed"] is False
    own = {"spec": {"nonResourceAttributes": {"path": "/metrics", "verb": "get"}}}
    headers = {"Impersonate-User": "jane", "Impersonate-Group": "devs"}
    refused = (await api.post(f"{REVIEWS}/selfsubjectaccessreviews", own, headers=headers)).ok(201)
    assert refused["status"]["allowed"] is False
    rules = {"spec": {"namespace": "default"}}
    shown = (await api.post(f"{REVIEWS}/selfsubjectrulesreviews", rules, headers=headers)).ok(201)["status"]
    assert {"verbs": ["get"], "apiGroups": [""], "resources": ["configmaps"]} in shown["resourceRules"]


async def test_nobody_gives_others_more_rights_than_they_have(api: Any) -> None:
    subject = {"kind": "User", "name": "jane"}
    await allow(api, subject, verbs=["create"], resources=["roles"], group="rbac.authorization.k8s.io")
    rules = [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}]
    refused = await api.post(
        f"{RBAC}/namespaces/default/roles",
        {"metadata": {"name": "more"}, "rules": rules},
        headers={"Impersonate-User": "jane"},
    )
    assert "is attempting to grant RBAC permissions not currently held" in refused.failed(403, "Forbidden")


async def test_reviews_say_by_what_something_is_allowed(api: Any) -> None:
    await allow(api, {"kind": "User", "name": "jane"}, verbs=["list"], resources=["configmaps"])
    (await api.post(ACCOUNTS, {"metadata": {"name": "robot"}})).ok(201)
    body = {
        "metadata": {"name": "robots"},
        "subjects": [{"kind": "ServiceAccount", "name": "robot", "namespace": "default"}],
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "gone"},
    }
    (await api.post(f"{RBAC}/clusterrolebindings", body)).ok(201)

    async def answer(user: str, verb: str) -> Any:
        asked = {"namespace": "default", "verb": verb, "resource": "configmaps"}
        spec = {"user": user, "resourceAttributes": asked}
        return (await api.post(f"{REVIEWS}/subjectaccessreviews", {"spec": spec})).ok(201)["status"]

    by = 'RBAC: allowed by RoleBinding "b/default" of Role "r" to User "jane"'
    assert await answer("jane", "list") == {"allowed": True, "reason": by}
    assert await answer("jane", "get") == {"allowed": False}
    missing = 'RBAC: clusterrole.rbac.authorization.k8s.io "gone" not found'
    assert await answer("system:serviceaccount:default:robot", "get") == {"allowed": False, "reason": missing}
    token = {"Impersonate-User": "system:serviceaccount:default:robot"}
    assert (await api.get(MAPS, headers=token)).failed(403, "Forbidden").endswith(missing)


async def test_reviews_look_at_selectors_for_those_whom_they_matter_to(api: Any) -> None:
    async def may(selector: Any) -> bool:
        asked = {"verb": "list", "resource": "pods", "fieldSelector": selector}
        spec = {"user": "system:node:n", "groups": ["system:nodes"], "resourceAttributes": asked}
        return bool((await api.post(f"{REVIEWS}/subjectaccessreviews", {"spec": spec})).ok(201)["status"]["allowed"])

    def of(node: str) -> Any:
        return {"requirements": [{"key": "spec.nodeName", "operator": "In", "values": [node]}]}

    assert await may(of("n"))
    assert not await may(of("m"))
    assert await may({"rawSelector": "spec.nodeName=n"})


async def test_the_rules_of_a_node_are_known_to_be_incomplete(api: Any) -> None:
    node = {"Impersonate-User": "system:node:n", "Impersonate-Group": "system:nodes"}
    review = {"spec": {"namespace": "default"}}
    status = (await api.post(f"{REVIEWS}/selfsubjectrulesreviews", review, headers=node)).ok(201)["status"]
    assert status["incomplete"]
    assert status["evaluationError"] == "node authorizer does not support user rule resolution"
    answer = (await api.post(f"{REVIEWS}/selfsubjectrulesreviews", review)).ok(201)["status"]
    everything = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}
    assert answer["resourceRules"].count(everything) == 1
    (await api.post(f"{REVIEWS}/selfsubjectrulesreviews", {"spec": {}})).failed(400, "BadRequest")


async def test_others_can_check_tokens_that_are_for_them(api: Any, apiserver: Cluster, connect: Any) -> None:
    (await api.post(ACCOUNTS, {"metadata": {"name": "a"}})).ok(201)
    token = await token_of(api, "a", audiences=["vault", "other"])
    reviews = "/apis/authentication.k8s.io/v1/tokenreviews"
    ours = (await api.post(reviews, {"spec": {"token": token}})).ok(201)["status"]
    assert (ours.get("authenticated"), ours["error"]) == (None, "invalid bearer token")
    theirs = (await api.post(reviews, {"spec": {"token": token, "audiences": ["vault", "x"]}})).ok(201)["status"]
    assert (theirs["authenticated"], theirs["audiences"]) == (True, ["vault"])
    assert theirs["user"]["username"] == "system:serviceaccount:default:a"
    async with connect(apiserver, "", await token_of(api, "a")) as account:  # any account may look for the keys
        config = (await account.get("/.well-known/openid-configuration")).ok()
        assert config["jwks_uri"].endswith("/openid/v1/jwks")
        keys = jwt.PyJWKSet.from_dict((await account.get("/openid/v1/jwks")).ok())
    known = next(key for key in keys.keys if key.key_id == jwt.get_unverified_header(token)["kid"])
    claims = jwt.decode(
        token, known, ["ES256"], audience="other", issuer=config["issuer"], options={"verify_iat": False}
    )
    assert claims["sub"] == "system:serviceaccount:default:a"


async def test_a_token_is_bound_to_what_is_there_and_fits(api: Any) -> None:
    (await api.post(ACCOUNTS, {"metadata": {"name": "a"}})).ok(201)
    node = (await api.post("/api/v1/nodes", {"metadata": {"name": "n"}})).ok(201)
    bound = {"apiVersion": "v1", "kind": "Node", "name": "n"}
    token = await token_of(api, "a", boundObjectRef=bound)
    claims = jwt.decode(token, options={"verify_signature": False})["kubernetes.io"]
    assert claims["node"] == {"name": "n", "uid": node["metadata"]["uid"]}
    reviews = "/apis/authentication.k8s.io/v1/tokenreviews"
    user = (await api.post(reviews, {"spec": {"token": token}})).ok(201)["status"]["user"]
    assert user["extra"]["authentication.kubernetes.io/node-name"] == ["n"]
    (await api.delete("/api/v1/nodes/n")).ok()
    assert "error" in (await api.post(reviews, {"spec": {"token": token}})).ok(201)["status"]
    for spec, status, reason, words in (
        ({"boundObjectRef": {**bound, "kind": "Foo"}}, 400, "BadRequest", "object of type /v1, Kind=Foo"),
        ({"boundObjectRef": {**bound, "name": "x"}}, 404, "NotFound", 'nodes "x" not found'),
        ({"expirationSeconds": 2**33}, 422, "Invalid", "may not specify a duration larger than 2^32 seconds"),
    ):
        assert words in (await api.post(f"{ACCOUNTS}/a/token", {"spec": spec})).failed(status, reason)


async def test_rights_that_are_lacking_are_told_one_by_one(apiserver: Cluster, api: Any) -> None:
    await allow(
        api, {"kind": "User", "name": "jim"}, verbs=["create"], resources=["roles"], group="rbac.authorization.k8s.io"
    )
    rules = [{"apiGroups": [""], "resources": ["pods", "secrets"], "verbs": ["get", "list"]}]
    body = {"metadata": {"name": "more"}, "rules": rules}
    refused = await api.post(f"{RBAC}/namespaces/default/roles", body, headers={"Impersonate-User": "jim"})
    assert refused.failed(403, "Forbidden").endswith(
        'user "jim" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n'
        '{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}\n'
        '{APIGroups:[""], Resources:["secrets"], Verbs:["get" "list"]}'
    )
