"""`kobune status`: what runs, where, and how it fares."""

from dataclasses import dataclass, replace
from typing import Any

import typer

from kobune.cli.mapped_ports import mapped_ports
from kobune.cli.options import DEFAULT_DATA_DIR, DataDir
from kobune.component_base.failure import CannotStart
from kobune.launcher.data_dir import DataDirectory

TIMEOUT = 2.0


@dataclass(frozen=True)
class Row:
    """What is shown of one component."""

    name: str
    pid: int
    health: str
    """serving, not serving, starting, down, or unreachable."""
    address: str
    memory_bytes: int
    restarts: int
    last_error: str


def status(data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """Show the components of the cluster; the exit code is 0 only if all of them serve."""
    directory = DataDirectory(data_dir.expanduser().absolute())
    if directory.holder() is None:
        raise CannotStart(f"no cluster is running in {directory.root}: start it with kobune up")
    components: list[str] = directory.recorded("cluster").get("components", [])
    rows = [_row(name, directory) for name in components]
    _show(rows, directory)
    for line in mapped_ports(directory):
        print(line)
    if any(row.health != "serving" for row in rows):
        raise typer.Exit(1)


def _row(name: str, directory: DataDirectory) -> Row:
    facts = directory.recorded(name)
    row = Row(
        name=name,
        pid=facts.get("pid", 0),
        health="starting" if facts.get("pid") else "down",
        address=", ".join([facts.get("address", ""), *(f"{k} {v}" for k, v in facts.get("others", {}).items())]),
        memory_bytes=0,
        restarts=facts.get("restarts", 0),
        last_error=facts.get("lastError", ""),
    )
    return _asked(row, facts["address"], directory) if facts.get("address") else row


def _asked(row: Row, address: str, directory: DataDirectory) -> Row:
    """Return the row with what the component itself says."""
    import grpc

    from kobune.component.v1 import GetStatusRequest
    from kobune.component.v1.component_pb2_grpc import ComponentStub
    from kobune.component_base.certificates import credentials
    from kobune.component_base.serving import channel_credentials
    from kobune.launcher.composition import ADMIN

    with grpc.secure_channel(address, channel_credentials(credentials(directory.pki, ADMIN.name))) as channel:
        try:
            said = ComponentStub(channel).GetStatus(GetStatusRequest(), timeout=TIMEOUT)
        except grpc.RpcError as error:
            return replace(row, health="unreachable", last_error=row.last_error or _details(error))
    return replace(
        row,
        pid=said.pid,
        health="serving" if said.serving else "not serving",
        memory_bytes=said.memory_bytes,
        last_error=said.last_error or row.last_error,
    )


def _details(error: Any) -> str:
    return f"{error.code().name}: {error.details()}"


def _show(rows: list[Row], directory: DataDirectory) -> None:
    table = [("COMPONENT", "PID", "HEALTH", "ADDRESS", "MEMORY", "RESTARTS", "LAST ERROR")]
    for row in rows:
        memory = f"{row.memory_bytes / 2**20:.0f} MiB" if row.memory_bytes else "-"
        pid = str(row.pid or "-")
        table.append((row.name, pid, row.health, row.address or "-", memory, str(row.restarts), row.last_error or "-"))
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for cells in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip())
    # Components in one process share its memory.
    total = sum({row.pid: row.memory_bytes for row in rows}.values())
    print(f"{total / 2**20:.0f} MiB together; data in {directory.root}")
