"""The commands inspect and mappings, and what load and upload say of a file that a mapping would read."""

import json
from pathlib import Path

import pytest
from sqlalchemy import text

from app.mapping.shipped import example
from app.storage.resources import Addresses, Resources
from app.web.server import serving
from tests.catalogue.bringing import polls
from tests.commands import CommandLine, point_at

EXPORT = "Zeit;Filiale;Zustand\n2017-01-21T21:11:39Z;7;UP\n2017-01-22T20:09:00Z;7;DOWN\n"
UNDECIDED = "store_id,status,timestamp_utc\n7,active,01/02/2025 13:00\n7,active,03/04/2025 13:00\n"
LOADED = [("7", "2017-01-21 21:11", True), ("7", "2017-01-22 20:09", False)]


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


@pytest.fixture
def export(tmp_path: Path) -> Path:
    path = tmp_path / "export.csv"
    path.write_text(EXPORT)
    return path


def test_inspect_writes_a_mapping_with_which_load_reads_the_file(
    cli: CommandLine, resources: Resources, export: Path, tmp_path: Path
) -> None:
    mapping = tmp_path / "mapping.json"
    said = cli("inspect", str(export), "--out", str(mapping))
    assert said.code == 0
    assert said.out.splitlines()[0].startswith("column Zeit: instant; '2017-01-21T21:11:39Z'")
    assert "kind polls" in said.out.splitlines()
    assert json.loads(mapping.read_text())["columns"]["store_id"] == {"from": "Filiale"}
    assert polls(resources) == []
    assert cli("load", "polls", str(export), "--mapping", str(mapping)).code == 0
    assert polls(resources) == LOADED


def test_no_mapping_is_proposed_for_rows_that_contradict_each_other(cli: CommandLine, tmp_path: Path) -> None:
    path = tmp_path / "entities.csv"
    path.write_text("store_id,active_from,active_to\n1,2025-01-02,2024-01-02\n")
    said = cli("load", "entities", str(path))
    assert said.err == (
        "rejected_file: The file of entities contradicts itself:\n"
        "line 2: store 1: active_to 2024-01-02 is before active_from 2025-01-02\n"
    )


def test_columns_that_a_file_lacks_are_set(cli: CommandLine, resources: Resources, tmp_path: Path) -> None:
    path = tmp_path / "outages.csv"
    path.write_text("start,end\n2025-01-02 12:00:00,2025-01-02 12:10:00\n")
    assert cli("load", "polls", str(path), "--mapping", "outages", "--set", "store_id=a, b").code == 0
    assert polls(resources) == [("a, b", "2025-01-02 12:00", False), ("a, b", "2025-01-02 12:10", True)]
    entities = tmp_path / "names.csv"
    entities.write_text("n\nMain\n")
    mapping = '{"kind": "entities", "columns": {"name": {"from": "n"}}}'
    several = ("--set", "store_id=a, b", "--set", "group=North")
    assert cli("load", "entities", str(entities), "--mapping", mapping, *several).code == 0
    said = text("SELECT key, name, group_name FROM entity_detail JOIN entity ON id = entity_id WHERE name IS NOT NULL")
    with resources.engine.connect() as connection:
        assert connection.execute(said).all() == [("a, b", "Main", "North")]
    twice = ("--set", "group=a", "--set", "group=b")
    refused = cli("load", "entities", str(entities), "--mapping", mapping, *twice)
    assert (refused.code, "--set: 'group=b' names its column twice" in refused.err) == (2, True)


def test_a_column_that_a_file_lacks_is_set_without_a_mapping(
    cli: CommandLine, resources: Resources, tmp_path: Path
) -> None:
    path = tmp_path / "prs.csv"
    path.write_text("number,createdAt\n1,2024-06-03T13:00:00Z\n2,2024-06-04T13:00:00Z\n")
    assert "the header lacks repo" in cli("load", "pull_requests", str(path)).err
    said = cli("load", "pull_requests", str(path), "--set", "repo=org/app", "--set", "is_draft=true")
    assert (said.code, said.out) == (0, f"2 rows of {path} loaded as pull_requests\n")
    query = text("SELECT key, number, is_draft FROM pull_request JOIN entity ON id = repo_id ORDER BY number")
    with resources.engine.connect() as connection:
        assert connection.execute(query).all() == [("org/app", 1, True), ("org/app", 2, True)]
    both = cli("load", "pull_requests", str(path), "--set", "repo=org/app", "--set", "number=3")
    assert (both.code, "has a column number, and the load also got set=number=" in both.err) == (2, True)
    no_value = cli("load", "pull_requests", str(path), "--set", "repo=org/app", "--set", "team= Web")
    assert (no_value.code, "set.team: ' Web' begins or ends with a space" in no_value.err) == (2, True)
    nameless = tmp_path / "nameless.csv"
    nameless.write_text("3,2024-06-03T13:00:00Z\n")
    columns = ("--columns", "number,created_at", "--set", "repo=org/app")
    assert cli("load", "pull_requests", str(nameless), *columns).code == 0


def test_inspect_reads_a_file_with_what_it_is_given(cli: CommandLine, resources: Resources, tmp_path: Path) -> None:
    path = tmp_path / "prs.csv"
    path.write_text("PR number,open\n41,2024-06-03T13:00:00Z\n")
    asked = "undecided: No column names the repository; which one is it? Answer with --set repo=owner/name."
    assert f"{asked} Assumed: prs" in cli("inspect", str(path)).err.splitlines()
    said = cli("inspect", str(path), "--set", "repo=org/app", "--accept")
    assert (said.code, said.err, said.out.splitlines()[-1]) == (0, "", f"1 row of {path} loaded as pull_requests")
    wrong = cli("inspect", str(path), "--set", "rep=org/app")
    assert (wrong.code, "set.rep is not a column of pull_requests (did you mean 'repo'?)" in wrong.err) == (2, True)


def test_inspect_names_the_shipped_mapping_and_tells_of_doubts(cli: CommandLine, tmp_path: Path) -> None:
    said = cli("inspect", str(example("gharchive")))
    assert "mapping gharchive, which is shipped" in said.out.splitlines()
    path = tmp_path / "hours.csv"
    path.write_text("store_id,day,start_time_local,end_time_local\n1.05057E+18,0,09:00,17:00\n")
    assert "warning: 1 of the keys look like ids that a spreadsheet" in cli("inspect", str(path)).err


def test_inspect_may_load_what_leaves_no_question(cli: CommandLine, resources: Resources, export: Path) -> None:
    said = cli("inspect", str(export), "--accept")
    assert (said.code, said.out.splitlines()[-1]) == (0, f"2 rows of {export} loaded as polls")
    assert polls(resources) == LOADED


def test_inspect_loads_nothing_on_a_guess(cli: CommandLine, resources: Resources, export: Path) -> None:
    export.write_text(UNDECIDED)
    said = cli("inspect", str(export), "--accept")
    assert said.code == 2
    assert "undecided: timestamp_utc: is '01/02/2025 13:00' day or month first? Set date to dmy or mdy." in said.err
    assert "was not loaded: the mapping has open questions; write it to a file with --out" in said.err
    assert polls(resources) == []


def test_inspect_proposes_a_mapping_of_the_kind_that_is_asked_for(cli: CommandLine, export: Path) -> None:
    said = cli("inspect", str(export), "--kind", "timezones")
    assert "kind timezones" in said.out.splitlines()
    told = "if it is the same in all rows, use --set timezone_str=TEXT"
    assert f"missing: no column seems to be timezone_str; {told}" in said.err.splitlines()
    gone = cli("inspect", "nowhere.csv")
    assert (gone.code, gone.err.splitlines()[-1]) == (
        2,
        "invalid_parameters: nowhere.csv cannot be read: No such file or directory",
    )


def test_mappings_are_stored_listed_shown_and_removed(cli: CommandLine, export: Path, tmp_path: Path) -> None:
    file = tmp_path / "shops.json"
    document = {"kind": "timezones", "columns": {"store_id": {"from": 1}, "timezone_str": {"value": "UTC"}}}
    for version, delimiter in enumerate(";|", 1):
        # As editors on Windows write it, with a byte order mark.
        file.write_text(json.dumps({**document, "delimiter": delimiter}), encoding="utf-8-sig")
        assert cli("mappings", "put", "shops", str(file)).out == f"shops, version {version}\n"
    rows = [line.split() for line in cli("mappings", "list").out.splitlines()]
    assert ["shops", "timezones", "2"] in rows
    assert ["uptime-kuma", "polls", "shipped"] in rows
    assert json.loads(cli("mappings", "show", "shops").out) == {**document, "delimiter": "|"}
    assert json.loads(cli("mappings", "show", "shops", "--version", "1").out) == {**document, "delimiter": ";"}
    assert cli("mappings", "remove", "shops").out == "shops removed\n"
    gone = cli("mappings", "show", "shops")
    assert (gone.code, gone.err.startswith("unknown_mapping: there is no mapping 'shops'")) == (2, True)


def test_a_mapping_that_cannot_be_stored_is_refused_in_words(cli: CommandLine, tmp_path: Path) -> None:
    missing = cli("mappings", "put", "shops", "none.json")
    assert missing.err.strip() == "invalid_parameters: none.json is missing; give the path of a JSON file."
    file = tmp_path / "wrong.json"
    file.write_text('{"kind": "polls", "columns": {"status": {"frm": "x"}}}')
    wrong = cli("mappings", "put", "shops", str(file))
    assert "mapping: columns.status.frm: is not known (did you mean 'from'?)" in wrong.err
    shipped = cli("mappings", "remove", "outages")
    assert "outages is shipped and cannot be removed" in shipped.err


@pytest.mark.parametrize(
    ("content", "said"), [(b" \n", "is empty; give the path of a JSON file."), (b"\xff\xfe\x00", "is not UTF-8; give")]
)
def test_a_file_that_holds_no_mapping_is_named_as_it_was_given(
    cli: CommandLine, tmp_path: Path, content: bytes, said: str
) -> None:
    (file := tmp_path / "mapping.bin").write_bytes(content)
    outcome = cli("mappings", "put", "x", str(file))
    assert outcome.code == 2
    assert outcome.err.startswith(f"invalid_parameters: {file} {said}")


def test_a_refusal_names_the_commands_that_read_the_file(cli: CommandLine, resources: Resources, export: Path) -> None:
    inspected = f"  openhours inspect {export} --kind polls --out mapping.json"
    loaded = cli("load", "polls", str(export))
    assert loaded.code == 2
    assert loaded.err.splitlines()[1:3] == [inspected, f"  openhours load polls {export} --mapping mapping.json"]
    with serving(resources, slots=1) as address:
        sent = cli("upload", str(export), "--kind", "polls", "--server", address)
    assert sent.code == 2
    again = f"  openhours upload {export} --kind polls --server {address} --mapping mapping.json"
    assert [line for line in sent.err.splitlines() if line.startswith("  ")] == [inspected, again]
    export.write_text(UNDECIDED)
    assert "openhours inspect" not in cli("load", "polls", str(export)).err
