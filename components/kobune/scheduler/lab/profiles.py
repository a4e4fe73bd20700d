"""Schedulers by name.

`default`; a configuration, as `lab.yaml`, or `lab.yaml#packing` for one of its profiles; or the import path of a plugin
that joins the default ones, as `mylab.RackSpread`.
"""

from pathlib import Path
from typing import Final

from kobune.component_base.failure import CannotStart
from kobune.scheduler import configuration
from kobune.scheduler.configuration.model import KubeSchedulerConfiguration, Plugin, Plugins, PluginSet
from kobune.scheduler.configuration.model import Profile as Described
from kobune.scheduler.defaults import default_profile
from kobune.scheduler.framework import Profile

DEFAULT: Final = "default"
FILES: Final = (".yaml", ".yml")


def profile_of(name: str) -> Profile:
    """Return the profile of a name; `CannotStart` says why there is none."""
    if name == DEFAULT:
        return default_profile()
    file, _, wanted = name.partition("#")
    if not file.endswith(FILES):
        joined = Plugins(multi_point=PluginSet(enabled=[Plugin(name)]))
        return configuration.compose(
            KubeSchedulerConfiguration(profiles=[Described(plugins=joined)]), Path(name)
        ).profiles[0]
    profiles = configuration.compose(configuration.read(Path(file)), Path(file)).profiles
    found = [profile for profile in profiles if wanted in ("", profile.name)]
    if not found:
        raise CannotStart(f"{name}: the profiles of {file} are {', '.join(profile.name for profile in profiles)}")
    return found[0]
