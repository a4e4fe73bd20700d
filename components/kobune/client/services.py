"""Which gRPC methods serve a kind, read off the descriptors of the typed services."""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import cast

from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from kobune.apimachinery.errors import MethodNotAllowed
from kobune.apimachinery.kinds import Object


@dataclass(frozen=True)
class Method:
    """One verb of a kind."""

    path: str
    """/kobune.api.core.v1.Pods/Get."""
    request: type[Message]
    response: type[Message]


@cache
def methods_of(kind: type[Object]) -> Mapping[str, Method]:
    """Return a kind's methods by name: Get, List, Watch, Create, …."""
    descriptor = cast(type[Message], kind).DESCRIPTOR
    package = descriptor.full_name.rpartition(".")[0]
    module = importlib.import_module(f"{package}.services_pb2")
    for service in module.DESCRIPTOR.services_by_name.values():
        if serves(service, descriptor.full_name):
            return {
                method.name: Method(
                    path=f"/{service.full_name}/{method.name}",
                    request=GetMessageClass(method.input_type),
                    response=GetMessageClass(method.output_type),
                )
                for method in service.methods
            }
    raise ValueError(f"no service serves {descriptor.full_name}")


def serves(service: ServiceDescriptor, message: str) -> bool:
    """Whether the service is that of the kind with this message."""
    answers = {method.output_type.full_name for method in service.methods if method.name in ("Get", "Create")}
    return message in answers


def method_of(kind: type[Object], name: str) -> Method:
    """Return one method of a kind, or raise `MethodNotAllowed`."""
    method = methods_of(kind).get(name)
    if method is None:
        raise MethodNotAllowed(f"{kind.__name__} has no {name}")
    return method
