"""One loader for every component's settings: defaults < file < environment < flags, into a frozen dataclass.

A component declares a dataclass; its fields are the settings, fields of nested dataclasses are dotted. So
`serving.port` of the scheduler is `serving: {port: 1}` in a file, `KOBUNE_SCHEDULER_SERVING_PORT` in the environment
and `--serving-port` as a flag. Nothing else in Kobune reads the environment.
"""

import dataclasses
import difflib
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, cast

from kobune.component_base.failure import CannotStart

C = TypeVar("C")

SCALARS = (bool, int, float, str, Path)
WORDS = {bool: "true or false", int: "a whole number", float: "a number"}


@dataclass(frozen=True)
class Setting:
    """One field that can be set from outside."""

    path: tuple[str, ...]
    type: Any

    @property
    def dotted(self) -> str:
        """`serving.port`."""
        return ".".join(self.path)

    @property
    def flag(self) -> str:
        """`--serving-port`."""
        return "--" + "-".join(self.path).replace("_", "-")

    def variable(self, name: str) -> str:
        """Return `KOBUNE_SCHEDULER_SERVING_PORT` for the component `scheduler`."""
        return "_".join(["KOBUNE", name.replace("-", "_"), *self.path]).upper()


def settings(kind: type) -> Iterator[Setting]:
    """Every field of a configuration that can be set from outside."""
    hints = typing.get_type_hints(kind)
    for field in dataclasses.fields(kind):
        inner = _without_none(hints[field.name])
        if dataclasses.is_dataclass(inner):
            for setting in settings(cast(type, inner)):
                yield Setting((field.name, *setting.path), setting.type)
        elif _is_settable(inner):
            yield Setting((field.name,), inner)


def load(
    kind: type[C],
    *,
    name: str,
    defaults: C | None = None,
    file: Path | None = None,
    environment: Mapping[str, str] | None = None,
    flags: Sequence[str] = (),
) -> C:
    """Return the configuration of the component `name`.

    `defaults` replace those of the dataclass. `CannotStart` says in one line what is wrong and where it was said.
    """
    known = {setting.dotted: setting for setting in settings(kind)}
    given: dict[str, Any] = {}
    if file is not None:
        given |= _from_file(file, known)
    given |= _from_environment(environment or {}, name, known)
    given |= _from_flags(flags, known)
    return cast(C, _build(kind, given, (), defaults, name))


def _from_file(file: Path, known: Mapping[str, Setting]) -> Iterator[tuple[str, Any]]:
    import yaml

    try:
        tree = yaml.safe_load(file.read_text())
    except OSError as error:
        raise CannotStart(f"cannot read {file}: {error.strerror}") from None
    except yaml.YAMLError as error:
        raise CannotStart(f"{file} is not YAML: {' '.join(str(error).split())}") from None
    if tree is None:
        return
    if not isinstance(tree, dict):
        raise CannotStart(f"{file}: must be a mapping of settings")
    yield from _flatten(tree, "", file, known)


def _flatten(
    tree: Mapping[Any, Any], prefix: str, file: Path, known: Mapping[str, Setting]
) -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        dotted = f"{prefix}{key}"
        if dotted in known:
            yield dotted, _convert(known[dotted].type, value, f"{file}: {dotted}")
        elif isinstance(value, dict) and any(other.startswith(f"{dotted}.") for other in known):
            yield from _flatten(value, f"{dotted}.", file, known)
        else:
            raise CannotStart(f"{file}: there is no setting {dotted!r}{_did_you_mean(dotted, known)}")


def _from_environment(environment: Mapping[str, str], name: str, known: Mapping[str, Setting]) -> dict[str, Any]:
    by_variable = {setting.variable(name): setting for setting in known.values()}
    mine = "_".join(["KOBUNE", name.replace("-", "_"), ""]).upper()
    given: dict[str, Any] = {}
    for variable, value in environment.items():
        if setting := by_variable.get(variable):
            given[setting.dotted] = _convert(setting.type, value, variable)
        elif variable.startswith(mine):
            raise CannotStart(f"{variable}: there is no such setting{_did_you_mean(variable, by_variable)}")
    return given


def _from_flags(flags: Sequence[str], known: Mapping[str, Setting]) -> dict[str, Any]:
    by_flag = {setting.flag: setting for setting in known.values()}
    given: dict[str, Any] = {}
    rest = iter(flags)
    for word in rest:
        flag, equals, value = word.partition("=")
        setting = by_flag.get(flag)
        if setting is None and flag.startswith("--no-") and not equals:
            setting, equals, value = by_flag.get(f"--{flag.removeprefix('--no-')}"), "=", "false"
        if setting is None:
            raise CannotStart(f"there is no flag {flag}{_did_you_mean(flag, by_flag)}")
        if not equals:
            value = "true" if setting.type is bool else next(rest, "")
            if not value:
                raise CannotStart(f"{flag} needs a value")
        given[setting.dotted] = _convert(setting.type, value, flag)
    return given


def _build(kind: type, given: Mapping[str, Any], path: tuple[str, ...], base: Any, name: str) -> Any:
    hints = typing.get_type_hints(kind)
    arguments: dict[str, Any] = {}
    for field in dataclasses.fields(kind):
        here = (*path, field.name)
        dotted = ".".join(here)
        inner = _without_none(hints[field.name])
        default = _default(field) if base is None else getattr(base, field.name)
        if dotted in given:
            arguments[field.name] = given[dotted]
        elif dataclasses.is_dataclass(inner) and _is_given(dotted, given, default):
            outer = None if default is dataclasses.MISSING else default
            arguments[field.name] = _build(cast(type, inner), given, here, outer, name)
        elif default is dataclasses.MISSING:
            setting = Setting(here, inner)
            raise CannotStart(f"{name} needs {setting.flag} (or {setting.variable(name)}, or {dotted} in a file)")
        else:
            arguments[field.name] = default
    return kind(**arguments)


def _is_given(dotted: str, given: Mapping[str, Any], default: Any) -> bool:
    # A nested configuration without a default is built too, so that the setting that is missing gets named.
    return default is dataclasses.MISSING or any(other.startswith(f"{dotted}.") for other in given)


def _default(field: "dataclasses.Field[Any]") -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default


def _convert(kind: Any, value: Any, where: str) -> Any:
    origin = typing.get_origin(kind)
    if origin is tuple:
        items = [part for part in value.split(",") if part] if isinstance(value, str) else value
        if not isinstance(items, list):
            raise CannotStart(f"{where}: {value!r} is not a list")
        return tuple(_convert(typing.get_args(kind)[0], item, where) for item in items)
    if origin is Literal:
        return _one_of(value, {str(choice): choice for choice in typing.get_args(kind)}, where)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _one_of(value, {str(member.value): member for member in kind}, where)
    return _scalar(kind, value, where)


def _one_of(value: Any, choices: Mapping[str, Any], where: str) -> Any:
    if str(value) not in choices:
        raise CannotStart(f"{where}: {value!r} is not one of {', '.join(choices)}")
    return choices[str(value)]


def _scalar(kind: Any, value: Any, where: str) -> Any:
    wrong = CannotStart(f"{where}: {value!r} is not {WORDS.get(kind, 'a text')}")
    if kind is bool:
        words = {"true": True, "1": True, "false": False, "0": False}
        if str(value).lower() not in words:
            raise wrong
        return words[str(value).lower()]
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise wrong
    if kind is int and isinstance(value, float):
        raise wrong
    try:
        return Path(value).expanduser() if kind is Path and isinstance(value, str) else kind(value)
    except (ValueError, TypeError):
        raise wrong from None


def _is_settable(kind: Any) -> bool:
    origin = typing.get_origin(kind)
    if origin is tuple:
        arguments = typing.get_args(kind)
        return len(arguments) == 2 and arguments[1] is Ellipsis and _is_settable(arguments[0])
    return origin is Literal or kind in SCALARS or (isinstance(kind, type) and issubclass(kind, Enum))


def _without_none(kind: Any) -> Any:
    if typing.get_origin(kind) not in (Union, types.UnionType):
        return kind
    inner = [argument for argument in typing.get_args(kind) if argument is not type(None)]
    return inner[0] if len(inner) == 1 else kind


def _did_you_mean(word: str, known: Mapping[str, Any]) -> str:
    close = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean {close[0]}?" if close else ""
