"""The mappings that come with the program read the examples beside them."""

import json

import pytest

from app.mapping.document import with_values
from app.mapping.shipped import FOLDER, example, shipped
from tests.ingest.checking import check

#: 2021-01-07T20:54:54Z, microseconds since 1970.
DOWNLOADED = 1_610_052_894_000_000

#: 2024-11-01, days since 1970.
NOVEMBER = 20_028

#: Of each example the number of its rows, and the first of them.
EXPECTED = {
    "uptime-kuma": (3, ("3", 1)),
    "uptimerobot": (3, ("www.example.com", 0)),
    "statuscake": (2, ("shop", 1)),
    "pingdom": (3, ("shop", 1)),
    "zabbix": (2, ("23296", 1)),
    "nagios": (2, ("web1", 0)),
    "checkmk": (3, ("web1/HTTP", 1)),
    "outages": (3, ("shop", 0)),
    "gh-pr-list": (2, ("example/app", 41)),
    "gitlab-merge-requests": (3, ("gitlab.example/g/p", 42)),
    "gitlab-merge-requests-api": (2, ("gitlab.example/g/p", 42)),
    "github-pulls-api": (2, ("example/app", 41)),
    "bitbucket-pull-requests": (2, ("example/app", 41)),
    "azure-devops-pull-requests": (2, ("example/app", 41)),
    "bitbucket-server-pull-requests": (3, ("EX/app", 41)),
    "gharchive": (8, ("a/b", 1)),
    "bigquery-file-downloads-csv": (5, ("threadpoolctl", DOWNLOADED)),
    "bigquery-file-downloads-jsonl": (5, ("threadpoolctl", DOWNLOADED)),
    "bigquery-file-downloads-parquet": (5, ("threadpoolctl", DOWNLOADED)),
    "clickpy": (4, ("napari", NOVEMBER)),
    "clickpy-jsonl": (4, ("napari", NOVEMBER)),
    "pypistats-csv": (1, ("napari", NOVEMBER)),
    "pypinfo": (3, ("napari", NOVEMBER)),
    "pypistats": (2, ("napari", NOVEMBER)),
    "camel-case": (2, ("example/app", 41)),
    "zendesk-schedules": (4, ("Support EMEA", 0)),
}

#: What no record of an example tells, so that its page has it given.
GIVEN = {name: {"project": "napari"} for name in ("pypistats", "pypistats-csv")}


@pytest.mark.parametrize("name", shipped())
def test_every_shipped_mapping_reads_its_example(name: str) -> None:
    mapping = with_values(shipped()[name], GIVEN.get(name, {}))
    found = check(example(name).read_bytes(), mapping.kind, mapping=mapping)
    assert found.rejections == []
    assert (len(found.rows), found.rows[0][:2]) == EXPECTED[name]


def test_every_file_of_the_folder_is_a_mapping_or_the_example_of_one() -> None:
    stems = {path.name.partition(".")[0] for path in FOLDER.iterdir() if path.suffix not in {".py", ".pyc", ""}}
    assert stems == set(shipped())


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_downloads_of_bigquery_say_the_same_in_each_format(form: str) -> None:
    name = f"bigquery-file-downloads-{form}"
    found = check(example(name).read_bytes(), "installs", mapping=shipped()[name])
    assert [(row[0], *row[2:5]) for row in found.rows] == [
        ("threadpoolctl", "pip", "20.1.1", None),
        ("django-crum", "pip", "20.0.2", None),
        ("enum34", "unknown", None, None),
        ("django-crum", "pip", "22.0.3", True),
        ("django-crum", "uv", "0.9.11", True),
    ]


def test_ci_in_other_words_is_rejected_with_those_that_the_mapping_knows() -> None:
    csv = example("bigquery-file-downloads-csv").read_bytes().replace(b",true", b",yes", 1)
    found = check(csv, "installs", mapping=shipped()["bigquery-file-downloads-csv"])
    assert [(one.line, one.code) for one in found.rejections] == [(5, "not_mapped")]


@pytest.mark.parametrize("categories", [("with_mirrors", "without_mirrors"), ("3.11", "null"), ("Linux", "null")])
def test_rows_of_pypistats_add_up_without_those_that_hold_the_others(categories: tuple[str, str]) -> None:
    first, second = categories
    rows = [
        {"category": first, "date": "2024-11-01", "downloads": 120},
        {"category": second, "date": "2024-11-01", "downloads": 100},
    ]
    found = check(
        json.dumps({"data": rows, "package": "napari", "type": "any"}),
        "installs",
        mapping=with_values(shipped()["pypistats"], {"project": "napari"}),
    )
    at = found.columns.index("count")
    assert sum(row[at] for row in found.rows) == (100 if first == "with_mirrors" else 220)


def test_what_pypinfo_writes_as_none_is_nothing() -> None:
    found = check(example("pypinfo").read_bytes(), "installs", mapping=shipped()["pypinfo"])
    names = ("installer", "installer_version", "ci", "count")
    assert [tuple(row[found.columns.index(name)] for name in names) for row in found.rows] == [
        ("pip", "24.2", None, 60),
        ("uv", "0.4.29", True, 30),
        ("unknown", None, None, 8),
    ]


def test_counts_of_clickpy_never_say_that_uv_ran_outside_ci() -> None:
    found = check(example("clickpy").read_bytes(), "installs", mapping=shipped()["clickpy"])
    names = ("installer", "version", "count")
    assert [tuple(row[found.columns.index(name)] for name in names) for row in found.rows] == [
        ("pip", "0.5.4", 60),
        ("bandersnatch", "0.5.4", 9),
        ("unknown", "0.5.3", 8),
        (None, "0.5.4", 5),
    ]


def test_what_pypinfo_was_not_asked_for_is_not_unknown() -> None:
    rows = [{"project": "napari", "download_date": "2024-11-01", "download_count": 60, "percent": "60.0%"}]
    found = check(json.dumps({"rows": rows, "query": {}}), "installs", mapping=shipped()["pypinfo"])
    assert (found.columns, found.rows) == (("project", "date", "count"), [("napari", NOVEMBER, 60)])
