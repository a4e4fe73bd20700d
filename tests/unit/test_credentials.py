"""Files that prove nothing are refused before anybody connects with them."""

from pathlib import Path

import pytest

from kobune.apimachinery.clock import SystemClock
from kobune.component_base import certificates
from kobune.component_base.certificates import Identity
from kobune.component_base.credentials import Credentials
from kobune.component_base.failure import CannotStart
from kobune.launcher.data_dir import DataDirectory


@pytest.fixture
def made(tmp_path: Path) -> Path:
    pki = tmp_path / "pki"
    pki.mkdir()
    certificates.ensure(pki, [Identity("a", "a"), Identity("b", "b")], clock=SystemClock())
    return pki


def test_good_files_are_read(made: Path) -> None:
    assert certificates.credentials(made, "a").read().key.startswith(b"-----BEGIN")


@pytest.mark.parametrize("broken", ["ca", "certificate", "key"])
def test_a_file_that_is_no_pem_is_named(made: Path, broken: str) -> None:
    files = certificates.credentials(made, "a")
    getattr(files, broken).write_text("nonsense")
    with pytest.raises(CannotStart, match=getattr(files, broken).name):
        files.read()


def test_a_key_of_another_certificate_is_refused(made: Path) -> None:
    a, b = certificates.credentials(made, "a"), certificates.credentials(made, "b")
    with pytest.raises(CannotStart, match="do not belong together"):
        Credentials(a.ca, a.certificate, b.key).read()


def test_a_directory_of_a_newer_version_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "version").write_text("99\n")
    with pytest.raises(CannotStart, match="of a newer Kobune"):
        DataDirectory(tmp_path).prepare()
    assert [file.name for file in tmp_path.iterdir()] == ["version"]


def test_a_directory_that_cannot_be_used_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CannotStart, match="cannot use the data directory"):
        DataDirectory(tmp_path / "file" / "below").prepare()
