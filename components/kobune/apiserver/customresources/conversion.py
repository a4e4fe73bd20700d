"""From one version of a custom resource to another: by another name, or by somebody who knows how."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kobune.apimachinery.custom import CustomObject
from kobune.apiserver.customresources import reading

if TYPE_CHECKING:
    from kobune.apiserver.customresources.resource import CustomResource


class Converter:
    """The strategy `None`: all versions are the same but for their name."""

    calls_out = False
    """Whether it takes a call to somebody else."""

    async def convert(self, items: Sequence[CustomObject], target: "CustomResource") -> list[CustomObject]:
        """Return the objects in the version of `target`."""
        return [renamed(item, target) for item in items]


def renamed(item: CustomObject, target: "CustomResource") -> CustomObject:
    """Return the object as one of another version, with what that version knows."""
    copy = item.copy()
    copy.api_version = target.kind.api_version
    reading.coerce(target, copy.fields)
    return copy
