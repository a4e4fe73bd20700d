"""What a disk still has after a power cut: the files of one directory, as their supervisor sees them change.

What was synced stays. Of the bytes behind that, a file keeps any number. Creations, renames and deletions become
durable in their order, as on every journalling file system: those before a sync stay, and of the later ones the first
few.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path
from random import Random

from crash.syscalls import Call


@dataclass(frozen=True)
class Change:
    """A change of the directory, and what it replaced or deleted, kept aside."""

    name: str
    path: Path
    source: Path | None = None
    kept: Path | None = None


class Files:
    """Follows the calls that change a directory. What is in it at first counts as durable."""

    def __init__(self, directory: Path, aside: Path) -> None:
        self._directory = directory
        self._aside = aside
        aside.mkdir()
        # By inode, which a file keeps through renames, and after a deletion, because it is kept aside.
        self._durable = {file.stat().st_ino: file.stat().st_size for file in directory.iterdir()}
        self._changes: list[Change] = []
        self._number = 0

    def before(self, call: Call) -> None:
        """Take in a call that is about to be carried out."""
        match call.name:
            case "create" if not call.path.exists():
                self._changes.append(Change("create", call.path))
            case "create" | "truncate":
                self._durable[call.path.stat().st_ino] = 0
            case "rename":
                self._changes.append(Change("rename", call.path, call.source, self._keep(call.path)))
            case "unlink":
                self._changes.append(Change("unlink", call.path, kept=self._keep(call.path)))
            case "sync":
                status = call.path.stat()
                self._durable[status.st_ino] = status.st_size
                self._changes.clear()

    def lose_power(self, random: Random) -> None:
        """Take back what a power cut may take."""
        while self._changes and random.random() < 0.7:
            self._undo(self._changes.pop())
        for file in sorted(self._directory.iterdir()):
            status = file.stat()
            durable = min(self._durable.get(status.st_ino, 0), status.st_size)
            # Most often nothing of it arrives: that is what a missing sync would show in.
            kept = durable + random.choice([0, 0, random.randint(0, status.st_size - durable)])
            with file.open("r+b") as content:
                content.truncate(kept)

    def forget(self) -> None:
        """Let go of what was kept aside."""
        shutil.rmtree(self._aside)

    def _keep(self, path: Path) -> Path | None:
        if not path.exists():
            return None
        self._number += 1
        kept = self._aside / str(self._number)
        kept.hardlink_to(path)
        return kept

    def _undo(self, change: Change) -> None:
        if change.name == "create":
            change.path.unlink(missing_ok=True)
            return
        if change.source is not None and change.path.exists():
            change.path.rename(change.source)
        if change.kept is not None and not change.path.exists():
            change.path.hardlink_to(change.kept)
