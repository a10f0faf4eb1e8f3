"""What every report kind owes its users; a dummy kind shows that a file and a registry line are all it takes."""

import csv
import inspect
import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from app.commands.report import report_command
from app.jobs.kind import Params
from app.reports.kind import SUMMARY, ReportKind
from app.reports.registry import REPORT_KINDS
from app.storage.resources import Resources
from tests.conftest import api
from tests.kinds import DUMMY, context_of

#: What the kinds are asked for beside their defaults: charts take seconds and have tests of their own.
ASKED = {"charts": False}

ALL = {**REPORT_KINDS, DUMMY.name: DUMMY}


@pytest.fixture(params=ALL.values(), ids=ALL.keys())
def kind(request: pytest.FixtureRequest) -> ReportKind:
    found: ReportKind = request.param
    return found


def asked(kind: ReportKind) -> Params:
    """Its defaults, but for what ASKED says of parameters that it has."""
    return kind.params.model_validate(
        {name: value for name, value in ASKED.items() if name in kind.params.model_fields}
    )


class TestReportKind:
    """The contract of app/reports/kind.py."""

    def test_its_name_is_the_name_of_its_file(self, kind: ReportKind) -> None:
        if kind is not DUMMY:
            assert Path(inspect.getfile(kind.params)).stem == kind.name
        assert ALL[kind.name] is kind

    def test_every_parameter_has_a_description_and_a_default(self, kind: ReportKind) -> None:
        assert kind.params.model_fields
        for name, field in kind.params.model_fields.items():
            assert field.description, name
            assert not field.is_required(), name

    def test_its_parameters_survive_json(self, kind: ReportKind, loaded: Resources) -> None:
        with loaded.engine.connect() as connection:
            params, as_of = kind.resolve(connection, kind.params())
        assert as_of.tzinfo is not None
        assert kind.params.model_validate_json(params.model_dump_json()) == params

    def test_it_produces_the_same_files_twice(self, kind: ReportKind, loaded: Resources, tmp_path: Path) -> None:
        contents = []
        with loaded.engine.connect() as connection:  # what the defaults leave to the data is fixed once
            params, _ = kind.resolve(connection, asked(kind))
        for attempt in ("one", "two"):
            folder = tmp_path / attempt
            folder.mkdir()
            told: list[float] = []
            context = context_of(loaded, folder, progress=lambda _, done, told=told: told.append(done))
            artifacts = kind.produce(context, params)
            assert artifacts
            assert artifacts[0].media_type == "text/csv"
            assert told == sorted(told)
            assert all(0 <= done <= 1 for done in told)
            assert {artifact.path.parent for artifact in artifacts} == {folder}
            with artifacts[0].path.open(newline="") as file:
                assert len(list(csv.reader(file))) == artifacts[0].rows + 1
            contents.append([artifact.path.read_bytes() for artifact in artifacts])
        assert contents[0] == contents[1]

    def test_its_summary_is_what_its_findings_say(self, kind: ReportKind, loaded: Resources, tmp_path: Path) -> None:
        with loaded.engine.connect() as connection:
            params, _ = kind.resolve(connection, asked(kind))
        files = {artifact.path.name: artifact for artifact in kind.produce(context_of(loaded, tmp_path), params)}
        assert (SUMMARY in files) == (kind.findings is not None)
        assert (kind.outline is None) == (kind.findings is None)
        if kind.findings is not None and kind.outline is not None:
            assert files[SUMMARY].media_type == "application/json"
            written = files[SUMMARY].path.read_bytes()
            findings = kind.findings.model_validate_json(written, strict=True, extra="forbid")
            assert json.loads(findings.model_dump_json()) == json.loads(written)
            outline = kind.outline(findings)
            assert outline.rows
            assert {len(row) for row in outline.rows} == {len(outline.columns)}
            assert outline.notes

    def test_it_is_described_over_http(self, kind: ReportKind, loaded: Resources) -> None:
        with api(loaded, slots=0, kinds=ALL) as client:
            (described,) = [one for one in client.get("/reports/kinds").json() if one["name"] == kind.name]
            assert described["summary"] == kind.summary
            assert described["params"] == kind.params.model_json_schema()
            assert described["findings"] == (kind.findings and kind.findings.model_json_schema())
            assert client.post("/trigger_report", json={"report": kind.name}).status_code == 202
            answer = client.post("/trigger_report", json={"report": kind.name, "params": {"no such": 1}})
            assert answer.json()["errors"][0]["allowed"] == sorted(kind.params.model_fields)

    def test_the_command_line_has_an_option_for_every_parameter(self, kind: ReportKind) -> None:
        app = typer.Typer()
        app.command()(report_command(kind))
        help_text = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200", "TERM": "dumb"}).output
        for name in kind.params.model_fields:
            assert f"--{name.replace('_', '-')}" in help_text
