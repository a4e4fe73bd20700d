"""The values of what expressions in policies and in the conditions of webhooks look at."""

from collections import ChainMap
from typing import Any

from kobune.apimachinery.cel.libraries.authorization import Authorizer, ResourceCheck, Wish
from kobune.apiserver.admission import objects, request
from kobune.apiserver.admission.chain import Write
from kobune.apiserver.auth.attributes import Attributes
from kobune.apiserver.auth.user import User
from kobune.apiserver.registry.resource import Resource


class Facts:
    """The values of the variables for one write, each made when an expression asks for it."""

    def __init__(self, write: Write, resource: Resource, known: dict[str, Any] | None = None) -> None:
        self._write = write
        self._resource = resource
        self._known: ChainMap[str, Any] = ChainMap(known or {}, {})

    def __getitem__(self, name: str) -> Any:
        if name not in self._known:
            # What is made for one set of facts serves all that were made from them.
            self._known.maps[-1][name] = self._make(name)
        return self._known[name]

    def with_values(self, **values: Any) -> "Facts":
        """Return the same facts, and `values` besides."""
        other = Facts(self._write, self._resource)
        other._known = self._known.new_child(values)
        return other

    def forget_object(self) -> None:
        """Look at the object again: somebody has changed it."""
        self._known.maps[-1].pop("object", None)

    def _make(self, name: str) -> Any:
        write = self._write
        match name:
            case "object":
                return objects.tree_of(self._resource, write.new) if write.new is not None else None
            case "oldObject":
                return objects.tree_of(self._resource, write.old) if write.old is not None else None
            case "request":
                return request.request_of(write, self._resource)
            case "namespaceObject":
                found = request.namespace_object(write)
                return None if found is None else _namespace(objects.tree_of(write.api.registry["namespaces"], found))
            case "authorizer":
                return Authorizer(self._ask)
            case "authorizer.requestResource":
                return self._request_resource()
        raise KeyError(name)

    def _request_resource(self) -> ResourceCheck:
        call = self._write.call
        wish = Wish(
            group=call.group,
            resource=call.plural,
            subresource=call.subresource,
            namespace=request.namespace_of(self._write),
            name=call.name,
        )
        return ResourceCheck(self._ask, wish)

    def _ask(self, wish: Wish) -> tuple[bool, str]:
        user = self._write.call.user
        if wish.user:
            namespace = wish.user.split(":")[2]
            groups = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated")
            user = User(wish.user, groups)
        if wish.path:
            attributes = Attributes(user, wish.verb, path=wish.path)
        else:
            attributes = Attributes(
                user, wish.verb, wish.group, "*", wish.resource, wish.subresource, wish.namespace, wish.name
            )
        return self._write.api.authorizer.decide(attributes)


def _namespace(tree: dict[str, Any]) -> dict[str, Any]:
    """Return what expressions see of a namespace."""
    metadata = {key: value for key, value in tree["metadata"].items() if key not in ("managedFields", "uid")}
    return {**tree, "metadata": {**metadata, "UID": tree["metadata"].get("uid", "")}}
