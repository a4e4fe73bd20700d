"""What the apiserver says about itself: discovery, OpenAPI, version, health."""

from collections.abc import Iterator
from typing import Any

from kobune.apiserver.registry.registry import built_in

AGGREGATED = {"Accept": "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"}


async def aggregated(api: Any) -> dict[tuple[str, str, str], Any]:
    """Return the resources and subresources by group, version and name, with their kind, scope and verbs."""
    found = {}
    for root in ("/api", "/apis"):
        for group in (await api.get(root, headers=AGGREGATED)).ok()["items"]:
            name = group["metadata"].get("name", "")
            for version in group["versions"]:
                for resource in version["resources"]:
                    own = (name, version["version"])
                    namespaced = resource["scope"] == "Namespaced"
                    for path, part in ((resource["resource"], resource), *subresources(resource)):
                        kind = part["responseKind"]
                        group_version = (kind["group"] or own[0], kind["version"] or own[1]) if kind["version"] else own
                        found[*own, path] = (group_version, kind["kind"], namespaced, sorted(part["verbs"]))
    return found


def subresources(resource: Any) -> Iterator[tuple[str, Any]]:
    for part in resource.get("subresources", ()):
        yield f"{resource['resource']}/{part['subresource']}", part


async def legacy(api: Any) -> dict[tuple[str, str, str], Any]:
    found = {}
    groups = (await api.get("/apis")).ok()["groups"]
    paths = [("", "v1", "/api/v1")]
    paths += [(g["name"], v["version"], f"/apis/{v['groupVersion']}") for g in groups for v in g["versions"]]
    for group, version, path in paths:
        for resource in (await api.get(path)).ok()["resources"]:
            group_version = (resource.get("group", group), resource.get("version", version))
            found[group, version, resource["name"]] = (
                group_version,
                resource["kind"],
                resource["namespaced"],
                sorted(resource["verbs"]),
            )
    return found


async def test_both_forms_of_discovery_tell_of_the_whole_registry(api: Any) -> None:
    new, old = await aggregated(api), await legacy(api)
    assert new == old
    expected = {
        (row.kind.group, row.kind.version, "/".join([row.kind.plural, *([part] if part else [])]))
        for row in built_in()
        for part in ("", *(sub.name for sub in row.kind.subresources))
    }
    assert set(new) == expected


async def test_groups_and_versions_are_found_one_by_one(api: Any) -> None:
    assert (await api.get("/api")).ok()["versions"] == ["v1"]
    group = (await api.get("/apis/apps")).ok()
    assert (group["kind"], group["preferredVersion"]) == ("APIGroup", {"groupVersion": "apps/v1", "version": "v1"})
    assert (await api.get("/apis/autoscaling")).ok()["preferredVersion"]["version"] == "v2"
    for path in ("/apis/none", "/apis/apps/v9", "/api/v2", "/apis/apps/v1/none", "/nowhere", "/api/v1/x/y/z/a/b"):
        assert (await api.get(path)).failed(404, "NotFound") == "the server could not find the requested resource"
    newer = {"Accept": AGGREGATED["Accept"].replace("v=v2", "v=v9")}
    (await api.get("/api", headers=newer)).failed(406, "NotAcceptable")
    (await api.get("/apis/")).ok()


def references(tree: Any) -> Iterator[str]:
    match tree:
        case dict():
            if isinstance(tree.get("$ref"), str):
                yield tree["$ref"]
            for value in tree.values():
                yield from references(value)
        case list():
            for value in tree:
                yield from references(value)


async def test_every_openapi_document_is_whole(api: Any) -> None:
    index = (await api.get("/openapi/v3")).ok()["paths"]
    groups = (await api.get("/apis")).ok()["groups"]
    versions = {f"apis/{v['groupVersion']}" for g in groups for v in g["versions"]}
    assert versions | {"api/v1"} <= set(index)
    for entry in index.values():
        document = (await api.get(entry["serverRelativeURL"])).ok()
        assert document["openapi"].startswith("3.0")
        schemas = document["components"]["schemas"]
        for reference in set(references(document)):
            assert reference.removeprefix("#/components/schemas/") in schemas, reference
        for path, operations in document["paths"].items():
            assert path.startswith("/api"), path
            assert operations


async def test_openapi_knows_the_fields_and_kinds(api: Any) -> None:
    document = (await api.get("/openapi/v3/api/v1")).ok()
    pod = document["components"]["schemas"]["io.k8s.api.core.v1.Pod"]
    assert {"group": "", "kind": "Pod", "version": "v1"} in pod["x-kubernetes-group-version-kind"]
    spec = document["components"]["schemas"]["io.k8s.api.core.v1.PodSpec"]
    assert spec["required"] == ["containers"]
    containers = spec["properties"]["containers"]
    assert containers["type"] == "array"
    assert containers["x-kubernetes-patch-merge-key"] == "name"


async def test_version_and_health_are_told(api: Any) -> None:
    version = (await api.get("/version")).ok()
    assert (version["major"], version["minor"]) == ("1", "36")
    for path in ("/healthz", "/livez", "/readyz", "/readyz/ping"):
        answer = await api.get(path)
        assert (answer.status, answer.raw) == (200, b"ok")
    verbose = (await api.get("/readyz?verbose")).raw.decode()
    assert "[+]ping ok\n" in verbose
    assert verbose.endswith("readyz check passed\n")
    assert (await api.get("/livez/none")).status == 404
    assert b"# TYPE" in (await api.get("/metrics")).raw


async def test_openapi_is_sent_once_to_those_who_keep_it(api: Any) -> None:
    for path in ("/openapi/v2", "/openapi/v3", "/openapi/v3/apis/apps/v1"):
        first = await api.get(path)
        again = await api.get(path, headers={"If-None-Match": first.headers["Etag"]})
        assert (first.status, again.status, again.raw) == (200, 304, b"")
    where = (await api.get("/openapi/v3")).ok()["paths"]["apis/apps/v1"]["serverRelativeURL"]
    path, _, digest = where.partition("?hash=")
    kept = await api.get(path, query={"hash": digest})
    assert kept.headers["Cache-Control"] == "public, immutable"
    moved = await api.get(path, query={"hash": "OLD"})  # the client follows
    assert moved.raw == kept.raw


async def test_checks_can_be_left_out(api: Any) -> None:
    text = (await api.get("/readyz?verbose&exclude=store&exclude=nothing")).raw.decode()
    assert "[+]store excluded: ok\n" in text
    assert 'cannot be excluded: no matches for "nothing"\n' in text
    for method, path in (("POST", "/api"), ("PUT", "/apis"), ("DELETE", "/version"), ("PATCH", "/openapi/v2")):
        (await api(method, path)).failed(405, "MethodNotAllowed")


async def test_long_selectors_are_understood_and_endless_ones_refused(api: Any) -> None:
    names = ",".join(f"name{number}" for number in range(2000))
    assert (await api.get("/api/v1/pods", query={"labelSelector": f"a in ({names})"})).ok()["items"] == []
    many = await api.get("/api/v1/pods", query={"labelSelector": ",".join(["a=b"] * 10_000)})
    assert many.failed(400, "BadRequest") == "a selector has at most 1000 requirements"
