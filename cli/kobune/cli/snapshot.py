"""`kobune snapshot`: a whole cluster in one file, and back."""

from pathlib import Path
from typing import Annotated

import typer

from kobune.cli.options import DEFAULT_DATA_DIR, DataDir
from kobune.launcher.data_dir import DataDirectory

app = typer.Typer(help="Save a cluster in one file, and make one of it.", no_args_is_help=True, rich_markup_mode=None)

File = Annotated[Path, typer.Argument(metavar="FILE", show_default=False)]


@app.command()
def save(file: File, data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """Save all objects of a cluster, as they are at one moment; it may run, or be stopped.

    The file is the same as of `etcdctl snapshot save`. It has all Secrets in it, readable: it is made for its owner
    only. Not in it are the certificates and keys of the cluster, which are in pki/ of the data directory, and logs.
    """
    from kobune.launcher import snapshots

    saved = snapshots.save(DataDirectory(data_dir.expanduser().absolute()), file)
    print(f"saved {saved.entries:,} objects of revision {saved.revision} in {file}")


@app.command()
def restore(
    file: File,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    bump_revision: Annotated[
        int, typer.Option(min=1, help="How far above the snapshot's the new revisions are.")
    ] = 1_000_000_000,
) -> None:
    """Make a data directory of a snapshot; then kobune up runs it.

    The directory must be new, or hold nothing but the pki/ of the old cluster. With that, whoever could use the old
    cluster can use the new one; without it, kobune up makes new certificates and keys, and kubeconfigs and tokens of
    the old cluster are no longer good.
    """
    from kobune.launcher import snapshots

    directory = DataDirectory(data_dir.expanduser().absolute())
    restored, revision = snapshots.restore(directory, file, bump=bump_revision)
    print(f"restored {restored.entries:,} objects into {directory.root}, which is at revision {revision} now")
    print(f"\n  kobune up --data-dir {directory.root}")


@app.command()
def status(file: File) -> None:
    """Check a snapshot, and tell what is in it."""
    from kobune.launcher import snapshots

    found = snapshots.check(file)
    print(f"{file} is whole: {found.entries:,} objects of revision {found.revision}, {found.leases:,} leases")
