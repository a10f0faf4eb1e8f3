"""The bundle for Superset holds together, and its metrics and charts are answered to the role that reads the views.

Superset itself is not here: it takes more than a hundred packages, in versions that are not ours. The keys that it
takes are transcribed, and charts become SQL by the rules that its own SQL follows.
"""

import re
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import yaml
from sqlalchemy import text
from sqlalchemy.engine import make_url

from app.dashboards.tables import VIEWS
from app.settings import Settings
from app.storage.resources import Addresses, Resources
from tests.commands import REPOSITORY
from tests.dashboards import superset
from tests.dashboards.superset import BOARDS, CHARTS, DATABASES, DATASETS, FOLDER
from tests.dashboards.test_page import COLUMNS
from tests.dashboards.world import views_of_samples

METRICS = [(name, one) for name, dataset in DATASETS.items() for one in dataset["metrics"]]
FILTERS = [(name, one) for name, board in BOARDS.items() for one in board["metadata"]["native_filter_configuration"]]
SELECTS = [(name, one) for name, one in FILTERS if one["filterType"] == "filter_select"]

DATABASE = DATABASES["openhours"]

NUMBERS = int | float | Decimal


@pytest.fixture(scope="module")
def connection(
    servers: Addresses, session_settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Any]:
    """As Superset has it: with the arguments of the bundle, to a server whose own time zone is another one."""
    with views_of_samples(servers, session_settings, tmp_path_factory.mktemp("world")) as (fresh, address):
        with fresh.engine.begin() as owner:
            owner.execute(text(f"ALTER DATABASE \"{fresh.engine.url.database}\" SET timezone TO 'Pacific/Auckland'"))
        arguments = DATABASE["extra"]["engine_params"]["connect_args"]
        with closing(psycopg2.connect(address, **arguments)) as connection:
            connection.autocommit = True
            yield connection


def asked(connection: Any, sql: str) -> tuple[list[str], list[Any]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return [column.name for column in cursor.description], cursor.fetchall()


def names(documents: list[dict[str, Any]], key: str) -> list[str]:
    return [one[key] for one in documents]


def test_superset_takes_every_file() -> None:
    """It skips names that begin with a dot or an underscore, and files of folders that it does not know."""
    paths = {path.relative_to(FOLDER) for path in FOLDER.rglob("*") if path.is_file()}
    assert paths - {Path("metadata.yaml"), Path("Dockerfile")} == {
        *(Path("databases", f"{name}.yaml") for name in DATABASES),
        *(Path("datasets", "openhours", f"{name}.yaml") for name in DATASETS),
        *(Path("charts", f"{name}.yaml") for name in CHARTS),
        *(Path("dashboards", f"{name}.yaml") for name in BOARDS),
    }
    assert all(re.fullmatch(r"[a-z]\w*\.yaml", path.name) for path in paths if path.suffix == ".yaml")


def test_the_bundle_is_taken_as_dashboards_and_as_assets() -> None:
    metadata = yaml.safe_load((FOLDER / "metadata.yaml").read_text(encoding="utf-8"))
    assert superset.METADATA.wrong(metadata) == []
    assert "type" not in metadata  # the one wants Dashboard there, the other assets
    documents = [metadata, *DATABASES.values(), *DATASETS.values(), *CHARTS.values(), *BOARDS.values()]
    assert {one["version"] for one in documents} == {"1.0.0"}


@pytest.mark.parametrize(
    ("keys", "documents"),
    [
        (superset.DATABASE, DATABASES),
        (superset.DATASET, DATASETS),
        (superset.CHART, CHARTS),
        (superset.BOARD, BOARDS),
        (superset.EXTRA, {name: one["extra"] for name, one in DATABASES.items()}),
        (superset.BOARD_METADATA, {name: one["metadata"] for name, one in BOARDS.items()}),
    ],
    ids=["databases", "datasets", "charts", "dashboards", "extra", "metadata"],
)
def test_documents_have_the_keys_that_superset_takes(keys: superset.Keys, documents: dict[str, Any]) -> None:
    assert documents
    assert {name: wrong for name, one in documents.items() if (wrong := keys.wrong(one))} == {}


def test_a_misspelt_key_is_found() -> None:
    chart = dict(CHARTS["uptime_availability"])
    assert superset.CHART.wrong(chart) == []
    chart["slice_title"] = chart.pop("slice_name")
    assert superset.CHART.wrong(chart) == ["slice_name is missing", "slice_title is unknown"]
    assert superset.CHART.wrong({**CHARTS["uptime_availability"], "params": "{}"}) == ["params is '{}'"]


def test_every_uuid_is_another_one() -> None:
    documents = [one for kind in (DATABASES, DATASETS, CHARTS, BOARDS) for one in kind.values()]
    uuids = [uuid.UUID(one["uuid"]) for one in documents]
    assert len(set(uuids)) == len(documents)
    assert [str(one) for one in uuids] == names(documents, "uuid")  # references are compared as text


def test_every_reference_is_to_something() -> None:
    assert {one["database_uuid"] for one in DATASETS.values()} == {DATABASE["uuid"]}
    datasets = {one["uuid"] for one in DATASETS.values()}
    assert {one["dataset_uuid"] for one in CHARTS.values()} <= datasets
    assert {target["datasetUuid"] for _, one in SELECTS for target in one["targets"]} <= datasets


def test_no_password_is_in_the_bundle() -> None:
    assert "password" not in DATABASE
    address = make_url(DATABASE["sqlalchemy_uri"])
    assert (address.drivername, address.password) == ("postgresql+psycopg2", "XXXXXXXXXX")


def test_nobody_writes_by_the_database() -> None:
    assert not any(DATABASE[f"allow_{what}"] for what in ("ctas", "cvas", "dml", "csv_upload"))


def test_the_image_has_the_driver_and_is_the_version_whose_keys_are_known() -> None:
    dockerfile = FOLDER / "Dockerfile"
    content = dockerfile.read_text(encoding="utf-8")
    assert f"FROM apache/superset:{superset.VERSION}\n" in content
    (driver,) = re.findall(r"psycopg2-binary==\S+", content)
    assert driver in (REPOSITORY / "requirements.txt").read_text(encoding="utf-8")
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, dockerfile], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_every_view_has_a_dataset() -> None:
    assert {name: one["table_name"] for name, one in DATASETS.items()} == {view: view for view in VIEWS}
    assert {one["schema"] for one in DATASETS.values()} == {"public"}


@pytest.mark.parametrize("view", DATASETS)
def test_a_dataset_has_the_columns_of_its_view(resources: Resources, view: str) -> None:
    columns = DATASETS[view]["columns"]
    assert [wrong for one in columns for wrong in superset.COLUMN.wrong(one)] == []
    with resources.engine.connect() as owner:
        there = owner.execute(COLUMNS, {"view": view}).all()
    # As Superset reads them from the database itself.
    types = [kind.upper().replace(",", ", ") for _, kind, _ in there]
    assert [(one["column_name"], one["type"], one["description"]) for one in columns] == [
        (name, kind, description) for (name, _, description), kind in zip(there, types, strict=True)
    ]
    temporal = [one["column_name"] for one in columns if one["type"] in ("DATE", "TIMESTAMP WITH TIME ZONE")]
    assert [one["column_name"] for one in columns if one["is_dttm"]] == temporal
    assert DATASETS[view]["main_dttm_col"] in (None, *temporal)
    assert all(one["groupby"] and one["filterable"] for one in columns)


@pytest.mark.parametrize("view", DATASETS)
def test_metrics_have_names_of_their_own(view: str) -> None:
    """A metric with the name of a column would be the one here and the other there."""
    metrics = DATASETS[view]["metrics"]
    assert [wrong for one in metrics for wrong in superset.METRIC.wrong(one)] == []
    every = names(metrics, "metric_name") + names(DATASETS[view]["columns"], "column_name")
    assert len(every) == len(set(every))


@pytest.mark.parametrize(("view", "metric"), METRICS, ids=[f"{view}: {one['metric_name']}" for view, one in METRICS])
def test_a_metric_says_something(connection: Any, view: str, metric: dict[str, Any]) -> None:
    assert "%" not in metric["expression"]  # the driver would take it for a parameter
    assert ":" not in metric["expression"]  # and SQLAlchemy a colon
    columns, ((value,),) = asked(connection, f'SELECT {metric["expression"]} AS "{metric["metric_name"]}" FROM {view}')
    assert columns == [metric["metric_name"]]
    assert isinstance(value, NUMBERS if "d3format" in metric else date)


def test_the_fewest_values_of_a_median_are_five() -> None:
    medians = [one["expression"] for _, one in METRICS if "percentile_cont" in one["expression"]]
    assert medians
    for sql in medians:
        assert sql.count("percentile_cont") == sql.count(">= 5 THEN percentile_cont") == 1


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_shows_what_its_dataset_has(name: str) -> None:
    chart = CHARTS[name]
    params, dataset = chart["params"], superset.dataset_of(chart)
    assert params["viz_type"] == chart["viz_type"]
    assert superset.keys_of(params).wrong(params) == []
    assert set(superset.metrics_shown(params)) <= set(names(dataset["metrics"], "metric_name"))
    columns = {one["column_name"]: one for one in dataset["columns"]}
    assert set(superset.columns_shown(params)) <= columns.keys()
    assert "x_axis" not in params or columns[params["x_axis"]]["is_dttm"]
    for one in params["adhoc_filters"]:
        keys = {"SIMPLE": superset.SIMPLE, "SQL": superset.BY_SQL}[one["expressionType"]]
        assert keys.wrong(one) == []
        assert one["clause"] in ("WHERE", "HAVING")
        assert "subject" not in one or one["subject"] in columns
        if one.get("operator") == "TEMPORAL_RANGE":
            assert re.fullmatch(r"Last \d+ days", one["comparator"])
            assert one["subject"] == dataset["main_dttm_col"]


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_gets_the_columns_that_it_shows(connection: Any, name: str) -> None:
    params = CHARTS[name]["params"]
    columns, rows = asked(connection, superset.statement(CHARTS[name]))
    assert rows, "there is nothing to show"
    metrics = superset.metrics_shown(params)
    assert columns == [*superset.columns_shown(params), *metrics]
    for metric in metrics:
        values = [row[columns.index(metric)] for row in rows]
        assert any(isinstance(value, NUMBERS | date) for value in values)
    if params["viz_type"] == "big_number_total":
        assert len(rows) == 1
    if "x_axis" in params:
        assert all(isinstance(row[0], datetime) for row in rows)
        assert {row[0].utcoffset() for row in rows if row[0].tzinfo} <= {timedelta(0)}
        assert {(row[0].hour, row[0].minute) for row in rows} == {(0, 0)}


def test_what_bots_write_is_left_out() -> None:
    charts = [one for one in CHARTS.values() if superset.dataset_of(one)["table_name"] == "openhours_pull_request"]
    assert charts
    for chart in charts:
        assert 'WHERE ("is_bot" IS false)' in superset.statement(chart)


def test_every_chart_is_on_one_dashboard() -> None:
    shown = [chart["uuid"] for board in BOARDS.values() for _, chart in superset.placed(board)]
    assert sorted(shown) == sorted(names(list(CHARTS.values()), "uuid"))
    titles = names(list(CHARTS.values()), "slice_name")
    assert len(titles) == len(set(titles))
    assert len({board["slug"] for board in BOARDS.values()}) == len(BOARDS)


@pytest.mark.parametrize("name", BOARDS)
def test_a_dashboard_is_rows_of_charts(name: str) -> None:
    position = dict(BOARDS[name]["position"])
    assert position.pop("DASHBOARD_VERSION_KEY") == "v2"
    assert position.pop("HEADER_ID")["meta"] == {"text": BOARDS[name]["dashboard_title"]}
    assert all(one["id"] == key for key, one in position.items())
    assert position["ROOT_ID"]["children"] == ["GRID_ID"]
    rows = position["GRID_ID"]["children"]
    assert {position[row]["type"] for row in rows} == {"ROW"}
    charts = [(row, chart) for row in rows for chart in position[row]["children"]]
    assert position.keys() == {"ROOT_ID", "GRID_ID", *rows, *(chart for _, chart in charts)}
    for row, key in charts:
        chart = position[key]
        assert (chart["type"], chart["parents"]) == ("CHART", ["ROOT_ID", "GRID_ID", row])
        assert chart["meta"].keys() == {"chartId", "uuid", "sliceName", "sliceNameOverride", "width", "height"}
    for row in rows:
        assert sum(position[chart]["meta"]["width"] for chart in position[row]["children"]) == 12
    called = {chart["uuid"]: chart["slice_name"] for _, chart in superset.placed(BOARDS[name])}
    metas = [position[key]["meta"] for _, key in charts]
    assert {meta["uuid"]: meta["sliceName"] for meta in metas} == called
    assert len(set(names(metas, "chartId"))) == len(metas)


@pytest.mark.parametrize(("name", "one"), FILTERS, ids=[f"{name}: {one['name']}" for name, one in FILTERS])
def test_a_filter_is_for_the_charts_that_it_can_filter(name: str, one: dict[str, Any]) -> None:
    assert one["scope"].keys() == {"rootPath", "excluded"}
    charts = dict(superset.placed(BOARDS[name]))
    assert set(one["scope"]["excluded"]) <= charts.keys()
    in_scope = [chart for number, chart in charts.items() if number not in one["scope"]["excluded"]]
    assert in_scope
    if one["filterType"] == "filter_time":
        ranges = [at for at, chart in charts.items() if "TEMPORAL_RANGE" in str(chart["params"]["adhoc_filters"])]
        assert ranges == [at for at in charts if at not in one["scope"]["excluded"]]
        (last,) = {
            condition["comparator"]
            for chart in in_scope
            for condition in chart["params"]["adhoc_filters"]
            if condition.get("operator") == "TEMPORAL_RANGE"
        }
        mask = one["defaultDataMask"]
        assert (mask["extraFormData"], mask["filterState"]) == ({"time_range": last}, {"value": last})
    else:
        (target,) = one["targets"]
        for chart in in_scope:
            assert target["column"]["name"] in names(superset.dataset_of(chart)["columns"], "column_name")
            assert all(condition in chart["params"]["adhoc_filters"] for condition in one.get("adhoc_filters", []))


@pytest.mark.parametrize(("name", "one"), SELECTS, ids=[f"{name}: {one['name']}" for name, one in SELECTS])
def test_a_filter_has_something_to_choose(connection: Any, name: str, one: dict[str, Any]) -> None:
    (target,) = one["targets"]
    (view,) = (view for view, dataset in DATASETS.items() if dataset["uuid"] == target["datasetUuid"])
    only = [superset.condition(condition) for condition in one.get("adhoc_filters", [])]
    column = target["column"]["name"]
    sql = f'SELECT DISTINCT "{column}" FROM {view} WHERE {" AND ".join(["true", *only])}'
    assert any(isinstance(value, str) for (value,) in asked(connection, sql)[1])


def test_the_time_zone_is_that_of_the_days(connection: Any) -> None:
    assert asked(connection, "SHOW timezone")[1] == [("UTC",)]
