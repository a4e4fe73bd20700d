"""Every change that a process makes to files, put to another process first: Linux' seccomp user notifications.

    process under test                 kernel                       supervisor
    write(7, …) ──────────────────────► stops the thread ──────────► `Listener.receive`: a `Call`
                                                                     looks, thinks, may SIGKILL
    returns, or fails with ENOSPC ◄──── wakes it up ◄─────────────── `proceed` or `answer`

So the real library makes its real calls, in all its threads, and between any two of them the supervisor can do what a
power cut, a full disk or a killer does. Nothing is compiled, preloaded or traced. Callbacks into Python in place of
libc's functions would need the GIL, which plyvel holds while it waits for LevelDB's own threads; this way the process
under test knows nothing of it.

Needs Linux 5.5 on x86-64 or aarch64, and no privileges; `missing` says what is not there.
"""

import ctypes
import errno
import fcntl
import os
import platform
import socket
import struct
from dataclasses import dataclass
from pathlib import Path

_LIBC = ctypes.CDLL(None, use_errno=True)

# What one machine calls the audit architecture and each system call; see <linux/audit.h> and <asm/unistd.h>.
_MACHINES = {
    "x86_64": (
        0xC000003E,
        317,
        {"write": 1, "pwrite64": 18, "writev": 20, "open": 2, "openat": 257, "fsync": 74, "fdatasync": 75}
        | {"ftruncate": 77, "rename": 82, "renameat": 264, "renameat2": 316, "unlink": 87, "unlinkat": 263},
    ),
    "aarch64": (
        0xC00000B7,
        277,
        {"write": 64, "pwrite64": 68, "writev": 66, "openat": 56, "fsync": 82, "fdatasync": 83}
        | {"ftruncate": 46, "renameat": 38, "renameat2": 276, "unlinkat": 35},
    ),
}

# <linux/seccomp.h>
_SET_MODE_FILTER, _NEW_LISTENER = 1, 8
_ALLOW, _NOTIFY = 0x7FFF0000, 0x7FC00000
_RECEIVE, _SEND = 0xC0502100, 0xC0182101
_CONTINUE = 1
_REQUEST, _RESPONSE = struct.Struct("QIIiIQ6Q"), struct.Struct("QqiI")
_NO_NEW_PRIVILEGES = 38

# <linux/filter.h>: load a word, jump if equal, jump if a bit is set, return
_LOAD, _EQUAL, _ANY_BIT, _RETURN = 0x20, 0x15, 0x45, 0x06


@dataclass(frozen=True)
class Call:
    """A system call that waits for its supervisor. `name` is one of create, write, sync, rename, unlink, truncate."""

    id: int
    pid: int
    name: str
    path: Path
    """The file that is changed; for a rename, the new name."""
    source: Path | None = None
    """What is renamed."""
    buffer: tuple[int, int] = (0, 0)
    """Where the bytes of a write are in the caller, and how many."""

    def data(self) -> bytes:
        """Return the bytes of a write."""
        with open(f"/proc/{self.pid}/mem", "rb", buffering=0) as memory:
            memory.seek(self.buffer[0])
            return memory.read(self.buffer[1])


def supervise_me(to: socket.socket, quiet: int) -> None:
    """Put every change to files that this process makes from now on to whoever holds the other end of `to`.

    Writes to the descriptor `quiet`, and to the standard ones, are nobody's business.
    """
    program = _program(quiet)
    code = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(code))
    if _LIBC.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
    number = _MACHINES[platform.machine()][1]
    listener = _LIBC.syscall(number, _SET_MODE_FILTER, _NEW_LISTENER, ctypes.create_string_buffer(header, len(header)))
    if listener < 0:
        raise OSError(ctypes.get_errno(), "seccomp")
    socket.send_fds(to, [b"!"], [listener])
    os.close(listener)


class Listener:
    """The supervisor's end."""

    def __init__(self, come_from: socket.socket) -> None:
        _, descriptors, _, _ = socket.recv_fds(come_from, 1, 1)
        if not descriptors:
            raise ConnectionError("the process ended before it was supervised")
        self.descriptor = descriptors[0]
        self._names = {number: name for name, number in _MACHINES[platform.machine()][2].items()}

    def receive(self) -> Call | None:
        """Return the next call, or None if its caller died meanwhile."""
        raw = bytearray(_REQUEST.size)
        try:
            fcntl.ioctl(self.descriptor, _RECEIVE, raw)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.EINTR):
                return None
            raise
        id, pid, _, number, _, _, *arguments = _REQUEST.unpack(raw)
        try:
            return _call(id, pid, self._names[number], arguments)
        except FileNotFoundError:
            return None

    def proceed(self, call: Call) -> None:
        """Let the kernel do what was asked for."""
        self._respond(_RESPONSE.pack(call.id, 0, 0, _CONTINUE))

    def answer(self, call: Call, *, error: int = 0) -> None:
        """Make the call return 0, or fail with an `error`, without anything having been done."""
        self._respond(_RESPONSE.pack(call.id, 0, -error, 0))

    def close(self) -> None:
        os.close(self.descriptor)

    def _respond(self, response: bytes) -> None:
        try:
            fcntl.ioctl(self.descriptor, _SEND, bytearray(response))
        except OSError as error:
            if error.errno != errno.ENOENT:  # its caller died
                raise


def missing() -> str:
    """Return why this machine cannot do it, or nothing."""
    if platform.system() != "Linux" or platform.machine() not in _MACHINES:
        return f"seccomp is not known on {platform.system()} {platform.machine()}"
    try:
        actions = Path("/proc/sys/kernel/seccomp/actions_avail").read_text().split()
    except OSError as error:
        return f"no seccomp: {error}"
    return "" if "user_notif" in actions else "this kernel has no user notifications in seccomp"


def _call(id: int, pid: int, name: str, arguments: list[int]) -> Call:
    def opened(argument: int) -> Path:
        return Path(os.readlink(f"/proc/{pid}/fd/{argument}"))

    match name:
        case "write" | "pwrite64" | "writev":
            return Call(id, pid, "write", opened(arguments[0]), buffer=(arguments[1], arguments[2]))
        case "fsync" | "fdatasync":
            return Call(id, pid, "sync", opened(arguments[0]))
        case "ftruncate":
            return Call(id, pid, "truncate", opened(arguments[0]))
        case "open":
            return Call(id, pid, "create", _named(pid, arguments[0]))
        case "openat":
            return Call(id, pid, "create", _named(pid, arguments[1]))
        case "unlink":
            return Call(id, pid, "unlink", _named(pid, arguments[0]))
        case "unlinkat":
            return Call(id, pid, "unlink", _named(pid, arguments[1]))
        case "rename":
            return Call(id, pid, "rename", _named(pid, arguments[1]), source=_named(pid, arguments[0]))
        case _:
            return Call(id, pid, "rename", _named(pid, arguments[3]), source=_named(pid, arguments[1]))


def _named(pid: int, address: int) -> Path:
    """Return the path that a caller has at an address; LevelDB's are as absolute as its directory."""
    said = b""
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        memory.seek(address)
        while b"\0" not in said:
            said += memory.read(256 - (address + len(said)) % 256)  # never past a page that may be the last one
    return Path(os.fsdecode(said[: said.index(b"\0")]))


def _program(quiet: int) -> bytes:
    """Return the filter: notify for what changes files, allow everything else."""
    audit, _, numbers = _MACHINES[platform.machine()]
    notify, allow = [_step(_RETURN, _NOTIFY)], [_step(_RETURN, _ALLOW)]
    steps = [_step(_LOAD, 4), _step(_EQUAL, audit, yes=1), *allow, _step(_LOAD, 0)]
    for name, number in numbers.items():
        match name:
            case "write":
                what = [_step(_LOAD, _argument(0))]
                for descriptor in (1, 2, quiet):
                    what += [_step(_EQUAL, descriptor, no=1), *allow]
                what += notify
            case "open" | "openat":
                flags = _argument(1 if name == "open" else 2)
                what = [_step(_LOAD, flags), _step(_ANY_BIT, os.O_CREAT | os.O_TRUNC, no=1), *notify, *allow]
            case _:
                what = notify
        steps += [_step(_EQUAL, number, no=len(what)), *what]
    return b"".join(steps + allow)


def _step(code: int, number: int, *, yes: int = 0, no: int = 0) -> bytes:
    """Return one instruction, which skips `yes` or `no` others if it is a jump."""
    return struct.pack("HBBI", code, yes, no, number)


def _argument(place: int) -> int:
    """Return where the lower half of an argument is in what a filter sees."""
    return 16 + 8 * place
