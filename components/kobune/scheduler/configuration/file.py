"""From a file to what it says, and which of that has no effect."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from kobune.component_base.failure import CannotStart
from kobune.scheduler.configuration.fields import Wrong, build
from kobune.scheduler.configuration.model import API_VERSION, KIND, KubeSchedulerConfiguration


def read(file: Path) -> KubeSchedulerConfiguration:
    """Return what a file says; the plugins it names are not looked at."""
    import yaml

    try:
        tree = yaml.safe_load(file.read_text())
    except OSError as error:
        raise CannotStart(f"cannot read {file}: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise CannotStart(f"{file} is not YAML: {' '.join(str(error).split())}") from None
    with at_fault(file):
        if not isinstance(tree, dict):
            raise Wrong("", f"must be a {KIND}")
        for field, wanted in (("apiVersion", API_VERSION), ("kind", KIND)):
            if tree.get(field) != wanted:
                raise Wrong(field, f"{tree.get(field)!r} is not {wanted}")
        return build(KubeSchedulerConfiguration, tree)


@contextmanager
def at_fault(file: Path) -> Iterator[None]:
    """Name the file in what is said to be wrong with it."""
    try:
        yield
    except Wrong as wrong:
        raise CannotStart(f"{file}: {wrong}") from wrong


def ignored(configuration: KubeSchedulerConfiguration) -> Sequence[str]:
    """Return what is said without effect, each with the reason."""
    plain = KubeSchedulerConfiguration()
    found = []
    percentages = [configuration.percentage_of_nodes_to_score]
    percentages += [profile.percentage_of_nodes_to_score for profile in configuration.profiles]
    if any(percentages):
        found.append("percentageOfNodesToScore: all nodes are always looked at")
    for name, why in WITHOUT_EFFECT.items():
        if getattr(configuration, name) != getattr(plain, name):
            found.append(why)
    return found


WITHOUT_EFFECT = {
    "parallelism": "parallelism: one pod is decided after the other",
    "leader_election": "leaderElection: there is one scheduler, it does not look for others",
    "client_connection": "clientConnection: the apiserver is reached as the component's own settings say",
    "enable_profiling": "enableProfiling: there is no profiler",
    "enable_contention_profiling": "enableContentionProfiling: there is no profiler",
    "delay_cache_until_active": "delayCacheUntilActive: there is no leader election",
}
"""Fields that are accepted, and why they change nothing."""
