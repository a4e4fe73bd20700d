"""Services."""

from collections.abc import Iterator, Mapping
from typing import Any

from kobune.apimachinery import names
from kobune.apimachinery.errors import FieldError
from kobune.apiserver.registry import validation as rules
from kobune.apiserver.registry.strategy import UncountedStrategy

TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")


class ServiceStrategy(UncountedStrategy):
    """A Service has addresses, which it keeps."""

    name_rule = staticmethod(names.dns_label_1035)
    allocates = True
    returns_deleted = True

    def prepare_create(self, new: Any, view: Any) -> None:
        super().prepare_create(new, view)
        new.status.loadBalancer.SetInParent()

    def validate(self, new: Any) -> Iterator[FieldError]:
        spec = new.spec
        yield from rules.one_of("spec.type", spec.type, TYPES)
        yield from rules.one_of("spec.sessionAffinity", spec.sessionAffinity, ("ClientIP", "None"))
        yield from rules.labels("spec.selector", spec.selector)
        if spec.type == "ExternalName":
            for problem in names.dns_subdomain(spec.externalName.rstrip(".")):
                yield rules.invalid("spec.externalName", spec.externalName, problem)
        elif not spec.ports and spec.clusterIP != "None":
            yield rules.required("spec.ports")
        yield from self._ports(spec)

    def validate_update(self, new: Any, old: Any) -> Iterator[FieldError]:
        before, after = old.spec, new.spec
        if "ExternalName" not in (before.type, after.type) and before.clusterIP:
            shown = list(after.clusterIPs)
            if list(before.clusterIPs) != shown:
                yield rules.invalid("spec.clusterIPs[0]", shown, "may not change once set")

    def selectable_fields(self) -> Mapping[str, str]:
        return {"spec.clusterIP": "spec.clusterIP", "spec.type": "spec.type"}

    def _ports(self, spec: Any) -> Iterator[FieldError]:
        taken_names = set()
        taken_ports = set()
        for index, port in enumerate(spec.ports):
            at = f"spec.ports[{index}]"
            if len(spec.ports) > 1 and not port.name:
                yield rules.required(f"{at}.name")
            if port.name:
                for problem in names.dns_label(port.name):
                    yield rules.invalid(f"{at}.name", port.name, problem)
                if port.name in taken_names:
                    yield rules.duplicate(f"{at}.name", port.name)
                taken_names.add(port.name)
            yield from rules.port_number(f"{at}.port", port.port)
            yield from rules.one_of(f"{at}.protocol", port.protocol, rules.PROTOCOLS)
            if port.targetPort.type == 1:
                yield from rules.port_name(f"{at}.targetPort", port.targetPort.strVal)
            else:
                yield from rules.port_number(f"{at}.targetPort", port.targetPort.intVal)
            if (port.protocol, port.port) in taken_ports:
                yield rules.duplicate(at, {"protocol": port.protocol, "port": port.port})
            taken_ports.add((port.protocol, port.port))
