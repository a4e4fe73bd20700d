"""What is served: groups, versions, resources; one by one as clients of old ask, and all in one answer.

Source: *The Kubernetes API*, sections on discovery; KEP-3352 for the aggregated form.
"""

import base64
import hashlib
from collections.abc import Iterator
from typing import Any

import orjson

from kobune.apimachinery.errors import NotAcceptable
from kobune.apimachinery.kinds import Kind
from kobune.apiserver import media
from kobune.apiserver.aggregation.services import ApiServices
from kobune.apiserver.registry.registry import Registry
from kobune.apiserver.rest.accept import ENCODINGS, choices

PREFERRED = {"autoscaling": "v2"}
"""Where the preferred version is not the only one."""
AGGREGATED = "APIGroupDiscoveryList"


class Discovery:
    """Describes a registry."""

    def __init__(self, registry: Registry, elsewhere: ApiServices) -> None:
        self._registry = registry
        self._elsewhere = elsewhere

    def paths(self) -> Iterator[str]:
        """Yield the path of every document."""
        yield from ("/api", "/api/v1", "/apis")
        for group, versions in self._groups().items():
            if group:
                yield f"/apis/{group}"
                yield from (f"/apis/{group}/{version}" for version in versions)

    def root(self, path: str, accept: str) -> tuple[bytes, str]:
        """Return the document at `/api` or `/apis`, and its media type: aggregated if the client knows that form."""
        for media_type, options in choices(accept or media.JSON):
            if options.get("as") == AGGREGATED:
                if (options.get("g"), options.get("v")) == ("apidiscovery.k8s.io", "v2"):
                    content_type = f"{media.JSON};g=apidiscovery.k8s.io;v=v2;as={AGGREGATED}"
                    return orjson.dumps(self._aggregated(core=path == "/api")), content_type
            elif media_type in ENCODINGS:
                tree = self._versions() if path == "/api" else self._group_list()
                return orjson.dumps(tree), media.JSON
        raise NotAcceptable(f"only the following media types are accepted: {media.JSON}")

    def document(self, path: str) -> Any:
        """Return the tree of a group, or of the resources of a version; None if there is no such thing."""
        parts = path.strip("/").split("/")
        groups = self._groups()
        if parts == ["api", "v1"]:
            return self._resource_list("", "v1")
        if parts[0] != "apis" or len(parts) not in (2, 3) or parts[1] not in groups:
            return None
        if len(parts) == 2:
            return {"kind": "APIGroup", "apiVersion": "v1", **self._group(parts[1])}
        return self._resource_list(parts[1], parts[2]) if parts[2] in groups[parts[1]] else None

    def _groups(self) -> dict[str, list[str]]:
        groups: dict[str, list[str]] = {}
        for resource in self._registry:
            versions = groups.setdefault(resource.kind.group, [])
            if resource.kind.version not in versions:
                versions.append(resource.kind.version)
        for group, version in self._elsewhere.versions():
            versions = groups.setdefault(group, [])
            if version not in versions:
                versions.append(version)
        for group, preferred in PREFERRED.items():
            if preferred in groups.get(group, ()):
                groups[group].sort(key=lambda version: version != preferred)
        return groups

    def _kinds(self, group: str, version: str) -> list[Kind]:
        found = (r.shown_kind for r in self._registry if (r.kind.group, r.kind.version) == (group, version))
        return sorted(found, key=lambda kind: kind.plural)

    def _versions(self) -> Any:
        return {
            "kind": "APIVersions",
            "versions": ["v1"],
            "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": "127.0.0.1:6443"}],
        }

    def _group(self, group: str) -> dict[str, Any]:
        versions = [{"groupVersion": f"{group}/{v}", "version": v} for v in self._groups()[group]]
        return {"name": group, "versions": versions, "preferredVersion": versions[0]}

    def _group_list(self) -> Any:
        groups = [self._group(group) for group in self._groups() if group]
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}

    def _resource_list(self, group: str, version: str) -> Any:
        resources = [entry for kind in self._kinds(group, version) for entry in self._legacy(kind)]
        group_version = f"{group}/{version}" if group else version
        return {
            "kind": "APIResourceList",
            **({"apiVersion": "v1"} if group else {}),
            "groupVersion": group_version,
            "resources": resources,
        }

    def _legacy(self, kind: Kind) -> Iterator[dict[str, Any]]:
        entry: dict[str, Any] = {
            "name": kind.plural,
            "singularName": kind.singular,
            "namespaced": kind.namespaced,
            "kind": kind.name,
            "verbs": list(kind.verbs),
        }
        if kind.short_names:
            entry["shortNames"] = list(kind.short_names)
        if kind.categories:
            entry["categories"] = list(kind.categories)
        if "list" in kind.verbs:
            entry["storageVersionHash"] = _hash(kind)
        yield entry
        for sub in kind.subresources:
            other = {"group": sub.group, "version": sub.version} if sub.group != kind.group else {}
            yield {
                "name": f"{kind.plural}/{sub.name}",
                "singularName": "",
                "namespaced": kind.namespaced,
                **other,
                "kind": sub.kind,
                "verbs": list(sub.verbs),
            }

    def _version(self, group: str, version: str) -> dict[str, Any]:
        resources = [_resource(kind) for kind in self._kinds(group, version)]
        if resources:
            return {"version": version, "resources": resources, "freshness": "Current"}
        entries = self._elsewhere.entries(group, version)
        freshness = "Stale" if entries is None else "Current"
        return {"version": version, "resources": _merged(entries or []), "freshness": freshness}

    def _aggregated(self, *, core: bool) -> Any:
        items = []
        for group, versions in self._groups().items():
            if (group == "") is core:
                items.append(
                    {
                        "metadata": {"name": group, "creationTimestamp": None}
                        if group
                        else {"creationTimestamp": None},
                        "versions": [self._version(group, version) for version in versions],
                    }
                )
        return {
            "kind": "APIGroupDiscoveryList",
            "apiVersion": "apidiscovery.k8s.io/v2",
            "metadata": {},
            "items": items,
        }


def _merged(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the entries of an `APIResourceList` as aggregated discovery has them: subresources in their resources."""
    found: dict[str, dict[str, Any]] = {}
    for entry in sorted(entries, key=lambda one: str(one["name"]).count("/")):
        name, _, part = entry["name"].partition("/")
        kind = {"group": entry.get("group", ""), "version": entry.get("version", ""), "kind": entry["kind"]}
        common = {"responseKind": kind, "verbs": entry.get("verbs") or []}
        if part:
            if name in found:
                found[name].setdefault("subresources", []).append({"subresource": part, **common})
            continue
        found[name] = {
            "resource": name,
            "scope": "Namespaced" if entry.get("namespaced") else "Cluster",
            "singularResource": entry.get("singularName", ""),
            **common,
        }
        for field in ("shortNames", "categories"):
            if entry.get(field):
                found[name][field] = entry[field]
    return list(found.values())


def _resource(kind: Kind) -> dict[str, Any]:
    tree: dict[str, Any] = {
        "resource": kind.plural,
        "responseKind": _response_kind(kind, kind.group, kind.version, kind.name),
        "scope": "Namespaced" if kind.namespaced else "Cluster",
        "singularResource": kind.singular,
        "verbs": list(kind.verbs),
    }
    if kind.short_names:
        tree["shortNames"] = list(kind.short_names)
    if kind.categories:
        tree["categories"] = list(kind.categories)
    if kind.subresources:
        tree["subresources"] = [
            {
                "subresource": sub.name,
                "responseKind": _response_kind(kind, sub.group, sub.version, sub.kind),
                "verbs": list(sub.verbs),
            }
            for sub in kind.subresources
        ]
    return tree


def _response_kind(kind: Kind, group: str, version: str, name: str) -> dict[str, str]:
    # Empty says: as the resource itself.
    own = (group, version) == (kind.group, kind.version)
    return {"group": "" if own else group, "version": "" if own else version, "kind": name}


def _hash(kind: Kind) -> str:
    text = f"{kind.group}/{kind.version}/{kind.name}"
    return base64.b64encode(hashlib.sha256(text.encode()).digest()[:8]).decode()
