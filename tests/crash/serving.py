"""A program: an apiserver alone, on a directory. It says the addresses of REST and etcd once it serves.

python -m crash.serving DIRECTORY REST_PORT ETCD_PORT
"""

import asyncio
import sys
from pathlib import Path
from random import Random

from kobune.apimachinery.clock import SystemClock
from kobune.apiserver.service import Config, run
from kobune.component_base import certificates
from kobune.component_base.serving import Ready, ServingConfig
from kobune.launcher.addresses import Addresses
from kobune.launcher.composition import identities


def main(directory: Path, rest_port: int, etcd_port: int) -> None:
    clock, pki = SystemClock(), directory / "pki"
    certificates.ensure(pki, identities(Addresses()), clock=clock)
    config = Config(
        serving=ServingConfig(port=0, credentials=certificates.credentials(pki, "apiserver")),
        rest_port=rest_port,
        etcd_port=etcd_port,
        data_dir=directory / "store",
        service_account_key=certificates.service_account_key(pki),
        with_controllers=False,
    )

    def ready(serving: Ready) -> None:
        print(serving.others["rest"], serving.others["etcd"], flush=True)

    asyncio.run(run(config, clock=clock, random=Random(), ready=ready))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
