"""`kobune controllers`: what the controllers are doing, and having one pause."""

from pathlib import Path
from typing import Annotated, Any

import typer

from kobune.cli.options import DEFAULT_DATA_DIR, DataDir
from kobune.component_base.failure import CannotStart
from kobune.launcher.data_dir import DataDirectory

COMPONENTS = ("controller-manager", "cloud-controller-manager")
TIMEOUT = 5.0

app = typer.Typer(help="What the controllers are doing, and having one pause.", rich_markup_mode=None)
Name = Annotated[str, typer.Argument(metavar="NAME", show_default=False)]


@app.callback(invoke_without_command=True)
def controllers(context: typer.Context, data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """Show each controller's queue, reconciliations, retries and last error; pause or resume one."""
    if context.invoked_subcommand is not None:
        return
    directory = _directory(data_dir)
    rows = [("CONTROLLER", "COMPONENT", "STATE", "QUEUE", "DONE", "RETRIES", "LAST ERROR")]
    for component, address in _addresses(directory):
        said = _ask(directory, address, "List", _request("ListControllersRequest"))
        follows = said.leader and said.leader != said.identity
        for each in said.controllers:
            state = "paused" if each.paused else f"follows {said.leader}" if follows else "works"
            numbers = (str(each.queue_depth), str(each.reconciliations), str(each.retries))
            rows.append((each.name, component, state, *numbers, each.last_error or "-"))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for cells in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip())


@app.command()
def pause(name: Name, data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """Have a controller do nothing, until it is resumed or its component restarts; what happens meanwhile waits."""
    _tell(_directory(data_dir), name, "Pause")
    print(f"{name} pauses")


@app.command()
def resume(name: Name, data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """Have a paused controller go on."""
    _tell(_directory(data_dir), name, "Resume")
    print(f"{name} goes on")


def _tell(directory: DataDirectory, name: str, what: str) -> None:
    known = []
    for _, address in _addresses(directory):
        names = [each.name for each in _ask(directory, address, "List", _request("ListControllersRequest")).controllers]
        if name in names:
            _ask(directory, address, what, _request(f"{what}ControllerRequest", name=name))
            return
        known += names
    raise CannotStart(f"there is no controller {name}; there are {', '.join(sorted(known))}")


def _directory(data_dir: Path) -> DataDirectory:
    return DataDirectory(data_dir.expanduser().absolute())


def _addresses(directory: DataDirectory) -> list[tuple[str, str]]:
    """Return the components that have controllers, and where they serve."""
    if directory.holder() is None:
        raise CannotStart(f"no cluster is running in {directory.root}: start it with kobune up")
    recorded = [(name, directory.recorded(name).get("address", "")) for name in COMPONENTS]
    return [(name, address) for name, address in recorded if address]


def _request(kind: str, **fields: str) -> Any:
    from kobune.controller import v1

    return getattr(v1, kind)(**fields)


def _ask(directory: DataDirectory, address: str, method: str, request: Any) -> Any:
    import grpc

    from kobune.component_base.certificates import credentials
    from kobune.component_base.serving import channel_credentials
    from kobune.controller.v1.controllers_pb2_grpc import ControllersStub
    from kobune.launcher.composition import ADMIN

    with grpc.secure_channel(address, channel_credentials(credentials(directory.pki, ADMIN.name))) as channel:
        try:
            return getattr(ControllersStub(channel), method)(request, timeout=TIMEOUT)
        except grpc.RpcError as error:
            raise CannotStart(f"{address}: {error.details()}") from None
