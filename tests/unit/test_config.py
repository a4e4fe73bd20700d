from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest

from kobune.component_base.config import load, settings
from kobune.component_base.failure import CannotStart


@dataclass(frozen=True)
class Connection:
    address: str
    retries: int = 3


@dataclass(frozen=True)
class Example:
    connection: Connection
    seed: int = 0
    verbose: bool = False
    ratio: float = 0.5
    data_dir: Path = Path("/data")
    names: tuple[str, ...] = ("a", "b")
    mode: Literal["fast", "safe"] = "safe"
    backup: Connection | None = None
    plugins: list[object] = field(default_factory=list)


def load_example(**sources: object) -> Example:
    return load(Example, name="kube-thing", **sources)  # type: ignore[arg-type]


def test_each_source_overrides_the_one_before(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("connection: {address: from-file, retries: 5}\nseed: 1\nratio: 2\n")
    environment = {"KOBUNE_KUBE_THING_SEED": "2", "KOBUNE_KUBE_THING_VERBOSE": "true", "UNRELATED": "x"}
    flags = ["--connection-address=from-flag", "--names", "x,y", "--mode=fast"]
    loaded = load_example(file=file, environment=environment, flags=flags)
    assert loaded.connection == Connection("from-flag", 5)
    assert (loaded.seed, loaded.verbose, loaded.ratio) == (2, True, 2.0)
    assert (loaded.names, loaded.mode, loaded.backup) == (("x", "y"), "fast", None)


def test_given_defaults_replace_those_of_the_class() -> None:
    defaults = Example(Connection("given", 7), seed=9, verbose=True)
    loaded = load_example(defaults=defaults, flags=["--no-verbose", "--connection-retries=1"])
    assert loaded == Example(Connection("given", 1), seed=9)


def test_an_optional_part_exists_once_one_of_its_settings_is_given() -> None:
    loaded = load_example(flags=["--connection-address=a", "--backup-address=b"])
    assert loaded.backup == Connection("b")


def test_what_cannot_be_written_down_is_no_setting() -> None:
    assert [setting.dotted for setting in settings(Example)] == [
        "connection.address",
        "connection.retries",
        "seed",
        "verbose",
        "ratio",
        "data_dir",
        "names",
        "mode",
        "backup.address",
        "backup.retries",
    ]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ([], "kube-thing needs --connection-address (or KOBUNE_KUBE_THING_CONNECTION_ADDRESS, or connection.address"),
        (["--connection-retries=x"], "--connection-retries: 'x' is not a whole number"),
        (["--mode=quick"], "--mode: 'quick' is not one of fast, safe"),
        (["--verbose=maybe"], "--verbose: 'maybe' is not true or false"),
        (["--sed=1"], "there is no flag --sed; did you mean --seed?"),
        (["--seed"], "--seed needs a value"),
    ],
)
def test_a_wrong_flag_is_explained_in_one_line(flags: list[str], message: str) -> None:
    with pytest.raises(CannotStart) as caught:
        load_example(flags=flags)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sede: 1", "there is no setting 'sede'; did you mean seed?"),
        ("connection: {adress: x}", "there is no setting 'connection.adress'; did you mean connection.address?"),
        ("seed: 1.5", "seed: 1.5 is not a whole number"),
        ("seed: true", "seed: True is not a whole number"),
        ("names: 3", "names: 3 is not a list"),
        ("- a", "must be a mapping of settings"),
        ("a: [", "is not YAML"),
    ],
)
def test_a_wrong_file_is_explained_in_one_line(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(text)
    with pytest.raises(CannotStart) as caught:
        load_example(file=file, flags=["--connection-address=a"])
    assert message in str(caught.value)
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match=r"cannot read .*nothing.yaml: No such file"):
        load_example(file=tmp_path / "nothing.yaml")


def test_a_variable_that_means_nothing_is_refused() -> None:
    with pytest.raises(CannotStart, match="KOBUNE_KUBE_THING_SEAD: there is no such setting; did you mean"):
        load_example(environment={"KOBUNE_KUBE_THING_SEAD": "1"}, flags=["--connection-address=a"])
    load_example(environment={"KOBUNE_OTHER_SEAD": "1"}, flags=["--connection-address=a"])
