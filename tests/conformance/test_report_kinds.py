"""What every report kind owes its users; a dummy kind shows that a file and a registry line are all it takes."""

import csv
import inspect
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from app.commands.report import report_command
from app.errors import InvalidParameters
from app.files.artifact import Artifact, StoredArtifact
from app.jobs.kind import Params
from app.reports.kind import SUMMARY, ReportKind
from app.reports.registry import REPORT_KINDS
from app.storage.resources import Resources
from tests.conftest import api
from tests.kinds import DUMMY, beside, context_of

ALL = beside(REPORT_KINDS, {DUMMY.name: DUMMY})


@pytest.fixture(params=ALL.values(), ids=ALL.keys())
def kind(request: pytest.FixtureRequest) -> ReportKind:
    found: ReportKind = request.param
    return found


def asked(kind: ReportKind) -> Params:
    """The parameters of its example."""
    return kind.params.model_validate(dict(kind.example))


def content_of(resources: Resources, artifact: Artifact | StoredArtifact) -> bytes:
    """The bytes of a file, wherever it is."""
    if isinstance(artifact, StoredArtifact):
        return resources.object_store.get_bytes(artifact.key)
    return artifact.path.read_bytes()


def name_of(artifact: Artifact | StoredArtifact) -> str:
    return artifact.name if isinstance(artifact, StoredArtifact) else artifact.path.name


def help_of(kind: ReportKind) -> str:
    """The help of its command, on one line."""
    app = typer.Typer()
    app.command()(report_command(kind))
    shown = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200", "TERM": "dumb"}).output
    return " ".join(shown.replace("│", " ").split())


def is_number(schema: Mapping[str, Any]) -> bool:
    """Whether the JSON Schema of a parameter takes a number."""
    return any(one.get("type") in ("integer", "number") for one in (schema, *schema.get("anyOf", ())))


class TestReportKind:
    """The contract of app/reports/kind.py."""

    def test_its_name_is_the_name_of_its_file(self, kind: ReportKind) -> None:
        if kind is not DUMMY:
            assert Path(inspect.getfile(kind.params)).stem == kind.name
        assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", kind.name)
        assert ALL[kind.name] is kind

    def test_its_entry_has_what_its_tests_and_its_page_are_made_of(self, kind: ReportKind) -> None:
        assert kind.summary
        assert kind.documentation.strip(), "give `documentation`: what the numbers mean, and which files there are"
        assert len(kind.wrong) == 1, "give `wrong`: one parameter with a value that is refused"

    def test_every_parameter_has_a_description_and_a_default(self, kind: ReportKind) -> None:
        assert kind.params.model_fields
        for name, field in kind.params.model_fields.items():
            assert field.description, name
            assert not field.is_required(), name

    def test_every_number_says_its_unit(self, kind: ReportKind) -> None:
        for name, schema in kind.params.model_json_schema()["properties"].items():
            if is_number(schema):
                assert "unit" in schema, f'{name}: give Field(json_schema_extra={{"unit": "hours"}}) or the like'
                assert schema["unit"] in schema["description"], f"{name}: the description names the unit"

    def test_its_parameters_survive_json(self, kind: ReportKind, loaded: Resources) -> None:
        with loaded.engine.connect() as connection:
            params, as_of = kind.resolve(connection, asked(kind) if kind.required else kind.params())
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
            for artifact in artifacts:
                if isinstance(artifact, StoredArtifact):
                    assert artifact.key.startswith(context.prefix)
                else:
                    assert artifact.path.parent == folder
            contents.append([content_of(loaded, artifact) for artifact in artifacts])
            main = contents[-1][0].decode()
            assert len(list(csv.reader(main.splitlines(keepends=True)))) == artifacts[0].rows + 1
            assert artifacts[0].rows, "its example finds nothing in the sample data"
        assert contents[0] == contents[1]

    def test_its_summary_is_what_its_findings_say(self, kind: ReportKind, loaded: Resources, tmp_path: Path) -> None:
        with loaded.engine.connect() as connection:
            params, _ = kind.resolve(connection, asked(kind))
        files = {name_of(artifact): artifact for artifact in kind.produce(context_of(loaded, tmp_path), params)}
        assert (SUMMARY in files) == (kind.findings is not None)
        assert (kind.outline is None) == (kind.findings is None)
        if kind.findings is not None and kind.outline is not None:
            assert files[SUMMARY].media_type == "application/json"
            written = content_of(loaded, files[SUMMARY])
            findings = kind.findings.model_validate_json(written, strict=True, extra="forbid")
            assert json.loads(findings.model_dump_json(exclude_unset=True)) == json.loads(written)
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
            answer = client.post("/trigger_report", json={"report": kind.name})
            assert answer.status_code == (422 if kind.required else 202)
            assert {one["parameter"] for one in answer.json().get("errors", ())} == set(kind.required)
            body = {"report": kind.name, "params": dict(kind.example)}
            assert client.post("/trigger_report", json=body).status_code == 202
            answer = client.post("/trigger_report", json={"report": kind.name, "params": {"no such": 1}})
            assert answer.json()["errors"][0]["allowed"] == sorted(kind.params.model_json_schema()["properties"])

    def test_its_wrong_parameter_is_refused_with_what_was_received_and_what_is_allowed(
        self, kind: ReportKind, loaded: Resources
    ) -> None:
        ((name, value),) = kind.wrong.items()
        with api(loaded, slots=0, kinds=ALL) as client:
            answer = client.post("/trigger_report", json={"report": kind.name, "params": {name: value}})
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (422, InvalidParameters.code)
        (error,) = problem["errors"]
        assert error["parameter"] == name
        assert error["received"] in ([value, *value] if isinstance(value, list) else [value])
        assert error["allowed"]
        assert name in problem["detail"]

    def test_the_command_line_has_an_option_for_every_parameter(self, kind: ReportKind) -> None:
        shown = help_of(kind)
        for name in kind.params.model_json_schema()["properties"]:
            assert f"--{name.replace('_', '-')}" in shown
