"""The file with which kubectl and every client library reach a cluster."""

import os
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path

from kobune.component_base.credentials import Credentials

TEMPLATE = """\
apiVersion: v1
kind: Config
current-context: {name}
clusters:
- name: {name}
  cluster:
    server: {server}
    certificate-authority-data: {ca}
users:
- name: {user}
  user:
    client-certificate-data: {certificate}
    client-key-data: {key}
contexts:
- name: {name}
  context:
    cluster: {name}
    user: {user}
"""


@dataclass(frozen=True)
class Kubeconfig:
    """How one user reaches one cluster."""

    name: str
    server: str
    """As in https://127.0.0.1:6443."""
    user: str
    credentials: Credentials

    def text(self) -> str:
        """Return the file's contents, with certificates and key embedded, so that it can be copied anywhere."""
        files = self.credentials.read()
        return TEMPLATE.format(
            name=self.name,
            server=self.server,
            user=self.user,
            ca=b64encode(files.ca).decode(),
            certificate=b64encode(files.certificate).decode(),
            key=b64encode(files.key).decode(),
        )

    def write(self, path: Path) -> None:
        """Put the file at `path`, whole or not at all, readable by its owner only."""
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(self.text())
        temporary.replace(path)
