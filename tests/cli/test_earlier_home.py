"""Data that an earlier version left below the current folder is pointed out, not passed over without a word."""

from pathlib import Path

import pytest

from app.commands import opening


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.delenv("OPENHOURS_HOME", raising=False)
    return tmp_path


def make_earlier_home(folder: Path) -> None:
    (folder / ".openhours").mkdir()
    (folder / ".openhours" / "credentials.json").write_text("{}")


def test_a_home_of_an_earlier_version_is_pointed_out(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_earlier_home(folder)
    opening.settings()
    told = " ".join(capsys.readouterr().err.split())
    assert "./.openhours has data of an earlier version" in told
    assert told.endswith("set OPENHOURS_HOME=.openhours")


def test_who_names_a_home_or_has_no_earlier_one_is_told_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    opening.settings()
    make_earlier_home(folder)
    monkeypatch.setenv("OPENHOURS_HOME", str(folder / ".openhours"))
    opening.settings()
    assert capsys.readouterr().err == ""
