"""The form of every report kind takes what the API takes, and refuses what the API refuses."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.console.schema_forms import params_of
from app.reports.kind import ReportKind
from app.reports.registry import REPORT_KINDS
from app.storage.resources import Resources
from tests.conftest import api
from tests.console.browsing import PAGE
from tests.console.filling import filled, raw_text, sent_by
from tests.console.html import Element, read
from tests.kinds import DUMMY, beside

ALL = beside(REPORT_KINDS, {DUMMY.name: DUMMY})

#: Parameters that are the instant of the request where they are left out.
OF_NOW = ("as_of", "as_known_at")


@pytest.fixture(scope="module")
def client(loaded: Resources) -> Iterator[TestClient]:
    """With all kinds; nothing runs."""
    with api(loaded, slots=0, kinds=ALL) as made:
        made.headers["accept"] = PAGE
        made.follow_redirects = False
        yield made


@pytest.fixture(params=ALL.values(), ids=ALL.keys())
def kind(request: pytest.FixtureRequest) -> ReportKind:
    found: ReportKind = request.param
    return found


def form_of(document: Element) -> Element:
    return document.one("form", action="/console/reports/new")


def drawn(client: TestClient, kind: ReportKind) -> Element:
    answer = client.get("/console/reports/new", params={"kind": kind.name})
    assert answer.status_code == 200, answer.text
    return form_of(read(answer.text))


def schema_of(kind: ReportKind) -> Mapping[str, Any]:
    return kind.params.model_json_schema()


def least_of(kind: ReportKind) -> dict[str, Any]:
    """What must be given: nothing, or the example of a kind that guesses nothing."""
    return dict(kind.example) if kind.required else {}


def accepted(client: TestClient, kind: ReportKind, report_id: str) -> dict[str, Any]:
    """The parameters that a report has; it is cancelled, so that others find room."""
    found = client.get(f"/reports/{report_id}", headers={"accept": "application/json"}).json()
    assert (found["report"], found["status"]) == (kind.name, "queued")
    assert client.delete(f"/reports/{report_id}").status_code == 200
    params: dict[str, Any] = found["params"]
    return params


def by_api(client: TestClient, kind: ReportKind, params: Mapping[str, Any]) -> Any:
    """What comes of parameters: those of the report, or by parameter why they are refused."""
    answer = client.post("/trigger_report", json={"report": kind.name, "params": params})
    if answer.status_code == 422:
        return {one["parameter"]: one["reason"] for one in answer.json()["errors"]}
    assert answer.status_code == 202, answer.text
    return accepted(client, kind, answer.json()["report_id"])


def by_form(client: TestClient, kind: ReportKind, fields: Mapping[str, str]) -> Any:
    """The same of a form."""
    answer = client.post("/console/reports/new", data=dict(fields))
    if answer.status_code == 422:
        return {_parameter_of(one): one.text for one in read(answer.text).one(id="refused").all("li")}
    assert answer.status_code == 303, answer.text
    return accepted(client, kind, answer.headers["location"].removeprefix("/console/reports/"))


def _parameter_of(item: Element) -> str:
    """Which one an item of the summary is about: it leads to its field, or names what is no field."""
    links = item.all("a")
    return links[0]["href"].removeprefix("#field-") if links else item.text.partition(":")[0]


def is_same(of_form: Any, of_api: Any, given: Mapping[str, Any]) -> bool:
    """Whether a form came to the same as the API: the same parameters, or the same refusals."""
    if of_form.keys() != of_api.keys():
        return False
    skipped = [name for name in OF_NOW if name not in given]
    return all(name in skipped or _says(of_form[name], value) for name, value in of_api.items())


def _says(shown: Any, value: Any) -> bool:
    """A refusal is shown with what was received before it, and what is allowed after it."""
    return shown == value or (isinstance(value, str) and isinstance(shown, str) and " ".join(value.split()) in shown)


def named_by(schema: Mapping[str, Any]) -> list[Any]:
    """Values that the schema of a parameter names: its examples, choices, bounds and default."""
    parts = [schema, *schema.get("anyOf", ())]
    found = [value for part in parts for value in (*part.get("examples", ()), *part.get("enum", ()))]
    found += [part[name] for part in parts for name in ("const", "minimum", "maximum", "default") if name in part]
    found += [value for part in parts if part.get("type") == "boolean" for value in (True, False)]
    return [value for at, value in enumerate(found) if value is not None and value not in found[:at]]


class TestEveryKind:
    """Its form, without a line written for it."""

    def test_an_untouched_form_gives_what_the_api_takes_for_nothing(self, client: TestClient, kind: ReportKind) -> None:
        form = drawn(client, kind)
        fields = filled(form, least_of(kind), "do=run")
        of_api = by_api(client, kind, least_of(kind))
        assert of_api.keys() >= schema_of(kind)["properties"].keys()
        assert is_same(by_form(client, kind, fields), of_api, least_of(kind))

    def test_what_is_required_is_asked_for_at_its_field(self, client: TestClient, kind: ReportKind) -> None:
        if kind.required:
            found = by_form(client, kind, sent_by(drawn(client, kind), "do=run"))
            assert found.keys() == set(kind.required)

    def test_each_default_may_be_typed(self, client: TestClient, kind: ReportKind) -> None:
        defaults = {name: one["default"] for name, one in schema_of(kind)["properties"].items() if one.get("default")}
        given = {**defaults, **least_of(kind)}
        of_api = by_api(client, kind, given)
        assert of_api.keys() >= schema_of(kind)["properties"].keys()
        assert is_same(by_form(client, kind, filled(drawn(client, kind), given, "do=run")), of_api, given)

    def test_its_example_may_be_typed(self, client: TestClient, kind: ReportKind) -> None:
        given = dict(kind.example)
        of_api = by_api(client, kind, given)
        assert of_api.keys() >= schema_of(kind)["properties"].keys()
        assert is_same(by_form(client, kind, filled(drawn(client, kind), given, "do=run")), of_api, given)

    def test_each_value_that_its_schema_names_does_as_in_the_api(self, client: TestClient, kind: ReportKind) -> None:
        form = drawn(client, kind)
        for name, schema in schema_of(kind)["properties"].items():
            for value in named_by(schema):
                given = {**least_of(kind), name: value}
                of_form, of_api = by_form(client, kind, filled(form, given, "do=run")), by_api(client, kind, given)
                assert is_same(of_form, of_api, given), f"{given}: {of_form}, by the API {of_api}"

    def test_its_wrong_parameter_comes_back_at_its_field(self, client: TestClient, kind: ReportKind) -> None:
        ((name, value),) = kind.wrong.items()
        form = drawn(client, kind)
        (element,) = [one for one in form.all() if one.attributes.get("name") == name]
        typed = "\r\n".join(value) if isinstance(value, list) else str(value)
        before = filled(form, {**least_of(kind), **kind.example}, "do=run")
        answer = client.post("/console/reports/new", data={**before, name: typed})
        assert answer.status_code == 422
        document = read(answer.text)
        again = form_of(document)
        assert sent_by(again, "do=run") == {**before, name: typed}
        (field,) = [one for one in again.all() if "aria-invalid" in one.attributes]
        assert (field.tag, field["name"], field["aria-invalid"]) == (element.tag, name, "true")
        said = [document.one(id=one) for one in field["aria-describedby"].split()]
        assert said[0]["id"] == f"error-{name}"
        assert all(one.text for one in said)
        refused = document.one(id="refused")
        assert refused["role"] == "alert"
        assert [link["href"] for link in refused.all("a")] == [f"#{field['id']}"]

    def test_every_field_has_its_help_and_a_title(self, client: TestClient, kind: ReportKind) -> None:
        form = drawn(client, kind)
        for name, schema in schema_of(kind)["properties"].items():
            (element,) = [one for one in form.all() if one.attributes.get("name") == name]
            assert element["aria-describedby"].split() == [f"help-{name}"]
            assert form.one(id=f"help-{name}").text == " ".join(schema["description"].replace("`", "").split())
            assert form.one("label", for_=element["id"]).text

    def test_what_ran_may_be_run_again(self, client: TestClient, kind: ReportKind) -> None:
        params = json.dumps(dict(kind.example))
        answer = client.get("/console/reports/new", params={"kind": kind.name, "params": params})
        fields = sent_by(form_of(read(answer.text)), "do=run")
        assert params_of(schema_of(kind), fields) == (_told(kind, kind.example), {})

    def test_it_may_be_saved_as_a_schedule(self, client: TestClient, kind: ReportKind) -> None:
        fields = filled(drawn(client, kind), dict(kind.example), "do=schedule")
        answer = client.post("/console/reports/new", data=fields)
        assert answer.status_code == 303
        following = client.get(answer.headers["location"])
        assert following.status_code == 200
        form = next(one for one in read(following.text).one("main").all("form") if one.all(id="field-params"))
        assert json.loads(raw_text(form.one(id="field-params"))) == _told(kind, kind.example)


def _told(kind: ReportKind, given: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters without ticks that are so anyway."""
    schema = schema_of(kind)["properties"]
    return {
        name: value for name, value in given.items() if not isinstance(value, bool) or value != schema[name]["default"]
    }


def test_parameters_in_an_address_that_are_none_leave_the_form_empty(client: TestClient) -> None:
    plain = sent_by(drawn(client, ALL["uptime"]))
    for text in ("{", "[1]", "null", '"a"', "[" * 5000, '{"no such": 1}', '{"stores": null}'):
        answer = client.get("/console/reports/new", params={"kind": "uptime", "params": text})
        assert answer.status_code == 200, text[:20]
        assert sent_by(form_of(read(answer.text))) == plain


def test_parameters_in_an_address_of_other_types_are_shown_and_refused_by_the_api(client: TestClient) -> None:
    given = {"stores": {"a": 1}, "lookback_hours": [1], "as_of": ["soon"], "accounting": "guessed", "charts": "yes"}
    answer = client.get("/console/reports/new", params={"kind": "uptime", "params": json.dumps(given)})
    fields = sent_by(form_of(read(answer.text)), "do=run")
    assert fields["accounting"] == "guessed"
    assert by_form(client, ALL["uptime"], fields).keys() == {"lookback_hours", "as_of", "accounting"}


def test_a_kind_that_is_none_leads_to_the_kinds(client: TestClient) -> None:
    assert "Which kind of report?" in client.get("/console/reports/new", params={"kind": "no such"}).text
    answer = client.post("/console/reports/new", data={"kind": "no such"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/reports/new")


def at(params: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(params["as_of"])


def test_an_instant_on_a_local_clock_is_asked_about_where_the_clock_is_changed(client: TestClient) -> None:
    form = drawn(client, ALL["uptime"])
    for text, part in (("2022-10-30 02:30", "twice"), ("2022-03-27 02:30", "never")):
        fields = {**filled(form, {"as_of": text}, "do=run"), "as_of__zone": "Europe/Berlin"}
        found = by_form(client, ALL["uptime"], fields)
        assert part in found["as_of"]
        answer = read(client.post("/console/reports/new", data=fields).text)
        assert sent_by(form_of(answer), "do=run") == fields
    fields = {**filled(form, {"as_of": "2022-10-30 02:30+01:00"}, "do=run")}
    assert at(by_form(client, ALL["uptime"], fields)) == at({"as_of": "2022-10-30T01:30:00Z"})
    fields = {**filled(form, {"as_of": "2022-10-30 03:30"}, "do=run"), "as_of__zone": "Europe/Berlin"}
    assert at(by_form(client, ALL["uptime"], fields)) == at({"as_of": "2022-10-30T02:30:00Z"})
