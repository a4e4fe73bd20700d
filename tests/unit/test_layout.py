"""Three roots make one import package only while none of them says that it is the whole."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("root", ["protos", "components", "cli"])
def test_no_root_claims_the_whole_package(root: str) -> None:
    assert (ROOT / root / "kobune").is_dir()
    assert not (ROOT / root / "kobune" / "__init__.py").exists()
    assert not (ROOT / root / "__init__.py").exists()


def test_every_component_is_a_package_of_its_own_or_shares_one_with_its_messages() -> None:
    folders = [folder for folder in (ROOT / "components" / "kobune").iterdir() if any(folder.glob("*.py"))]
    shared = {folder.name for folder in (ROOT / "protos" / "kobune").iterdir()}
    assert {folder.name for folder in folders if not (folder / "__init__.py").exists()} == shared & {
        folder.name for folder in folders
    }
