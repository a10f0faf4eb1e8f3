"""Versions, their names and ranges, and the days on which their support ends."""

import json
from datetime import date
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.metrics.runtimes.end_of_life import as_of, end_of_life
from app.metrics.runtimes.runtime import CYCLE_NUMBERS, RUNTIMES, UNKNOWN
from app.metrics.runtimes.versions import installed_version, lowest_version, named_version

TABLE = json.loads((files("app.metrics.runtimes") / "end_of_life.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("3.12", "3.12"),
        (" v18.17.0\n", "18.17.0"),
        ("go1.22.1", "1.22.1"),
        ("ruby-3.2.2", "3.2.2"),
        ("cpython-3.12.1", "3.12.1"),
        ("pypy-3.9-v7.3.16", "pypy-3.9-v7.3.16"),
        ("lts/*", "lts/*"),
        ("lts/-1", "lts/-1"),
        ("3.13.0-rc.2", "3.13.0-rc.2"),
        ("17.0.4+101", "17.0.4+101"),
        ("8.0.1xx", "8.0.1xx"),
        ("18.x", "18.x"),
        ("latest", "latest"),
        (">=3.9", None),
        ("3.9, 3.10", None),
        ("", None),
        ("*", None),
        ("9" * 51, None),
        ("٣.١٢", None),
    ],
)
def test_a_version_or_its_name_is_told_from_a_range(text: str, version: str | None) -> None:
    assert named_version(text) == version


@pytest.mark.parametrize(
    ("text", "lowest"),
    [
        (">=3.9", "3.9"),
        (">=3.9,<4", "3.9"),
        ("<4,>=3.9", "3.9"),
        (">= 3.9, < 4", "3.9"),
        (">3.8", "3.8"),
        ("~=3.8", "3.8"),
        ("==3.11.*", "3.11"),
        ("===3.11.2", "3.11.2"),
        ("^3.9 || ^4", "3.9"),
        ("^8.2|^8.1", "8.1"),
        ("18.x || >=20", "18"),
        ("1.10 || 1.9", "1.9"),
        (">=3.9 >=3.10", "3.10"),
        (">=v18", "18"),
        ("18.0.0 - 20", "18.0.0"),
        ("~> 3.2", "3.2"),
        ("8.0.1xx", "8.0"),
        ("3", "3"),
        ("<4", None),
        ("<4 || >=5", None),
        ("!=3.0", None),
        ("*", None),
        ("x", None),
        ("", None),
        ("lts/*", None),
        (">=3.9 and more", None),
        (">=", None),
        (">=3.9 ||", None),
        (">=3.9" + " " * 200, None),
    ],
)
def test_a_range_declares_its_lowest_version(text: str, lowest: str | None) -> None:
    assert lowest_version(text) == lowest


@pytest.mark.parametrize(
    ("runtime", "text", "version"),
    [
        ("python", "~3.12.0-0", "3.12"),
        ("python", "==3.12.*", "3.12"),
        ("python", "~=3.12.0", "3.12"),
        ("python", "~=3.12", None),
        ("python", "^3.12", None),
        ("python", ">=3.12", None),
        ("python", ">=3.12 <3.13", None),
        ("python", "3.x", "3.x"),
        ("node", "^20", "20"),
        ("node", "^0.10", None),
        ("node", "~20.1", "20.1"),
        ("node", ">=20", None),
        ("go", "~1.22", "1.22"),
        ("go", "^1.22", None),
        ("ruby", "~> 3.3.0", "3.3"),
        ("java", "*", None),
    ],
)
def test_a_range_is_tested_as_its_only_cycle_or_is_unknown(runtime: str, text: str, version: str | None) -> None:
    assert installed_version(runtime, text) == version


@pytest.mark.parametrize(
    ("runtime", "version", "end"),
    [
        ("python", "3.8", date(2024, 10, 7)),
        ("python", "3.8.12", date(2024, 10, 7)),
        ("python", "3.10", date(2026, 10, 31)),
        ("python", "3.1", date(2012, 4, 9)),
        ("python", "3.13t", date(2029, 10, 31)),
        ("python", "3.14-dev", date(2030, 10, 31)),
        ("python", "3.14.0rc1", date(2030, 10, 31)),
        ("python", "2", date(2020, 1, 1)),
        ("python", "2.x", date(2020, 1, 1)),
        ("node", "18", date(2025, 4, 30)),
        ("node", "18.x", date(2025, 4, 30)),
        ("node", "v18.17.0", date(2025, 4, 30)),
        ("node", "0.10", date(2016, 10, 31)),
        ("node", "lts/iron", date(2026, 4, 30)),
        ("node", "LTS/Iron", date(2026, 4, 30)),
        ("go", "1.20", date(2024, 2, 6)),
        ("go", "go1.20.3", date(2024, 2, 6)),
        ("go", "1.21rc2", date(2024, 8, 13)),
        ("java", "1.8", date(2030, 12, 31)),
        ("java", "8", date(2030, 12, 31)),
        ("java", "8u392", date(2030, 12, 31)),
        ("java", "17.0.4+101", date(2027, 10, 31)),
        ("java", "temurin-17", date(2027, 10, 31)),
        ("java", "20-ea", date(2023, 9, 30)),
        ("ruby", "2.7.8", date(2023, 3, 31)),
        ("ruby", "ruby-3.2.2", date(2026, 4, 1)),
        ("php", "7", date(2022, 11, 28)),
        ("php", "8.1", date(2025, 12, 31)),
        ("dotnet", "6.0.x", date(2024, 11, 12)),
        ("dotnet", "8", date(2026, 11, 10)),
        ("dotnet", "8.x", date(2026, 11, 10)),
        ("dotnet", "8.0.1xx", date(2026, 11, 10)),
        ("dotnet", "3.1.426", date(2022, 12, 13)),
        ("go", "1.27", None),
        ("ruby", "4.0", None),
        ("rust", "1.56.0", None),
        ("rust", "stable", None),
    ],
)
def test_the_support_of_a_version_ends(runtime: str, version: str, end: date | None) -> None:
    assert end_of_life(runtime, version) == end


@pytest.mark.parametrize(
    ("runtime", "version"),
    [
        *(("python", one) for one in ("pypy-3.9", "graalpy-24.0", "3", "3.x", "3.99", "2.8", "4", "x", "*", "", "3.")),
        *(
            ("node", one)
            for one in ("lts/*", "lts/-1", "latest", "current", "node", "stable", "27", "99", "18abc", "-18")
        ),
        *(("go", one) for one in ("stable", "oldstable", "1", "1.x", "1.99", "2.0")),
        *(("java", one) for one in ("temurin", "zulu-17", "21.x.y", "1.9", "99")),
        *(("ruby", one) for one in ("jruby-9.4", "truffleruby", "head", "3", "1.8")),
        *(("dotnet", one) for one in ("lts", "8.5", "11")),
        *(("php", one) for one in ("8", "nightly", "latest")),
        *(("unknown", one) for one in ("1", "latest")),
        ("perl", "5.36"),
    ],
)
def test_what_names_no_released_version_is_unknown(runtime: str, version: str) -> None:
    assert end_of_life(runtime, version) is UNKNOWN


def test_the_table_has_every_runtime_with_its_source_and_its_day() -> None:
    assert {*TABLE["runtimes"], "unknown"} == set(RUNTIMES)
    assert as_of() == date(2026, 11, 27)
    for name, entry in TABLE["runtimes"].items():
        assert entry["source"].startswith("https://")
        assert entry["cycles"] is not None or (name == "rust" and entry["note"])


def test_every_cycle_and_alias_of_the_table_is_found() -> None:
    for name, entry in TABLE["runtimes"].items():
        for cycle, end in (entry["cycles"] or {}).items():
            day = None if end is None else date.fromisoformat(end)
            assert cycle.count(".") + 1 == CYCLE_NUMBERS[name] or (name, cycle[0]) == ("node", "0") or name == "dotnet"
            assert end_of_life(name, cycle) == end_of_life(name, f"{cycle}.1") == day
        for alias, cycle in entry.get("aliases", {}).items():
            assert end_of_life(name, alias) == end_of_life(name, cycle)


def test_cycles_of_even_steps_end_in_the_order_in_which_they_came() -> None:
    """Node's odd releases and Java's of six months end before older ones; the others do not."""
    for name in ("go", "ruby", "php"):
        days = [day for day in TABLE["runtimes"][name]["cycles"].values() if day is not None]
        assert days == sorted(days)


@given(st.sampled_from((*RUNTIMES, "perl")), st.one_of(st.text(max_size=20), st.from_regex(r"[vx0-9.*]{0,8}")))
def test_any_version_has_an_end_or_none_or_an_unknown_one(runtime: str, version: str) -> None:
    found = end_of_life(runtime, version)
    assert found is None or found is UNKNOWN or isinstance(found, date)


@given(st.sampled_from(tuple(CYCLE_NUMBERS)), st.text(alphabet="0123456789.^~=<>!|*x -,vz", max_size=24))
def test_the_lowest_version_of_any_range_stands_in_it(runtime: str, text: str) -> None:
    for found in (lowest_version(text), installed_version(runtime, text)):
        assert found is None or found in text
