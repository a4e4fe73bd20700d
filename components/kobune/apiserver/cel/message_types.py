"""The types of built-in kinds, from the descriptors of their messages: as their JSON is, since that is evaluated."""

from functools import cache
from typing import Final

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from kobune.apimachinery.codec.shape import shape_of
from kobune.apiserver.cel import types
from kobune.apiserver.cel.types import Type
