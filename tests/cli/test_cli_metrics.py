"""The commands about metrics."""

import json
from pathlib import Path

import pytest

from app.metrics.facts.registry import FACTS
from app.metrics.shipped import shipped
from app.storage.resources import Addresses, Resources
from tests.commands import CommandLine, point_at

DOCUMENT = {"pillar": "team", "title": "Mine", "from": "commits", "when": "committed_at", "value": {"count": "*"}}


@pytest.fixture
def cli(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    resources: Resources,
    servers: Addresses,
    tmp_path: Path,
) -> CommandLine:
    """Commands that use an empty database of the tests' servers."""
    point_at(monkeypatch, resources, servers, tmp_path / "home")
    return CommandLine(monkeypatch, capsys)


def test_metrics_are_stored_listed_shown_and_removed(cli: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    file.write_text(json.dumps(DOCUMENT))
    tried = cli("metrics", "put", "mine", str(file), "--dry-run")
    assert tried.out == "mine, version 1, which would be stored; nothing was\n"
    for version, title in enumerate(("Mine", "Ours"), 1):
        file.write_text(json.dumps({**DOCUMENT, "title": title}))
        assert cli("metrics", "put", "mine", str(file)).out == f"mine, version {version}\n"
    rows = [line.split() for line in cli("metrics", "list").out.splitlines()]
    assert ["mine", "team", "commits", "2"] in rows
    assert ["ci_success", "infrastructure", "workflow_runs", "shipped"] in rows
    assert len(rows) == len(shipped()) + 2
    assert json.loads(cli("metrics", "show", "mine").out) == {**DOCUMENT, "title": "Ours"}
    assert json.loads(cli("metrics", "show", "mine", "--version", "1").out) == DOCUMENT
    assert cli("metrics", "remove", "mine").out == "mine removed\n"
    gone = cli("metrics", "show", "mine")
    assert (gone.code, gone.err.startswith("unknown_metric: there is no metric 'mine'")) == (2, True)


def test_each_thing_that_is_wrong_in_a_file_has_its_line(cli: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "wrong.json"
    file.write_text(json.dumps({"title": "x", "from": "commits", "when": "at", "value": {"sum": "author"}, "wher": []}))
    said = cli("metrics", "put", "mine", str(file))
    assert said.code == 2
    first, *lines = said.err.splitlines()
    assert first == f"invalid_parameters: {file} is not a definition of a metric:"
    assert [line.partition(":")[0] for line in lines] == ["wher", "pillar", "when", "value.sum"]
    assert lines[0].startswith(
        "wher: 'wher' is not a field of a metric (did you mean 'where'?); allowed: metric, pillar"
    )
    assert lines[1] == "pillar: is missing"
    assert (
        lines[2]
        == "when: 'at' is not a column of commits (did you mean 'authored_at'?); allowed: authored_at, committed_at"
    )
    assert lines[3] == "value.sum: 'author' is of the type person, not number; allowed: lines"
    file.write_text("{")
    said = cli("metrics", "put", "mine", str(file)).err
    assert "definition: is not valid JSON: a name in double quotes is missing (line 1, column 2)" in said


def test_what_cannot_be_done_is_said_in_words(cli: CommandLine, tmp_path: Path) -> None:
    missing = cli("metrics", "put", "mine", "none.json")
    assert missing.err.strip() == ("invalid_parameters: none.json is missing; give the path of a JSON file.")
    file = tmp_path / "mine.json"
    file.write_bytes(b"\xff")
    assert "mine.json is not UTF-8; give the path of a JSON file." in cli("metrics", "put", "mine", str(file)).err
    file.write_text(json.dumps(DOCUMENT))
    assert "'Mine' is not a name of a metric" in cli("metrics", "put", "Mine", str(file)).err
    assert "ci_success is shipped and cannot be removed" in cli("metrics", "remove", "ci_success").err


def test_facts_are_shown_with_their_columns(cli: CommandLine) -> None:
    listed = cli("metrics", "facts").out
    assert [line.split()[0] for line in listed.splitlines()[1:]] == list(FACTS)
    columns = cli("metrics", "facts", "commits").out.splitlines()[1:]
    assert [line.split()[:2] for line in columns] == [
        [name, str(column.type)] for name, column in FACTS["commits"].columns.items()
    ]
    wrong = cli("metrics", "facts", "comits")
    assert (wrong.code, "'comits' is not a table of facts (did you mean 'commits'?); there are pull_" in wrong.err) == (
        2,
        True,
    )
