"""docs/python.md: what its sessions show is what a reader gets who types them."""

import doctest
import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from app.storage.resources import Resources
from app.web.server import serving
from tests.commands import REPOSITORY

PAGE = REPOSITORY / "docs/python.md"

#: What is another at each run.
CHANGING = re.compile(r"[0-9a-f]{32}(?![0-9a-f])|127\.0\.0\.1:\d+")


class Checker(doctest.OutputChecker):
    """Compares but for what changes."""

    def check_output(self, want: str, got: str, optionflags: int) -> bool:  # noqa: ARG002 - the base class has it
        return plain(want) == plain(got)


def plain(text: str) -> list[str]:
    return [line.rstrip() for line in CHANGING.sub("…", text).strip().splitlines()]


def sessions() -> str:
    """Everything that the page shows of Python, as one session."""
    return "\n".join(re.findall(r"^```pycon\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE))


@pytest.fixture
def address(resources: Resources) -> Iterator[str]:
    with serving(resources, slots=1) as address:
        yield address


def test_the_sessions_show_what_the_page_says(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sample_data").symlink_to(REPOSITORY / "sample_data")
    (tmp_path / "out").mkdir()
    monkeypatch.chdir(tmp_path)
    text = sessions().replace("http://127.0.0.1:8000", address)
    test = doctest.DocTestParser().get_doctest(text, {"__name__": "page"}, "docs/python.md", str(PAGE), 0)
    assert len(test.examples) > 10
    told: list[str] = []
    with pd.option_context("display.width", 100):
        doctest.DocTestRunner(Checker(), verbose=False).run(test, out=told.append)
    assert "".join(told) == ""
