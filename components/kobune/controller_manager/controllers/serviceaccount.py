"""Gives each namespace its `default` service account and the `kube-root-ca.crt` ConfigMap."""

from collections.abc import Iterable
from typing import Any

from kobune.api.core.v1 import ConfigMap, Namespace, ServiceAccount
from kobune.api.meta.v1 import ObjectMeta
from kobune.apimachinery.meta import key_of
from kobune.client import Action, Controller, Create, Update, View, Watch

ACCOUNT = "default"
CONFIG_MAP = "kube-root-ca.crt"
CA_KEY = "ca.crt"
ABOUT = "kubernetes.io/description"
DESCRIPTION = (
    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the "
    "internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes "
    "clusters."
)


def reconcile(
    namespace: Namespace, account: ServiceAccount | None, published: ConfigMap | None, ca: str
) -> list[Action]:
    """Plan what a namespace lacks; nothing while it is being deleted."""
    if namespace.status.phase == "Terminating" or namespace.metadata.HasField("deletionTimestamp"):
        return []
    name = namespace.metadata.name
    actions: list[Action] = []
    if account is None:
        actions.append(Create(ServiceAccount(metadata=ObjectMeta(name=ACCOUNT, namespace=name))))
    if not ca:
        return actions
    if published is None:
        meta = ObjectMeta(name=CONFIG_MAP, namespace=name, annotations={ABOUT: DESCRIPTION})
        actions.append(Create(ConfigMap(metadata=meta, data={CA_KEY: ca})))
    elif dict(published.data) != {CA_KEY: ca}:
        copy = ConfigMap()
        copy.CopyFrom(published)
        copy.data.clear()
        copy.data[CA_KEY] = ca
        actions.append(Update(copy))
    return actions


def namespace_of(view: View, item: Any) -> Iterable[str]:
    """Return the key of an object's namespace."""
    return (item.metadata.namespace,)


def serviceaccount(ca: str) -> Controller:
    """Return the controller that publishes this CA certificate, in PEM; none if it is empty."""

    async def observe(view: View, key: str) -> tuple[Any, ...] | None:
        namespace = view.get(Namespace, key)
        if namespace is None:
            return None
        account = view.get(ServiceAccount, key_of(key, ACCOUNT))
        return namespace, account, view.get(ConfigMap, key_of(key, CONFIG_MAP)), ca

    return Controller(
        name="serviceaccount",
        root=Namespace,
        watches=[
            Watch(ServiceAccount, namespace_of, field_selector=f"metadata.name={ACCOUNT}"),
            Watch(ConfigMap, namespace_of, field_selector=f"metadata.name={CONFIG_MAP}"),
        ],
        observe=observe,
        reconcile=reconcile,
    )
