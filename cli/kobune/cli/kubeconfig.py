"""`kobune kubeconfig`: where the file for kubectl is."""

from kobune.cli.options import DEFAULT_DATA_DIR, DataDir
from kobune.component_base.failure import CannotStart
from kobune.launcher.data_dir import DataDirectory


def kubeconfig(data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """Print the path of the cluster's kubeconfig: `export KUBECONFIG=$(kobune kubeconfig)`."""
    file = DataDirectory(data_dir.expanduser().absolute()).kubeconfig
    if not file.exists():
        raise CannotStart(f"there is no cluster in {file.parent} yet: start it with kobune up")
    print(file)
