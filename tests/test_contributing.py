"""The page for contributors, followed to the letter in a copy of the checkout: new kinds work, and break nothing."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands import REPOSITORY
from tests.test_readme import blocks, here, is_run

PAGE = "docs/contributing.md"

#: What a copy does without: whatever tools have left, and data.
LEFT_OUT = (".git", ".venv", ".openhours", "out", "node_modules", "__pycache__", ".pytest_cache", ".hypothesis")

#: Other tests that look at every kind, or at all that there is.
OTHERS = (
    *("tests/cli/test_cli_refusals.py", "tests/test_documentation.py", "tests/deployment/test_compose.py"),
    *("tests/storage/test_migrate.py", "tests/test_architecture.py"),
)

#: Longest that a command may take, seconds.
LIMIT_SECONDS = 240

pytestmark = [pytest.mark.walkthrough, pytest.mark.timeout(8 * LIMIT_SECONDS)]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The checkout once more, to be changed; what is installed is shared."""
    folder = tmp_path / "checkout"
    shutil.copytree(REPOSITORY, folder, ignore=shutil.ignore_patterns(*LEFT_OUT), symlinks=True)
    (folder / ".venv").symlink_to(sys.prefix)
    return folder


def code_blocks(page: str, *languages: str) -> Iterator[str]:
    text = (REPOSITORY / page).read_text(encoding="utf-8")
    yield from re.findall(rf"^```(?:{'|'.join(languages)})\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def write(copy: Path, block: str) -> Path:
    """Write a block whose first line names its file."""
    first, _, content = block.partition("\n")
    path = copy / re.sub("^(#|//) ", "", first)
    assert not path.exists(), f"{first}: the page adds a file that is there already; give its example another name"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    return path


def patch(copy: Path, block: str) -> None:
    """Apply a diff whose hunks have no line numbers: what a hunk shows stands there exactly once."""
    head, *hunks = re.split(r"^@@\n", block, flags=re.MULTILINE)
    path = copy / head.splitlines()[1].removeprefix("+++ b/")
    text = path.read_text(encoding="utf-8")
    for hunk in hunks:
        old, new = ("".join(line[1:] + "\n" for line in hunk.splitlines() if line[0] in kept) for kept in (" -", " +"))
        assert text.count(old) == 1, f"{path.name}: {old!r} of the page is not there once"
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


def run(copy: Path, command: str) -> str:
    """What a command of a shell tells, without what this run of pytest has set."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "OPENHOURS_"))}
    done = subprocess.run(
        ["bash", "-c", here(command, "")],
        cwd=copy,
        env=variables | {"CSV_MUTATIONS": "500"},
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def translate(copy: Path) -> None:
    """Write a translation of each text that has none, in words of its own."""
    path = copy / "app" / "console" / "locale" / "de.po"
    text = path.read_text(encoding="utf-8")
    entry = re.compile(r'^msgid ((?:".*"\n)+)msgstr ""\n(?!")', re.MULTILINE)
    path.write_text(entry.sub(lambda found: f"msgid {found[1]}msgstr {found[1]}", text), encoding="utf-8")


def test_who_follows_the_page_has_one_of_each_kind_and_all_pass(copy: Path) -> None:
    files = [write(copy, block) for block in code_blocks(PAGE, "python", "json", "csv")]
    assert len(files) == 9
    for block in code_blocks(PAGE, "diff"):
        patch(copy, block)
    commands = [step.command for block in blocks(PAGE) if not is_run(block) for step in block]
    # Not what the sections before show, such as a server that answers until Ctrl-C.
    added = (REPOSITORY / PAGE).read_text(encoding="utf-8").partition("\n## Add a report kind\n")[2]
    steps = [command for command in commands if command.startswith(".venv/bin/python -m ") and command in added]
    told = {}
    for command in steps:
        told[command] = run(copy, command)
        if "tests.texts" in command:
            translate(copy)
    assert re.fullmatch(r"app/storage/migrations/versions/\d{4}_incidents\.py\n", told[steps[2]])
    for command, output in told.items():
        if "pytest" in command:
            assert re.search(r"\d+ passed", run_summary(output)), output
    # Not only the new kinds' own tests pass, but everything that once had to be told of a new kind; and the linters.
    run(copy, f".venv/bin/python -m pytest {' '.join(OTHERS)}")
    run(copy, ".venv/bin/ruff check . && .venv/bin/ruff format --check . && .venv/bin/mypy")


def run_summary(output: str) -> str:
    return output.strip().splitlines()[-1]
