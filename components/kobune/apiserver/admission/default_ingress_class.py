"""Ingresses that name no class get the one that counts for everyone. Source: *Ingress*."""

from typing import Any, Final

from kobune.apiserver.admission.chain import Write
from kobune.apiserver.admission.storage import newest

IS_DEFAULT: Final = "ingressclass.kubernetes.io/is-default-class"
CLASS_ANNOTATION: Final = "kubernetes.io/ingress.class"


class DefaultIngressClass:
    """Sets `ingressClassName`."""

    resources = frozenset({"ingresses"})

    def mutate(self, write: Write) -> None:
        if write.operation != "CREATE" or not write.is_plain:
            return
        ingress = write.new
        if ingress.spec.HasField("ingressClassName") or CLASS_ANNOTATION in ingress.metadata.annotations:
            return
        found = write.api.select("ingressclasses", where=_is_default)
        if found:
            ingress.spec.ingressClassName = newest(found).metadata.name


def _is_default(ingress_class: Any) -> bool:
    return bool(ingress_class.metadata.annotations.get(IS_DEFAULT) == "true")
