"""The messages of kobune.api.runtime.v1."""

from kobune.api.runtime.v1.types_pb2 import IntOrString as IntOrString
from kobune.api.runtime.v1.types_pb2 import Quantity as Quantity
from kobune.api.runtime.v1.types_pb2 import QuantityValue as QuantityValue
from kobune.api.runtime.v1.types_pb2 import RawExtension as RawExtension
from kobune.api.runtime.v1.types_pb2 import TypeMeta as TypeMeta
from kobune.api.runtime.v1.types_pb2 import Unknown as Unknown

__all__ = ['IntOrString', 'Quantity', 'QuantityValue', 'RawExtension', 'TypeMeta', 'Unknown']
