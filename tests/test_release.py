"""A release says the same version everywhere, and its changes have their section."""

import re
import shutil
import subprocess
from datetime import date
from pathlib import Path

import pytest

from app import __version__
from tests.commands import REPOSITORY
from tests.release import NotReady, check, current, cut, main, unreleased

TODAY = date(2031, 2, 3)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The files that git knows, but those of tests and pictures."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    names = listed.stdout.split()
    if not names:
        pytest.skip("this is no checkout; what is released is one")
    for name in names:
        if (
            not name.startswith(("tests/", "sample_data/", "notebooks/", "docs/pictures/"))
            and (REPOSITORY / name).is_file()
        ):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / name, tmp_path / name)
    changes = "# Changelog\n\n## Unreleased\n\n### Added\n\n- A thing.\n\n## 0.0.9 - 2026-01-02\n\n- Another.\n"
    (tmp_path / "CHANGELOG.md").write_text(changes)
    return tmp_path


def test_a_cut_leaves_the_version_before_nowhere(checkout: Path) -> None:
    cut("9.8.7", root=checkout, today=TODAY)
    assert current(checkout) == "9.8.7"
    named = re.compile(
        rf'openhours[:-]{re.escape(__version__)}|newTag: {re.escape(__version__)}|"{re.escape(__version__)}"'
    )
    left = {
        str(path.relative_to(checkout))
        for path in checkout.rglob("*")
        if path.is_file() and path.suffix != ".txt" and named.search(path.read_text(encoding="utf-8", errors="ignore"))
    }
    assert left == set()


def test_a_cut_makes_a_section_of_what_is_unreleased(checkout: Path) -> None:
    cut("9.8.7", root=checkout, today=TODAY)
    changes = (checkout / "CHANGELOG.md").read_text()
    assert changes == (
        "# Changelog\n\n## Unreleased\n\n## 9.8.7 - 2031-02-03\n\n### Added\n\n- A thing.\n\n"
        "## 0.0.9 - 2026-01-02\n\n- Another.\n"
    )
    assert unreleased(changes) == ""


def test_what_was_cut_may_be_built_under_its_tag_only(checkout: Path) -> None:
    cut("9.8.7rc1", root=checkout, today=TODAY)
    check("v9.8.7rc1", root=checkout)
    for tag in ("9.8.7rc1", "v9.8.7", f"v{__version__}"):
        with pytest.raises(NotReady, match=r"but the files say 9\.8\.7rc1"):
            check(tag, root=checkout)


def test_a_file_that_says_another_version_is_named(checkout: Path) -> None:
    cut("9.8.7", root=checkout, today=TODAY)
    compose = checkout / "docker-compose.yml"
    compose.write_text(compose.read_text().replace("openhours:9.8.7", "openhours:9.8.6"))
    with pytest.raises(NotReady, match=r"^docker-compose\.yml does not have 'image: openhours:9\.8\.7'"):
        check("v9.8.7", root=checkout)


def test_changes_that_no_version_would_have_are_not_built(checkout: Path) -> None:
    with pytest.raises(NotReady, match="is not that of"):
        check(f"v{__version__}", root=checkout)
    cut("9.8.7", root=checkout, today=TODAY)
    log = checkout / "CHANGELOG.md"
    log.write_text(log.read_text().replace("## Unreleased\n", "## Unreleased\n\n- Late.\n", 1))
    with pytest.raises(NotReady, match="that no version would have"):
        check("v9.8.7", root=checkout)


@pytest.mark.parametrize(
    ("version", "told"),
    [("v9.8.7", "not a version"), ("9.8", "not a version"), (__version__, "have already")],
)
def test_what_is_no_next_version_changes_nothing(checkout: Path, version: str, told: str) -> None:
    before = (checkout / "CHANGELOG.md").read_text()
    with pytest.raises(NotReady, match=told):
        cut(version, root=checkout, today=TODAY)
    assert (current(checkout), (checkout / "CHANGELOG.md").read_text()) == (__version__, before)


def test_nothing_to_release_is_told(checkout: Path) -> None:
    (checkout / "CHANGELOG.md").write_text("# Changelog\n\n## Unreleased\n\n## 0.0.9 - 2026-01-02\n\n- A thing.\n")
    with pytest.raises(NotReady, match="nothing below Unreleased"):
        cut("9.8.7", root=checkout, today=TODAY)


def test_the_command_tells_what_it_takes() -> None:
    assert main(["cut"]) == "Give `cut VERSION` or `check TAG`; received 'cut'."
    assert str(main(["check", "v0.0.0"])).startswith("The tag is v0.0.0, but the files say ")
