"""Schedulers by name: `default`, or the import path of a plugin that joins the default ones."""

import importlib
from typing import Any

from kobune.scheduler.defaults import default_profile
from kobune.scheduler.framework import Profile


class NoSuchPlugin(ValueError):
    """There is nothing at an import path, or it cannot be made."""


def profile_of(name: str) -> Profile:
    """Return the default profile, with the plugin at an import path, as `mylab.RackSpread`, if one is named."""
    profile = default_profile()
    if name == "default":
        return profile
    return Profile(profile.name, (*profile.plugins, _plugin(name)))


def _plugin(path: str) -> Any:
    module, _, attribute = path.rpartition(":" if ":" in path else ".")
    if not module:
        raise NoSuchPlugin(f"{path!r} is neither 'default' nor the import path of a plugin, as in mylab.RackSpread")
    try:
        return getattr(importlib.import_module(module), attribute)()
    except Exception as error:  # it is somebody's code
        raise NoSuchPlugin(f"{path}: {type(error).__name__}: {error}") from error
