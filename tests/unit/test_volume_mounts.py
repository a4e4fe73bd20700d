"""What a node waits for before a pod gets its volumes."""

import pytest

from kobune.api.core.v1 import PersistentVolume, PersistentVolumeClaim, Pod
from kobune.apimachinery.clock import SystemClock
from kobune.kubelet.volumes import NotReady, Volumes


class Answers:
    """A client to whom a claim looks different each time."""

    def __init__(self, *phases: tuple[str, str]) -> None:
        self.phases = list(phases)

    async def get(self, kind, name, namespace=""):
        if kind is PersistentVolume:
            volume = PersistentVolume(metadata={"name": name})
            volume.spec.claimRef.namespace, volume.spec.claimRef.name = "default", "data"
            volume.spec.persistentVolumeSource.hostPath.path = "/data"
            return volume
        claim = PersistentVolumeClaim(metadata={"name": name, "namespace": namespace})
        claim.status.phase, claim.spec.volumeName = self.phases[0]
        del self.phases[: len(self.phases) > 1]
        return claim


async def prepared(client: Answers):
    pod = Pod(metadata={"name": "db-0", "namespace": "default"})
    pod.spec.volumes.add(name="data").volumeSource.persistentVolumeClaim.claimName = "data"
    return await Volumes(client, SystemClock(), mounts=False).prepare(pod, "node-1", lambda: True)


async def test_a_claim_that_has_its_volume_is_given_a_moment_to_be_called_bound():
    found = await prepared(Answers(("Pending", "pv"), ("Pending", "pv"), ("Bound", "pv")))
    assert found.paths == {"data": "/data"}


async def test_a_claim_without_a_volume_is_told_of_at_once():
    with pytest.raises(NotReady, match="non-bound phase"):
        await prepared(Answers(("Pending", ""), ("Bound", "pv")))
