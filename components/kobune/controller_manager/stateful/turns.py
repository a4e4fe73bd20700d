"""Whose turn it is: which pods of a StatefulSet are made, given up or replaced next.

OrderedReady: one at a time, upwards, each once those before it are available; downwards in reverse; one that ended is
replaced. Parallel: all at once. Replacing goes from the highest number down to the partition, in either case.

Source: the documentation's *StatefulSets*, *Deployment and Scaling Guarantees* and *Update strategies*.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from kobune.api.apps.v1 import StatefulSet
from kobune.api.core.v1 import PersistentVolumeClaim, Pod
from kobune.apimachinery.meta import is_deleting
from kobune.client import Action, Announce, Create, RecordEvent, Update, delete
from kobune.controller_manager.history import History
from kobune.controller_manager.pods import available_in, is_finished, is_ready
from kobune.controller_manager.rollout.limits import resolve
from kobune.controller_manager.stateful.identity import (
    identified,
    new_claims,
    new_pod,
    ordinals,
    revision_of,
)
from kobune.controller_manager.stateful.retention import is_stale, retained


@dataclass(frozen=True)
class Scene:
    """All that a decision looks at."""

    wanted: StatefulSet
    pods: Mapping[int, Pod]
    """By number, lowest first."""
    claims: Mapping[str, PersistentVolumeClaim]
    """By name: all that the pods may use."""
    history: History
    now: float

    @property
    def in_order(self) -> bool:
        return self.wanted.spec.podManagementPolicy != "Parallel"

    def is_available(self, pod: Pod) -> bool:
        """Whether a pod counts: ready for as long as it must be, and staying."""
        return not is_deleting(pod.metadata) and available_in(pod, self.wanted.spec.minReadySeconds, self.now) == 0


def is_healthy(pod: Pod) -> bool:
    """Whether a pod runs, is ready and stays."""
    return pod.status.phase == "Running" and is_ready(pod) and not is_deleting(pod.metadata)


def turns(scene: Scene) -> list[Action]:
    """Return what is to be done now."""
    actions, settled = make(scene)
    if settled:
        given_up, settled = give_up(scene)
        actions += given_up
    if settled and scene.wanted.spec.updateStrategy.type != "OnDelete":
        actions += replace(scene)
    return actions


def make(scene: Scene) -> tuple[list[Action], bool]:
    """Return how missing and ended pods are made anew, and whether the next may have their turn."""
    actions: list[Action] = []
    for ordinal in ordinals(scene.wanted):
        pod = scene.pods.get(ordinal)
        if pod is None:
            actions += missing(scene, ordinal)
            waiting = True
        elif is_finished(pod):
            if not is_deleting(pod.metadata):
                actions += [ended(scene, pod), remove(scene, pod)]
            return actions, False
        else:
            actions += kept(scene, ordinal, pod)
            waiting = not scene.is_available(pod)
        if waiting and scene.in_order:
            return actions, False
    return actions, True


def missing(scene: Scene, ordinal: int) -> Iterator[Action]:
    """Yield what makes a pod: its claims first, and the pod once they are there."""
    wanted = scene.wanted
    name = f"{wanted.metadata.name}-{ordinal}"
    if absent := list(absent_claims(scene, ordinal)):
        yield from absent
        return
    if any(is_stale(scene.claims[claim.metadata.name], ordinal, wanted) for claim in new_claims(wanted, ordinal)):
        return  # woken when it is gone
    yield Create(
        new_pod(wanted, ordinal, scene.history.named(revision_for(scene, ordinal)) or scene.history.update),
        Announce(
            wanted,
            "SuccessfulCreate",
            f"create Pod {name} in StatefulSet {wanted.metadata.name} successful",
            "FailedCreate",
            f"create Pod {name} in StatefulSet {wanted.metadata.name} failed error: {{error}}",
        ),
    )


def absent_claims(scene: Scene, ordinal: int) -> Iterator[Action]:
    """Yield the creations of the claims that a pod needs and are not there."""
    wanted = scene.wanted
    pod = f"{wanted.metadata.name}-{ordinal}"
    for claim in new_claims(wanted, ordinal):
        if claim.metadata.name not in scene.claims:
            name, owner = claim.metadata.name, wanted.metadata.name
            yield Create(
                claim,
                Announce(
                    wanted,
                    "SuccessfulCreate",
                    f"create Claim {name} Pod {pod} in StatefulSet {owner} success",
                    "FailedCreate",
                    f"create Claim {name} for Pod {pod} in StatefulSet {owner} failed error: {{error}}",
                ),
            )


def revision_for(scene: Scene, ordinal: int) -> str:
    """Return the name of the revision that a new pod is made after."""
    strategy = scene.wanted.spec.updateStrategy
    update = scene.history.update.metadata.name
    before_partition = ordinal < ordinals(scene.wanted).start + strategy.rollingUpdate.partition
    if strategy.type == "RollingUpdate" and before_partition:
        return scene.wanted.status.currentRevision or update
    return update


def kept(scene: Scene, ordinal: int, pod: Pod) -> Iterator[Action]:
    """Yield what a pod that is there lacks of its identity, and its claims of their owners."""
    if is_deleting(pod.metadata):
        return
    if pod.status.phase in ("", "Pending"):
        yield from absent_claims(scene, ordinal)
    if (copy := identified(pod, scene.wanted, ordinal)) is not None:
        yield Update(copy)
    yield from owners(scene, ordinal, pod)


def owners(scene: Scene, ordinal: int, pod: Pod) -> Iterator[Action]:
    """Yield the changes of owners of a pod's claims."""
    for claim in new_claims(scene.wanted, ordinal):
        found = scene.claims.get(claim.metadata.name)
        if found is not None and not is_deleting(found.metadata):
            changed = retained(found, scene.wanted, pod)
            if changed is not None:
                yield Update(changed)


def give_up(scene: Scene) -> tuple[list[Action], bool]:
    """Return how the pods that are too many go, from the highest down, and whether all of them are gone."""
    asked = ordinals(scene.wanted)
    condemned = [(ordinal, pod) for ordinal, pod in scene.pods.items() if ordinal not in asked]
    unhealthy = [pod for ordinal, pod in scene.pods.items() if ordinal in asked and not is_healthy(pod)]
    unhealthy += [pod for _, pod in condemned if not is_healthy(pod)]
    actions: list[Action] = []
    for ordinal, pod in reversed(condemned):
        if is_deleting(pod.metadata):
            if scene.in_order:
                break
            continue
        if scene.in_order and not scene.is_available(pod) and pod is not next(iter(unhealthy), None):
            break  # one that is not well goes last, unless it is the first that is not
        if changes := list(owners(scene, ordinal, pod)):
            actions += changes  # before the pod goes, so that the claims go with it
        else:
            actions.append(remove(scene, pod))
        if scene.in_order:
            break
    return actions, not condemned


def replace(scene: Scene) -> list[Action]:
    """Return the deletions of pods of an old revision, as many as may be missing."""
    strategy = scene.wanted.spec.updateStrategy.rollingUpdate
    asked = ordinals(scene.wanted)
    present = [(ordinal, pod) for ordinal, pod in scene.pods.items() if ordinal in asked]
    bound = resolve(strategy.maxUnavailable, len(asked), up=False) if strategy.HasField("maxUnavailable") else 1
    bound = max(bound, 1)  # percentages can round to nothing, and then nothing could ever move
    spare = bound - (len(asked) - sum(scene.is_available(pod) for _, pod in present))
    unavailable = 0
    actions: list[Action] = []
    for ordinal, pod in reversed(present):
        if ordinal < asked.start + strategy.partition or unavailable >= bound:
            break
        available = scene.is_available(pod)
        is_old = revision_of(pod) != scene.history.update.metadata.name and not is_deleting(pod.metadata)
        if is_old and (spare > 0 or not available):
            actions.append(remove(scene, pod))
            spare -= available
            unavailable += 1
        else:
            unavailable += not available
    return actions


def remove(scene: Scene, pod: Pod) -> Action:
    """Return the deletion of a pod."""
    name, owner = pod.metadata.name, scene.wanted.metadata.name
    return delete(
        pod,
        announce=Announce(
            scene.wanted,
            "SuccessfulDelete",
            f"delete Pod {name} in StatefulSet {owner} successful",
            "FailedDelete",
            f"delete Pod {name} in StatefulSet {owner} failed error: {{error}}",
        ),
    )


def ended(scene: Scene, pod: Pod) -> Action:
    """Return the event that says why a pod is made anew."""
    meta = scene.wanted.metadata
    reason, what = ("RecreatingFailedPod", "failed")
    if pod.status.phase == "Succeeded":
        reason, what = ("RecreatingTerminatedPod", "terminated")
    message = f"StatefulSet {meta.namespace}/{meta.name} is recreating {what} Pod {pod.metadata.name}"
    return RecordEvent(scene.wanted, "Warning", reason, message)
