"""A cluster's data directory: what lies where, who may use it, and which version wrote it.

version     the number of the layout
lock        held by whoever runs the cluster
pki/        the CA and everybody's certificates
kubeconfig  for kubectl
store/      LevelDB
logs/       one file per component
run/        one file per running component, gone when it is not
lives/      how often each component was started
kubelet/    sockets and data of the container runtimes
cloud/      what the simulated cloud has
"""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

from kobune.component_base.failure import CannotStart

VERSION = 1
"""Goes up when the layout changes so that an older Kobune must not touch it."""

LOG_LIMIT = 16 << 20
"""A log longer than this is put aside when the cluster starts."""


@dataclass(frozen=True)
class DataDirectory:
    """The folder that holds all there is of one cluster."""

    root: Path

    @property
    def pki(self) -> Path:
        return self.root / "pki"

    @property
    def kubeconfig(self) -> Path:
        return self.root / "kubeconfig"

    @property
    def addresses(self) -> Path:
        return self.root / "addresses"

    @property
    def store(self) -> Path:
        return self.root / "store"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def run(self) -> Path:
        return self.root / "run"

    @property
    def lives(self) -> Path:
        return self.root / "lives"

    @property
    def kubelet(self) -> Path:
        return self.root / "kubelet"

    @property
    def cloud(self) -> Path:
        return self.root / "cloud"

    @property
    def volumes(self) -> Path:
        return self.root / "volumes"

    def log(self, component: str) -> Path:
        """Return the file that a component logs to."""
        return self.logs / f"{component}.log"

    def last_line(self, component: str) -> str:
        """Return what a component logged last; `nothing` if it did not."""
        try:
            return self.log(component).read_text(errors="replace").splitlines()[-1]
        except (OSError, IndexError):
            return "nothing"

    def prepare(self) -> None:
        """Make the folders; `CannotStart` if that fails or a newer Kobune has been here."""
        try:
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._check_version()
            for folder in (self.pki, self.logs, self.run, self.lives, self.kubelet):
                folder.mkdir(exist_ok=True, mode=0o700)
            for log in self.logs.glob("*.log"):
                if log.stat().st_size > LOG_LIMIT:
                    log.replace(log.with_suffix(".log.1"))
        except OSError as error:
            raise CannotStart(f"cannot use the data directory {self.root}: {error.strerror}") from None

    def _check_version(self) -> None:
        file = self.root / "version"
        try:
            text = file.read_text().strip()
        except FileNotFoundError:
            file.write_text(f"{VERSION}\n")
            return
        if not text.isdecimal():
            raise CannotStart(f"{file} says {text!r}, which is no version: is {self.root} a data directory of Kobune?")
        if int(text) > VERSION:
            raise CannotStart(
                f"the data directory {self.root} is of a newer Kobune (version {text}; this one knows {VERSION}): "
                "upgrade, or choose another with --data-dir"
            )

    @contextmanager
    def locked(self) -> Iterator[int]:
        """Hold the directory for this process and those it forks; `CannotStart` if somebody else does.

        Gives the lock's file descriptor. The lock is free again when the last of these processes is gone.
        """
        try:
            descriptor = os.open(self.root / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise CannotStart(f"cannot use the data directory {self.root}: {error.strerror}") from None
        try:
            if not _take(descriptor):
                holder = os.read(descriptor, 20).decode().strip() or "?"
                raise CannotStart(
                    f"the data directory {self.root} is in use by a running cluster (process {holder}): "
                    "stop it with kobune down, or choose another with --data-dir"
                )
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
            yield descriptor
        finally:
            os.close(descriptor)

    def next_life(self, component: str) -> int:
        """Count the starts of a component, from 1 on, over restarts of the cluster, too."""
        file = self.lives / component
        try:
            life = int(file.read_text()) + 1
        except (OSError, ValueError):
            life = 1
        temporary = file.with_suffix(".new")
        temporary.write_text(f"{life}\n")
        temporary.replace(file)
        return life

    def holder(self) -> int | None:
        """Return the process that runs this cluster; None if it does not run."""
        try:
            descriptor = os.open(self.root / "lock", os.O_RDWR)
        except OSError:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            text = os.read(descriptor, 20).decode().strip()
            return int(text) if text.isdecimal() else None
        else:
            return None
        finally:
            os.close(descriptor)

    def record(self, name: str, facts: Mapping[str, Any]) -> None:
        """Note what runs, for `kobune status`."""
        file = self.run / f"{name}.json"
        temporary = file.with_suffix(".new")
        temporary.write_text(json.dumps(facts))
        temporary.replace(file)

    def recorded(self, name: str) -> dict[str, Any]:
        """Return what was noted last; empty if nothing was."""
        try:
            facts = json.loads((self.run / f"{name}.json").read_text())
        except (OSError, ValueError):
            return {}
        return facts if isinstance(facts, dict) else {}

    def forget(self) -> None:
        """Remove all notes of what runs."""
        for file in self.run.glob("*.json"):
            file.unlink(missing_ok=True)


def _take(descriptor: int) -> bool:
    # Somebody who only asks who holds the lock has it for a moment.
    for _ in range(20):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            Event().wait(0.01)
        else:
            return True
    return False
