"""Each panel's SQL runs as the role that Grafana has, on sample data, and gives the columns that the panel shows.

The published types of Grafana's dashboards are not at hand without a network, so their shape is checked here.
"""

import json
import re
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import yaml

from app.metrics.document import read_metric
from app.metrics.metric import PILLARS
from app.metrics.shipped import shipped
from app.settings import Settings
from app.storage.resources import Addresses
from tests.commands import REPOSITORY
from tests.dashboards.world import GROUPS, views_of_samples

FOLDER = REPOSITORY / "deploy" / "grafana"
SERVICE = REPOSITORY / "k8s" / "components" / "dashboard" / "openhours.json"

BOARDS = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted((FOLDER / "dashboards").glob("*"))}
PANELS = [(name, panel) for name, board in BOARDS.items() for panel in board["panels"]]
VARIABLES = [(name, one) for name, board in BOARDS.items() for one in board["templating"]["list"]]
NAMED = [f"{name}: {panel['title']}" for name, panel in PANELS]

#: What a dashboard shows of the sample data, which is older than ten years in none of them.
SPAN = ("2022-06-01T00:00:00Z", "2025-06-15T00:00:00Z")

#: What somebody may choose of a variable, none of which anything is called.
CHOICES = {"nothing": [], "one": ["nobody"], "several": ["nobody", "nothing"], "a quote": ["it's", "''", "\\'"]}

#: What panels of a type need to know.
SHAPES = {"stat", "timeseries", "table", "barchart"}


def sources() -> dict[str, str]:
    """The provisioned datasources: types by their uid."""
    document = yaml.safe_load((FOLDER / "provisioning/datasources/openhours.yaml").read_text(encoding="utf-8"))
    return {one["uid"]: one["type"] for one in document["datasources"]}


@pytest.fixture(scope="module")
def grafana(servers: Addresses, session_settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A connection as Grafana has it, to views of sample data, some stores of which have a group."""
    with (
        views_of_samples(servers, session_settings, tmp_path_factory.mktemp("world")) as (_, address),
        closing(psycopg2.connect(address)) as connection,
    ):
        connection.autocommit = True
        yield connection


def values_of(connection: Any, variable: dict[str, Any]) -> list[str]:
    """What a variable can be."""
    if variable["type"] == "custom":
        return [one["value"] for one in variable["options"]]
    with connection.cursor() as cursor:
        cursor.execute(variable["query"])
        return [row[0] for row in cursor.fetchall()]


def without_macros(sql: str, chosen: dict[str, list[str]]) -> str:
    """As Grafana sends it: https://grafana.com/docs/grafana/latest/datasources/postgres/#macros."""
    begin, end = SPAN
    sql = re.sub(r"\$__timeFilter\(([^)]*)\)", rf"\1 BETWEEN '{begin}' AND '{end}'", sql)
    sql = sql.replace("$__timeFrom()", f"'{begin}'").replace("$__timeTo()", f"'{end}'")
    for name, values in chosen.items():
        quoted = ",".join("'" + value.replace("'", "''") + "'" for value in values)
        sql = sql.replace(f"${{{name}:sqlstring}}", quoted).replace(f"${{{name}:raw}}", ",".join(values))
    assert "$" not in sql, sql
    return sql


def asked(connection: Any, name: str, panel: dict[str, Any], **chosen: list[str]) -> tuple[list[str], list[Any]]:
    """The columns and rows of a panel."""
    every = {one["name"]: values_of(connection, one) for one in BOARDS[name]["templating"]["list"]}
    every = {key: value[:1] if key == "accounting" else value for key, value in every.items()} | chosen
    (target,) = panel["targets"]
    with connection.cursor() as cursor:
        cursor.execute(without_macros(target["rawSql"], every))
        return [column.name for column in cursor.description], cursor.fetchall()


@pytest.mark.parametrize(("name", "panel"), PANELS, ids=NAMED)
def test_a_panel_gets_the_columns_that_it_shows(grafana: Any, name: str, panel: dict[str, Any]) -> None:
    columns, rows = asked(grafana, name, panel)
    assert rows, "there is nothing to show"
    shown = {one["matcher"]["options"] for one in panel["fieldConfig"]["overrides"]}
    assert shown <= set(columns)
    assert len(columns) == len(set(columns))
    numbers = [at for at in range(len(columns)) if any(isinstance(row[at], int | float | Decimal) for row in rows)]
    assert numbers
    (target,) = panel["targets"]
    if target["format"] == "time_series":
        assert columns[0] == "time"
        assert all(isinstance(row[0], datetime) for row in rows)
        assert [row[0] for row in rows] == sorted(row[0] for row in rows)
        assert {columns[at] for at in range(1, len(columns)) if at not in numbers} <= {"metric"}
    if panel["type"] == "stat":
        assert len(rows) == 1
    if panel["type"] == "barchart":
        assert panel["options"]["xField"] in columns


def test_both_accountings_can_be_shown(grafana: Any) -> None:
    panel = next(panel for name, panel in PANELS if name == "uptime" and panel["title"] == "Availability")
    hourly, exact = (
        asked(grafana, "uptime", panel, accounting=[view])[1][0][0]
        for view in ("openhours_uptime_day", "openhours_uptime_day_exact")
    )
    assert 0 < hourly < 100
    assert 0 < exact < 100
    assert hourly != exact


def test_a_panel_shows_what_is_chosen_alone(grafana: Any) -> None:
    panel = next(panel for name, panel in PANELS if name == "uptime" and panel["title"] == "Groups")
    assert [row[0] for row in asked(grafana, "uptime", panel, group=["north"])[1]] == ["north"]
    assert {row[0] for row in asked(grafana, "uptime", panel)[1]} == {*GROUPS, "no group"}


@pytest.mark.parametrize("values", CHOICES.values(), ids=CHOICES)
@pytest.mark.parametrize(("name", "panel"), PANELS, ids=NAMED)
def test_a_panel_asks_for_whatever_is_chosen(grafana: Any, name: str, panel: dict[str, Any], values: list[str]) -> None:
    """A database that is still empty has nothing to choose from, and somebody may take every value out."""
    chosen = {one["name"]: values for one in BOARDS[name]["templating"]["list"] if one["type"] == "query"}
    columns, rows = asked(grafana, name, panel, **chosen)
    assert columns == asked(grafana, name, panel)[0]
    if any(f"${{{one}:" in panel["targets"][0]["rawSql"] for one in chosen):
        assert all(not value for row in rows for value in row), "nothing has such a name"


def test_a_group_may_have_any_name(grafana: Any) -> None:
    panel = next(panel for name, panel in PANELS if name == "uptime" and panel["title"] == "Groups")
    found = {row[0] for row in asked(grafana, "uptime", panel, group=[*GROUPS, "no group"])[1]}
    assert found == {*GROUPS, "no group"}
    assert [row[0] for row in asked(grafana, "uptime", panel, group=[GROUPS[1]])[1]] == [GROUPS[1]]


@pytest.mark.parametrize(("name", "variable"), VARIABLES, ids=[f"{name}: {one['name']}" for name, one in VARIABLES])
def test_a_variable_has_something_to_choose_and_is_used(grafana: Any, name: str, variable: dict[str, Any]) -> None:
    values = values_of(grafana, variable)
    assert values
    assert all(isinstance(value, str) for value in values)
    assert any(f"${{{variable['name']}:" in panel["targets"][0]["rawSql"] for panel in BOARDS[name]["panels"])
    if variable["type"] == "custom":
        assert variable["query"] == ", ".join(f"{one['text']} : {one['value']}" for one in variable["options"])
        assert variable["current"]["value"] in values
    else:
        assert variable["query"] == variable["definition"]


def test_the_fewest_values_of_a_median_are_five(grafana: Any) -> None:
    medians = [panel["targets"][0]["rawSql"] for _, panel in PANELS if "percentile_cont" in json.dumps(panel)]
    assert len(medians) == 3
    for sql in medians:
        assert sql.count("percentile_cont") == sql.count(">= 5 THEN percentile_cont")


METRIC = re.compile(r"metric = '(\w+)'")
OF_METRICS = [(panel, METRIC.findall(panel["targets"][0]["rawSql"])) for name, panel in PANELS if name == "engineering"]


def test_a_panel_of_a_metric_says_what_it_cannot_know_and_shows_gaps_and_few_values() -> None:
    every = shipped()
    of_one = [(panel, metrics[0]) for panel, metrics in OF_METRICS if metrics]
    assert {every[metric]["pillar"] for _, metric in of_one} == set(PILLARS)
    for panel, metric in of_one:
        assert every[metric]["caveat"] in panel["description"]
        sql = panel["targets"][0]["rawSql"]
        assert "state = 'complete'" in sql
        if panel["type"] == "timeseries":
            custom = panel["fieldConfig"]["defaults"]["custom"]
            assert custom["spanNulls"] is False
            assert timedelta(weeks=1) < timedelta(milliseconds=custom["insertNulls"]) < timedelta(weeks=2)
            is_count = read_metric(dict(every[metric]), name=metric).is_count
            assert ('AS "few values"' in sql) != is_count


@pytest.mark.parametrize("by", ["team", "repo", "all"])
def test_a_metric_is_shown_of_teams_of_repositories_or_of_all(grafana: Any, by: str) -> None:
    panel = next(panel for panel, metrics in OF_METRICS if "cycle_time" in metrics)
    names = {row[1] for row in asked(grafana, "engineering", panel, by=[by])[1]}
    assert (
        names >= {"team": {"Payments", "Mobile"}, "repo": {"payments-api", "mobile-api"}, "all": {"all together"}}[by]
    )
    assert len(names) == {"team": 3, "repo": 9, "all": 1}[by]


@pytest.mark.parametrize("path", [*sorted((FOLDER / "dashboards").glob("*")), SERVICE], ids=lambda path: path.stem)
def test_a_dashboard_has_what_grafana_needs(path: Path) -> None:
    board = json.loads(path.read_text(encoding="utf-8"))
    assert path.suffix == ".json"
    assert re.fullmatch(r"[a-z-]{1,40}", board["uid"])
    assert board["title"].startswith("Openhours")
    assert board["schemaVersion"] >= 39
    assert board["time"].keys() == {"from", "to"}
    assert "id" not in board  # it is another one in each installation
    ids = [panel["id"] for panel in board["panels"]]
    assert len(ids) == len(set(ids))
    titles = [panel["title"] for panel in board["panels"]]
    assert len(titles) == len(set(titles))
    for panel in board["panels"]:
        assert panel["type"] in SHAPES
        assert panel["gridPos"].keys() == {"h", "w", "x", "y"}
        assert panel["fieldConfig"].keys() == {"defaults", "overrides"}
        references = [target["refId"] for target in panel["targets"]]
        assert len(references) == len(set(references))


@pytest.mark.parametrize("name", BOARDS)
def test_days_stand_at_the_midnights_that_a_dashboard_shows(name: str) -> None:
    assert BOARDS[name]["timezone"] == "utc"


@pytest.mark.parametrize(("name", "panel"), PANELS, ids=NAMED)
def test_a_panel_asks_a_datasource_that_is_provisioned(name: str, panel: dict[str, Any]) -> None:
    for source in (panel["datasource"], *(target["datasource"] for target in panel["targets"])):
        assert sources()[source["uid"]] == source["type"], name


def test_the_dashboard_of_the_service_asks_the_one_source_of_metrics() -> None:
    board = json.loads(SERVICE.read_text(encoding="utf-8"))
    (variable,) = board["templating"]["list"]
    assert (variable["type"], variable["query"]) == ("datasource", "prometheus")
    assert list(sources().values()).count("prometheus") == 1


def test_dashboards_have_different_ids_and_names() -> None:
    boards = [*BOARDS.values(), json.loads(SERVICE.read_text(encoding="utf-8"))]
    assert len({board["uid"] for board in boards}) == len({board["title"] for board in boards}) == 5


@pytest.mark.parametrize("name", BOARDS)
def test_panels_do_not_overlap(name: str) -> None:
    taken = set()
    for panel in BOARDS[name]["panels"]:
        place = panel["gridPos"]
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert (x, y) not in taken, panel["title"]
                taken.add((x, y))
        assert place["x"] + place["w"] <= 24, panel["title"]


def test_what_is_provisioned_is_mounted_where_grafana_looks_and_its_variables_are_set() -> None:
    compose = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text(encoding="utf-8"))
    grafana = compose["services"]["grafana"]
    mounts = dict(volume.split(":")[:2][::-1] for volume in grafana["volumes"])
    assert mounts["/etc/grafana/provisioning"] == "./deploy/grafana/provisioning"
    text = (FOLDER / "provisioning/dashboards/openhours.yaml").read_text(encoding="utf-8")
    paths = [one["options"]["path"] for one in yaml.safe_load(text)["providers"]]
    assert [mounts[path] for path in paths] == ["./deploy/grafana/dashboards", "./k8s/components/dashboard"]
    asked_for = (FOLDER / "provisioning/datasources/openhours.yaml").read_text(encoding="utf-8")
    assert set(re.findall(r"\$\{(\w+)\}", asked_for)) <= set(grafana["environment"])
