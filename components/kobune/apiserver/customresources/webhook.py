"""Conversion by a webhook."""
from typing import Any
from collections.abc import Callable
from kobune.apiserver.customresources.conversion import Converter
from kobune.apiserver.verbs.api import Api

def converters(api: Api) -> Callable[[Any], Converter]:
    return lambda definition: Converter()
