"""`kobune cloud`: what the simulated cloud has, and making it fail."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from kobune.cli.options import DEFAULT_DATA_DIR, DataDir
from kobune.component_base.failure import CannotStart
from kobune.launcher.data_dir import DataDirectory

TIMEOUT = 5.0

app = typer.Typer(help="What the simulated cloud has, and making it fail.", rich_markup_mode=None)
Name = Annotated[str, typer.Argument(metavar="NODE", show_default=False)]
Zone = Annotated[str, typer.Argument(metavar="ZONE", show_default=False)]
Rate = Annotated[float, typer.Argument(metavar="REQUESTS", show_default=False, help="Requests a second.")]
Seconds = Annotated[float | None, typer.Option("--for", metavar="SECONDS", help="Until it is ended, if not given.")]
Here = Annotated[Path | None, typer.Option("--data-dir", help="The same as before the subcommand.", show_default=False)]
Latency = Annotated[float, typer.Argument(metavar="SECONDS", show_default=False)]


@app.callback(invoke_without_command=True)
def cloud(context: typer.Context, data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """Show instances, zones, load balancers and routes; stop, start, delete instances; cut zones; slow it all down."""
    context.obj = data_dir
    if context.invoked_subcommand is None:
        list_(context)


@app.command(name="list")
def list_(context: typer.Context, data_dir: Here = None) -> None:
    """Show all that the cloud has, and what is wrong with it."""
    from kobune.cloud.v1.simulation_pb2 import InstanceState

    said = _ask(_directory(context, data_dir), "Describe", "DescribeCloudRequest")
    _table(
        ("INSTANCE", "STATE", "TYPE", "ZONE", "REGION", "ADDRESSES"),
        (
            (
                each.name,
                InstanceState.Name(each.state).lower().replace("_", " "),
                each.instance_type,
                each.zone,
                each.region,
                ",".join(each.addresses) or "-",
            )
            for each in said.instances
        ),
    )
    _table(
        ("ZONE", "STATE", "REGION", "INSTANCES"),
        ((zone.name, "cut" if zone.cut else "connected", zone.region, str(zone.instances)) for zone in said.zones),
    )
    _table(("LOAD BALANCER", "ADDRESS", "PORTS", "NODES", "FROM"), map(_balancer, said.balancers))
    _table(
        ("ROUTE", "NODE", "STATE"),
        (
            (route.destination_cidr, route.target_node, "blackhole" if route.blackhole else "active")
            for route in said.routes
        ),
    )
    troubles = said.troubles
    if troubles.HasField("requests_per_second"):
        ends = f", for {troubles.seconds:.0f} s more" if troubles.HasField("seconds") else ""
        print(f"It answers {troubles.requests_per_second:g} requests a second{ends}.")
    print(f"An answer takes {troubles.latency_seconds:g} s.")


@app.command()
def stop(context: typer.Context, node: Name, data_dir: Here = None) -> None:
    """Switch an instance off: its node falls silent, its containers end."""
    _ask(_directory(context, data_dir), "StopInstance", "StopInstanceRequest", name=node)
    print(f"{node} is stopped")


@app.command()
def start(context: typer.Context, node: Name, data_dir: Here = None) -> None:
    """Switch an instance on; one that was deleted is made anew."""
    _ask(_directory(context, data_dir), "StartInstance", "StartInstanceRequest", name=node)
    print(f"{node} is started")


@app.command()
def delete(context: typer.Context, node: Name, data_dir: Here = None) -> None:
    """Destroy an instance: once its node is not ready, that is deleted."""
    _ask(_directory(context, data_dir), "DeleteInstance", "DeleteInstanceRequest", name=node)
    print(f"{node} is deleted")


@app.command()
def cut(context: typer.Context, zone: Zone, data_dir: Here = None) -> None:
    """Cut a zone off: its nodes fall silent, while their containers run on."""
    _ask(_directory(context, data_dir), "CutZone", "CutZoneRequest", zone=zone)
    print(f"{zone} is cut off")


@app.command()
def heal(context: typer.Context, zone: Zone, data_dir: Here = None) -> None:
    """Connect a zone again."""
    _ask(_directory(context, data_dir), "HealZone", "HealZoneRequest", zone=zone)
    print(f"{zone} is connected")


@app.command()
def throttle(context: typer.Context, requests: Rate, seconds: Seconds = None, data_dir: Here = None) -> None:
    """Have the cloud answer so many requests a second, and refuse the others; 0 refuses all."""
    asked = {"requests_per_second": requests} | ({} if seconds is None else {"seconds": seconds})
    _ask(_directory(context, data_dir), "Trouble", "TroubleRequest", **asked)
    print(f"it answers {requests:g} requests a second" + ("" if seconds is None else f" for {seconds:g} s"))


@app.command()
def unthrottle(context: typer.Context, data_dir: Here = None) -> None:
    """Have the cloud answer all requests."""
    _ask(_directory(context, data_dir), "Trouble", "TroubleRequest")
    print("it answers all requests")


@app.command()
def latency(context: typer.Context, seconds: Latency, data_dir: Here = None) -> None:
    """Have the cloud take so long for an answer, on average."""
    kept = _ask(_directory(context, data_dir), "Describe", "DescribeCloudRequest").troubles
    held = {each.name: value for each, value in kept.ListFields()}
    _ask(_directory(context, data_dir), "Trouble", "TroubleRequest", **{**held, "latency_seconds": seconds})
    print(f"an answer takes {seconds:g} s")


def _directory(context: typer.Context, here: Path | None) -> DataDirectory:
    folder: Path = here or context.obj
    return DataDirectory(folder.expanduser().absolute())


def _balancer(each: Any) -> tuple[str, ...]:
    balancer = each.balancer
    return (
        each.service,
        ",".join(ingress.ip for ingress in balancer.status.ingress) or "-",
        ",".join(f"{port.port}:{port.nodePort}/{port.protocol}" for port in balancer.ports),
        ",".join(balancer.nodes) or "-",
        ",".join(balancer.source_ranges) or "anywhere",
    )


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    """Print a table, unless there is nothing in it."""
    table = [head, *rows]
    if len(table) == 1:
        return
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for cells in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip())
    print()


def _ask(directory: DataDirectory, method: str, kind: str, **fields: Any) -> Any:
    import grpc

    from kobune.cloud import v1
    from kobune.cloud.v1.simulation_pb2_grpc import SimulationStub
    from kobune.component_base.certificates import credentials
    from kobune.component_base.serving import channel_credentials
    from kobune.launcher.composition import ADMIN, CLOUD

    if directory.holder() is None:
        raise CannotStart(f"no cluster is running in {directory.root}: start it with kobune up")
    address = directory.recorded(CLOUD).get("address", "")
    if not address:
        raise CannotStart(f"this cluster runs no {CLOUD}, and so no simulated cloud")
    with grpc.secure_channel(address, channel_credentials(credentials(directory.pki, ADMIN.name))) as channel:
        try:
            return getattr(SimulationStub(channel), method)(getattr(v1, kind)(**fields), timeout=TIMEOUT)
        except grpc.RpcError as error:
            if error.code() is grpc.StatusCode.UNIMPLEMENTED:
                raise CannotStart("the cloud of this cluster is no simulated one") from None
            raise CannotStart(error.details()) from None
