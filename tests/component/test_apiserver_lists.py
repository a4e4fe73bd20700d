"""Lists over HTTPS: selectors, pages and versions."""

from typing import Any

import pytest

MAPS = "/api/v1/namespaces/default/configmaps"
PODS = "/api/v1/namespaces/default/pods"


async def names(api: Any, path: str = MAPS, **query: str) -> list[str]:
    tree = (await api.get(path, query=query)).ok()
    return [item["metadata"]["name"] for item in tree["items"]]


@pytest.fixture
async def maps(api: Any) -> None:
    labels = [{"app": "x", "tier": "front"}, {"app": "x", "n": "5"}, {"app": "y", "tier": ""}, {}]
    for name, found in zip("abcd", labels, strict=True):
        (await api.post(MAPS, {"metadata": {"name": name, "labels": found}})).ok(201)


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("", "abcd"),
        ("app=x", "ab"),
        ("app==x,tier", "a"),
        ("app!=x", "cd"),
        ("app in (x, y)", "abc"),
        ("app notin (x)", "cd"),
        ("tier", "ac"),
        ("!tier", "bd"),
        ("tier=", "c"),
        ("n>4", "b"),
        ("n<5", ""),
        ("app=x,app=y", ""),
        (" app = x , ! tier ", "b"),
    ],
)
async def test_labels_select(api: Any, maps: None, selector: str, expected: str) -> None:
    assert await names(api, labelSelector=selector) == list(expected)


@pytest.mark.parametrize(
    "selector",
    ["app=", "a b", "=x", "app in x", "app in (x", "x y z", "app=x,,", "n>x", "a/b/c=d", "app=!", "(", ",", "-=x"],
)
async def test_a_bad_label_selector_is_told(api: Any, maps: None, selector: str) -> None:
    answer = await api.get(MAPS, query={"labelSelector": selector})
    if selector == "app=":
        answer.ok()
    else:
        answer.failed(400, "BadRequest")


async def test_fields_select(api: Any, maps: None) -> None:
    assert await names(api, fieldSelector="metadata.name=b") == ["b"]
    assert await names(api, fieldSelector="metadata.name!=b,metadata.namespace=default") == ["a", "c", "d"]
    (await api.post("/api/v1/namespaces/default/serviceaccounts", {"metadata": {"name": "default"}})).ok(201)
    for name, node in (("p", "n1"), ("q", "n2"), ("r", None)):
        spec = {"containers": [{"name": "c", "image": "i"}], **({"nodeName": node} if node else {})}
        (await api.post(PODS, {"metadata": {"name": name}, "spec": spec})).ok(201)
    assert await names(api, PODS, fieldSelector="spec.nodeName=n1") == ["p"]
    assert await names(api, PODS, fieldSelector="spec.nodeName=") == ["r"]
    assert await names(api, "/api/v1/pods", fieldSelector="status.phase=Pending,spec.nodeName!=n1") == ["q", "r"]


@pytest.mark.parametrize(
    ("path", "selector", "words"),
    [
        (MAPS, "data.k=v", '"data.k" is not a known field selector: only "metadata.name", "metadata.namespace"'),
        (PODS, "spec.hostname=x", "field label not supported: spec.hostname"),
        (MAPS, "metadata.name", "invalid selector: 'metadata.name'; can't understand 'metadata.name'"),
        (MAPS, "metadata.name=b=c", "invalid field selector: unescaped character in value: 61"),
    ],
)
async def test_a_bad_field_selector_is_told(api: Any, path: str, selector: str, words: str) -> None:
    assert (await api.get(path, query={"fieldSelector": selector})).failed(400, "BadRequest") == words


async def test_pages_show_one_moment(api: Any, maps: None) -> None:
    first = (await api.get(MAPS, query={"limit": "2"})).ok()
    assert first["metadata"]["remainingItemCount"] == 2
    (await api.delete(f"{MAPS}/c")).ok()
    (await api.post(MAPS, {"metadata": {"name": "bb"}})).ok(201)
    token = first["metadata"]["continue"]
    second = (await api.get(MAPS, query={"limit": "1", "continue": token})).ok()
    third = (await api.get(MAPS, query={"limit": "9", "continue": second["metadata"]["continue"]})).ok()
    pages = [[item["metadata"]["name"] for item in page["items"]] for page in (first, second, third)]
    assert pages == [["a", "b"], ["c"], ["d"]]
    assert {page["metadata"]["resourceVersion"] for page in (first, second, third)} == {
        first["metadata"]["resourceVersion"]
    }
    assert "continue" not in third["metadata"]


async def test_pages_with_a_selector_do_not_know_what_remains(api: Any, maps: None) -> None:
    page = (await api.get(MAPS, query={"limit": "1", "labelSelector": "app"})).ok()
    assert "remainingItemCount" not in page["metadata"]
    rest = (await api.get(MAPS, query={"continue": page["metadata"]["continue"], "labelSelector": "app"})).ok()
    assert [item["metadata"]["name"] for item in rest["items"]] == ["b", "c"]


async def test_a_list_of_the_past_is_exact(api: Any, maps: None) -> None:
    before = (await api.get(MAPS)).ok()
    (await api.delete(MAPS)).ok()
    past = {"resourceVersion": before["metadata"]["resourceVersion"], "resourceVersionMatch": "Exact"}
    assert (await api.get(MAPS, query=past)).ok() == before
    assert await names(api, resourceVersion="0") == []


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"resourceVersion": "abc"}, 400),
        ({"resourceVersion": "-1"}, 400),
        ({"resourceVersion": "9" * 5000}, 400),
        ({"resourceVersion": "999999999"}, 504),
        ({"resourceVersionMatch": "Exact"}, 422),
        ({"resourceVersion": "0", "resourceVersionMatch": "Exact"}, 422),
        ({"resourceVersion": "1", "resourceVersionMatch": "Newest"}, 422),
        ({"sendInitialEvents": "true"}, 422),
        ({"limit": "x"}, 400),
        ({"limit": "-1"}, 400),
        ({"limit": "9" * 30}, 400),
        ({"continue": "nonsense"}, 400),
        ({"continue": "e30"}, 400),
        ({"timeoutSeconds": "1.5"}, 400),
    ],
)
async def test_bad_options_of_a_list_are_told(api: Any, query: dict[str, str], status: int) -> None:
    reason = {400: "BadRequest", 422: "Invalid", 504: "Timeout"}[status]
    (await api.get(MAPS, query=query)).failed(status, reason)


async def test_lists_of_the_cluster_show_all_namespaces(api: Any, maps: None) -> None:
    (await api.post("/api/v1/namespaces", {"metadata": {"name": "x"}})).ok(201)
    (await api.post("/api/v1/namespaces/x/configmaps", {"metadata": {"name": "z", "labels": {"app": "x"}}})).ok(201)
    assert await names(api, "/api/v1/configmaps", labelSelector="app=x") == ["a", "b", "z"]
    assert await names(api, labelSelector="app=x") == ["a", "b"]


@pytest.mark.parametrize(
    ("token", "words"),
    [
        ("!!", "illegal base64 data at input byte 0"),
        ("abc", "invalid character 'i' looking for beginning of value"),
        ("e30", "server does not recognize this encoded version "),
        ("eyJ2IjoibWV0YS5rOHMuaW8vdjEifQ", "incorrect encoded start resourceVersion (version meta.k8s.io/v1)"),
        ("eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6NX0", "encoded start key empty (version meta.k8s.io/v1)"),
    ],
)
async def test_a_damaged_token_is_told_from_a_good_one(api: Any, token: str, words: str) -> None:
    answer = await api.get("/api/v1/configmaps", query={"continue": token})
    assert answer.failed(400, "BadRequest").startswith(f"invalid continue token: continue key is not valid: {words}")


@pytest.mark.parametrize(
    ("path", "field", "known"),
    [
        ("/apis/certificates.k8s.io/v1/certificatesigningrequests", "spec.signerName", True),
        ("/apis/resource.k8s.io/v1/resourceslices", "spec.nodeName", True),
        ("/apis/resource.k8s.io/v1/resourceslices", "spec.driver", True),
        ("/apis/events.k8s.io/v1/events", "regarding.kind", True),
        ("/apis/events.k8s.io/v1/events", "involvedObject.kind", False),
        ("/api/v1/events", "regarding.kind", False),
    ],
)
async def test_kinds_know_their_own_fields_to_select_by(api: Any, path: str, field: str, known: bool) -> None:
    answer = await api.get(path, query={"fieldSelector": f"{field}=x"})
    if known:
        assert answer.ok()["items"] == []
    else:
        assert answer.failed(400, "BadRequest") == f"field label not supported: {field}"
