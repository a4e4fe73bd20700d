"""The lease by which it can be seen which apiservers there are. Source: *Leases*, on the identity of API servers."""

import logging
import socket
from base64 import b32encode
from contextlib import suppress
from hashlib import sha256
from typing import Any, Final

from kobune.api.coordination.v1 import Lease
from kobune.api.meta.v1 import DeleteOptions
from kobune.apimachinery.errors import AlreadyExists, ApiError
from kobune.apimachinery.meta import micro_time_of, seconds_of
from kobune.apiserver.auth.user import LOOPBACK
from kobune.apiserver.verbs.api import Api
from kobune.apiserver.verbs.call import Call
from kobune.apiserver.verbs.create import create
from kobune.apiserver.verbs.delete import delete
from kobune.apiserver.verbs.modify import modify

log = logging.getLogger(__name__)

NAMESPACE: Final = "kube-system"
LABEL: Final = "apiserver.kubernetes.io/identity"
KIND: Final = "kube-apiserver"
SECONDS: Final = 3600
RENEWAL: Final = 10.0


class IdentityLease:
    """The lease of this apiserver; and the end of those of others that were not renewed for an hour."""

    def __init__(self, api: Api, address: str) -> None:
        """Describe the apiserver that serves at an address: several of a machine are told apart."""
        self._api = api
        self._host = socket.gethostname()
        digest = sha256(f"{self._host}/{address}".encode()).digest()[:16]
        self.name = f"apiserver-{b32encode(digest).decode().rstrip('=').lower()}"
        self._holder = f"{self.name}_{api.new_uid()}"

    async def publish(self) -> None:
        """Take the lease, made new if there is none."""
        api, now = self._api, self._api.now()
        if api.find("leases", NAMESPACE, self.name) is None:
            lease = Lease(metadata={"name": self.name, "namespace": NAMESPACE})
            lease.metadata.labels[LABEL] = KIND
            lease.metadata.labels["kubernetes.io/hostname"] = self._host
            lease.spec.leaseDurationSeconds = SECONDS
            lease.spec.holderIdentity = self._holder
            lease.spec.renewTime.CopyFrom(micro_time_of(now))
            with suppress(AlreadyExists):
                await create(api, self._call(""), lease)
            return
        await self._renew()

    async def run(self) -> None:
        """Renew the lease every ten seconds, and look for those that nobody renews, until cancelled."""
        while True:
            await self._api.clock.sleep(RENEWAL)
            try:
                await self.publish()
                await self.collect()
            except ApiError as error:
                log.warning("cannot renew the lease %s: %s", self.name, error.message)

    async def collect(self) -> None:
        """Delete the leases of apiservers that are gone."""
        now = self._api.now()
        for lease in self._api.select("leases", NAMESPACE, lambda lease: lease.metadata.labels.get(LABEL) == KIND):
            if seconds_of(lease.spec.renewTime) + lease.spec.leaseDurationSeconds < now:
                await delete(self._api, self._call(lease.metadata.name), DeleteOptions())

    async def _renew(self) -> None:
        def renewed(stored: Any) -> Any:
            new = stored.private()
            new.metadata.ClearField("resourceVersion")
            new.spec.holderIdentity, new.spec.leaseDurationSeconds = self._holder, SECONDS
            new.spec.renewTime.CopyFrom(micro_time_of(self._api.now()))
            return new

        await modify(self._api, self._call(self.name), renewed)

    def _call(self, name: str) -> Call:
        return Call(LOOPBACK, self._api.registry["leases"], NAMESPACE, name)
