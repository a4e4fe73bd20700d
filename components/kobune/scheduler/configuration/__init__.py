"""The scheduler's configuration: a `KubeSchedulerConfiguration` (kubescheduler.config.k8s.io/v1), in YAML.

`read` says what the file says, `compose` makes profiles of it: the plugins it names are imported and given their
arguments. Both raise `Wrong`, with the file, the path of the field and the reason. `ignored` names what has no effect.

A plugin is named as Kubernetes names it (`NodeResourcesFit`), by import path (`mylab:RackSpread`, `mylab.RackSpread`;
modules beside the file are found), by an entry point of the group `kobune.scheduler.plugins`, or as one of `outside`.
"""

from kobune.scheduler.configuration.fields import Wrong
from kobune.scheduler.configuration.file import ignored, read
from kobune.scheduler.configuration.model import KubeSchedulerConfiguration
from kobune.scheduler.configuration.profiles import Composed, compose

__all__ = ["Composed", "KubeSchedulerConfiguration", "Wrong", "compose", "ignored", "read"]
"""What users of the configuration need."""
