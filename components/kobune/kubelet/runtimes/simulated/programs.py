"""What can be run in a simulated container: a shell, and the few programs that need nothing but what it is told.

Each program is a row of `PROGRAMS`: it reads and writes the streams of its `Process`, and returns its exit code.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final, Protocol

from kobune.apimachinery.clock import Clock
from kobune.kubelet.runtimes.simulated.script import Step, Unreadable, steps
from kobune.kubelet.runtimes.simulated.shell import SHELLS, basename, seconds_of

NOT_FOUND: Final = 127
MISUSE: Final = 2
HOME: Final = "/"
FOLDERS: Final = ("bin", "dev", "etc", "home", "proc", "root", "sys", "tmp", "usr", "var")


class Streams(Protocol):
    """What a program is connected to."""

    async def read(self) -> bytes:
        """Return some input, as soon as there is any; empty at its end."""

    async def write(self, stream: int, data: bytes) -> None:
        """Say something on stream 1 or 2."""


@dataclass(frozen=True)
class Machine:
    """What programs can find out about the container that they run in."""

    hostname: str
    variables: Mapping[str, str]
    files: Mapping[str, str]
    clock: Clock
    columns: Callable[[], tuple[int, int]] = lambda: (80, 24)


@dataclass
class Process:
    """A program that runs."""

    argv: list[str]
    machine: Machine
    streams: Streams
    variables: dict[str, str]
    tty: bool = False
    outputs: tuple[int, int] = (1, 2)
    """Where its own 1 and 2 lead; 0 is nowhere."""
    rest: bytearray = field(default_factory=bytearray)
    """Input that was read, but is still to be used: shared with the programs that a shell starts."""

    async def say(self, text: str) -> None:
        await self._write(self.outputs[0], text.encode(errors="surrogateescape"))

    async def pass_on(self, data: bytes) -> None:
        await self._write(self.outputs[0], data)

    async def complain(self, text: str) -> None:
        await self._write(self.outputs[1], text.encode(errors="surrogateescape"))

    async def _write(self, stream: int, data: bytes) -> None:
        if stream and data:
            await self.streams.write(stream, data)

    async def read(self) -> bytes:
        """Return some input; empty at its end."""
        if self.rest:
            data = bytes(self.rest)
            self.rest.clear()
            return data
        return await self.streams.read()

    async def line(self) -> bytes:
        """Return a line of input, with its end; empty at the end of it all."""
        while b"\n" not in self.rest:
            data = await self.streams.read()
            if not data:
                break
            self.rest += data
        line, sign, rest = bytes(self.rest).partition(b"\n")
        self.rest[:] = rest
        return line + sign


Program = Callable[[Process], Awaitable[int]]


async def run(process: Process) -> int:
    """Run what `argv` names, and return its exit code; 127 and words if no simulated container has that."""
    if not process.argv:
        return 0
    name = basename(process.argv[0])
    program = PROGRAMS.get(name)
    if program is None:
        known = " ".join(sorted(PROGRAMS))
        await process.complain(f"{name}: not found: a simulated container has nothing but {known}\n")
        return NOT_FOUND
    return await program(process)


async def _shell(process: Process) -> int:
    _, *args = process.argv
    if args and args[0].startswith("-") and args[0].endswith("c"):
        if len(args) < 2:
            await process.complain("sh: -c requires an argument\n")
            return MISUSE
        try:
            return await Shell(process).script(steps(args[1]))
        except Unreadable as error:
            await process.complain(f"sh: {error}\n")
            return MISUSE
    if args and not args[0].startswith("-"):
        await process.complain(f"sh: can't open '{args[0]}': No such file or directory\n")
        return MISUSE
    return await Shell(process).converse()


class Shell:
    """Runs commands one after the other; knows how the last one ended, and its variables."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._code = 0
        self._exits = False

    async def converse(self) -> int:
        """Run the commands that come in, line by line; with a prompt, if somebody looks at it."""
        while not self._exits:
            if self._process.tty:
                await self._process.say("/ # ")
            line = await self._process.line()
            if not line:
                break
            try:
                await self.script(steps(line.decode(errors="surrogateescape")))
            except Unreadable as error:
                await self._process.complain(f"sh: {error}\n")
                self._code = MISUSE
        return self._code

    async def script(self, commands: list[Step]) -> int:
        """Run commands, and return the code of the last."""
        for command in commands:
            if self._exits:
                break
            if command.is_due(self._code):
                await self._run(command)
        return self._code

    async def _run(self, step: Step) -> None:
        variables = self._process.variables
        argv = step.argv({**variables, "?": str(self._code), "$": "1", "#": "0"})
        own: dict[str, str] = {}
        while argv and (assigned := _assignment(argv[0])):
            own[assigned[0]] = assigned[1]
            argv = argv[1:]
        if not argv:
            variables.update(own)
            self._code = 0
            return
        outputs = (0, *self._process.outputs)
        process = replace(
            self._process,
            argv=argv,
            variables=variables | own,
            outputs=(outputs[step.out], outputs[step.err]),
        )
        match argv:
            case ["exit", *code]:
                self._exits = True
                self._code = int(code[0]) % 256 if code and code[0].isdecimal() else self._code
            case ["export", *names]:
                variables.update(filter(None, map(_assignment, names)))
                self._code = 0
            case ["exec", *rest] if rest:
                self._exits = True
                self._code = await run(replace(process, argv=rest))
            case ["cd" | "set" | "trap" | "umask", *_]:
                self._code = 0
            case _:
                self._code = await run(process)


def _assignment(word: str) -> tuple[str, str] | None:
    name, sign, value = word.partition("=")
    return (name, value) if sign and name.isidentifier() else None


async def _cat(process: Process) -> int:
    code = 0
    for name in process.argv[1:] or ["-"]:
        if name == "-":
            while data := await process.read():
                await process.pass_on(data)
        elif (text := process.machine.files.get(name)) is not None:
            await process.say(text)
        else:
            why = "Is a directory" if _is_folder(name) else "No such file or directory"
            await process.complain(f"cat: can't open '{name}': {why}\n")
            code = 1
    return code


async def _ls(process: Process) -> int:
    code = 0
    for name in [word for word in process.argv[1:] if not word.startswith("-")] or [HOME]:
        path = "/" + name.strip("/.")
        inside = [file[len(path.rstrip("/")) + 1 :] for file in process.machine.files if file.startswith(path)]
        names = {*(file.split("/")[0] for file in inside if file), *(FOLDERS if path == HOME else ())}
        if path in process.machine.files:
            await process.say(f"{name}\n")
        elif names or _is_folder(path):
            await process.say("".join(f"{one}\n" for one in sorted(names)))
        else:
            await process.complain(f"ls: {name}: No such file or directory\n")
            code = 1
    return code


def _is_folder(path: str) -> bool:
    return path.strip("/") in ("", *FOLDERS)


async def _echo(process: Process) -> int:
    words = process.argv[1:]
    end = "\n"
    if words[:1] == ["-n"]:
        words, end = words[1:], ""
    await process.say(" ".join(words) + end)
    return 0


async def _env(process: Process) -> int:
    names = process.argv[1:]
    if basename(process.argv[0]) == "printenv" and names:
        known = [process.variables[name] for name in names if name in process.variables]
        await process.say("".join(f"{value}\n" for value in known))
        return 0 if len(known) == len(names) else 1
    if names:
        await process.complain("env: a simulated one only lists variables\n")
        return MISUSE
    await process.say("".join(f"{name}={value}\n" for name, value in process.variables.items()))
    return 0


async def _sleep(process: Process) -> int:
    try:
        seconds = sum(map(seconds_of, process.argv[1:]))
    except ValueError:
        await process.complain(f"sleep: invalid number '{process.argv[1]}'\n")
        return 1
    while seconds > 0:  # for ever is as long as it takes
        await process.machine.clock.sleep(min(seconds, 3600.0))
        seconds -= 3600.0
    return 0


async def _date(process: Process) -> int:
    now = datetime.fromtimestamp(process.machine.clock.now(), UTC)
    await process.say(now.strftime("%a %b %e %H:%M:%S UTC %Y\n"))
    return 0


async def _head(process: Process) -> int:
    match process.argv[1:]:
        case []:
            count = 10
        case ["-n", number] if number.isdecimal():
            count = int(number)
        case [option] if option.startswith("-") and option[1:].removeprefix("n").isdecimal():
            count = int(option[1:].removeprefix("n"))
        case _:
            await process.complain("head: a simulated one only reads its input\n")
            return MISUSE
    while count and (line := await process.line()):
        await process.pass_on(line)
        count -= 1
    return 0


async def _wc(process: Process) -> int:
    if process.argv[1:] not in (["-c"], ["-l"]):
        await process.complain("wc: a simulated one only knows -c and -l, of its input\n")
        return MISUSE
    count = 0
    while data := await process.read():
        count += len(data) if process.argv[1] == "-c" else data.count(b"\n")
    await process.say(f"{count}\n")
    return 0


async def _tty(process: Process) -> int:
    await process.say("/dev/pts/0\n" if process.tty else "not a tty\n")
    return 0 if process.tty else 1


async def _stty(process: Process) -> int:
    if not process.tty or process.argv[1:] != ["size"]:
        await process.complain("stty: a simulated one only knows the size of a terminal\n")
        return 1
    columns, rows = process.machine.columns()
    await process.say(f"{rows} {columns}\n")
    return 0


async def _answer(process: Process) -> int:
    answers = {"hostname": process.machine.hostname, "whoami": "root", "pwd": HOME, "id": "uid=0(root) gid=0(root)"}
    await process.say(answers[basename(process.argv[0])] + "\n")
    return 0


async def _test(process: Process) -> int:
    words = [word for word in process.argv[1:] if word != "]"]
    match words:
        case ["-n", text]:
            holds = bool(text)
        case ["-z", *text]:
            holds = not any(text)
        case [one, "=" | "==", other]:
            holds = one == other
        case [one, "!=", other]:
            holds = one != other
        case ["-e" | "-f", path]:
            holds = path in process.machine.files
        case ["-d", path]:
            holds = _is_folder(path)
        case _:
            await process.complain("test: a simulated one knows -n -z -e -f -d = !=\n")
            return MISUSE
    return 0 if holds else 1


async def _true(process: Process) -> int:
    return 0


async def _false(process: Process) -> int:
    return 1


PROGRAMS: Mapping[str, Program] = {
    **dict.fromkeys(SHELLS, _shell),
    **dict.fromkeys(("env", "printenv"), _env),
    **dict.fromkeys(("hostname", "whoami", "pwd", "id"), _answer),
    **dict.fromkeys(("true", ":"), _true),
    **dict.fromkeys(("test", "["), _test),
    "cat": _cat,
    "date": _date,
    "echo": _echo,
    "false": _false,
    "head": _head,
    "ls": _ls,
    "sleep": _sleep,
    "stty": _stty,
    "tty": _tty,
    "wc": _wc,
}
