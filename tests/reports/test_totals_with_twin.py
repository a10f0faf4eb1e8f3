"""What a range compares and adds up, through files and the database, against the twin: before, groups, targets."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from app.reports.kinds import uptime
from app.reports.kinds.uptime import UPTIME
from app.settings import Settings
from app.storage.resources import Addresses, Resources
from app.timeline import LATEST
from tests.conftest import fresh_resources, load_file
from tests.kinds import context_of
from tests.reference.periods import Row
from tests.reference.range_totals import Store, budgets, change, group_rows, labelled, rows_before, sums
from tests.reference.uptime import DAY
from tests.reports.test_ranges_with_twin import (
    ReportCase,
    decimals,
    load_stores,
    params_of,
    read_rows,
    report_case,
    written,
)
from tests.reports.test_uptime import clear
from tests.strategies import examples

GROUPS = ("north", "south", None)

TARGETS = ("50", "99.5", "100")

COMPARED = ("availability_before_percent", "availability_change_points")


def signed(value: Fraction | None) -> str:
    """Percentage points as a table has them, four decimals; empty without any."""
    if value is None:
        return ""
    return f"-{decimals(-value, 4)}" if value < 0 else decimals(value, 4)


def compared(now: Row, before: Row | None) -> dict[str, str]:
    earlier, more = change(now, before)
    return dict(zip(COMPARED, (signed(earlier), signed(more)), strict=True))


def alike(found: Mapping[str, Any], expected: Mapping[str, Any]) -> bool:
    """Whether the fields of a row are those; a change of half a unit of the last place may be written either way."""
    points = COMPARED[1]
    if found.get(points) and expected.get(points):
        if abs(Fraction(found[points]) - Fraction(expected[points])) > Fraction(1, 10_000):
            return False
        found, expected = {**found, points: ""}, {**expected, points: ""}
    return all(found[name] == value for name, value in expected.items())


def load_groups(resources: Resources, stores: Mapping[str, Store], folder: Path, now: datetime) -> None:
    path = folder / "entities.csv"
    path.write_text("store_id,group\n" + "".join(f"{key},{store.group or ''}\n" for key, store in stores.items()))
    load_file(resources, "entities", path, now=now)


def assert_groups(path: Path, stores: Mapping[str, Store], case: ReportCase) -> None:
    expected = group_rows(stores, case.one.asked, case.one.accounting, compared=True)
    rows = read_rows(path) if path.exists() else []
    assert [(row["group"], row["period"]) for row in rows] == [(group, one.label) for group, one in expected]
    for row, (_, one) in zip(rows, expected, strict=True):
        row |= {edge: datetime.fromisoformat(str(row[edge])) for edge in ("period_start", "period_end")}
        figures = without_key(one.row) | compared(one.row, one.before) | {"stores": str(one.stores)}
        assert alike(row, figures), (row, figures)


def without_key(row: Row) -> dict[str, object]:
    """A row of several stores as a table has it: they have no gap in common."""
    row = replace(row, max_gap=timedelta())
    return {name: value for name, value in written("", row).items() if name not in {"store_id", "max_gap_minutes"}}


def assert_summary(summary: Mapping[str, Any], stores: Mapping[str, Store], case: ReportCase, target: str) -> None:
    asked, accounting = case.one.asked, case.one.accounting
    every = sums(list(stores.values()), asked, accounting, compared=True)
    told = {one.label: change(one.row, one.before) for one in every}
    assert set(summary["comparison"]) == set(told)
    for label, expected in told.items():
        found = summary["comparison"][label]
        # The change is that of two percentages, each rounded to four decimals.
        for name, value, within in zip(COMPARED, expected, (6e-5, 1.1e-4), strict=True):
            assert found[name] == (None if value is None else pytest.approx(float(value), abs=within)), label
    below, left = budgets(stores, asked, accounting, Fraction(target))
    assert summary["stores_below_target"] == below
    found_budgets = {one["store_id"]: one for one in summary["error_budgets"]}
    assert set(found_budgets) == {one.store_id for one in left}
    for one in left:
        found = [found_budgets[one.store_id][f"{name}_hours"] for name in ("allowed", "used", "left")]
        assert found == [pytest.approx(float(value), abs=1e-6) for value in (one.allowed, one.used, one.left)]
    lefts = [one["left_hours"] for one in summary["error_budgets"]]
    assert lefts == sorted(lefts)


def test_random_comparisons_groups_and_targets_agree_with_the_twin_through_the_database(
    servers: Addresses, session_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uptime, "database_now", lambda _: LATEST)
    with fresh_resources(servers, session_settings) as resources:

        @given(
            case=report_case(),
            groups=st.lists(st.sampled_from(GROUPS), min_size=3, max_size=3),
            target=st.sampled_from(TARGETS),
        )
        @settings(max_examples=examples(16))
        def agree(case: ReportCase, groups: list[str | None], target: str) -> None:
            stores = {
                key: Store(one.entity, one.polls, group)
                for (key, one), group in zip(case.stores.items(), groups, strict=False)
            }
            asked, accounting = case.one.asked, case.one.accounting
            if not any(labelled(store, asked, accounting) for store in stores.values()):
                return
            clear(resources)
            with resources.engine.begin() as connection:
                connection.execute(text("TRUNCATE calendar_day"))
            load_stores(resources, case, tmp_path)
            load_groups(resources, stores, tmp_path, asked.as_of + 400 * DAY)
            given_params = params_of(case.one) | {"compare_to": "previous", "target_percent": float(target)}
            (tmp_path / "groups.csv").unlink(missing_ok=True)
            with resources.engine.connect() as connection:
                params, _ = UPTIME.resolve(connection, UPTIME.params.model_validate(given_params))
            files = {one.path.name: one.path for one in UPTIME.produce(context_of(resources, tmp_path), params)}
            found = {(str(row["store_id"]), str(row["period"])): row for row in read_rows(files["uptime.csv"])}
            told = {key: labelled(one, asked, accounting) for key, one in stores.items()}
            assert set(found) == {(key, label) for key, now in told.items() for label in now}
            for key, now in told.items():
                before = rows_before(stores[key], asked, accounting)
                for label, row in now.items():
                    expected = compared(row, before.get(label))
                    assert alike(found[key, label], expected), (key, label, found[key, label], expected)
            assert_groups(tmp_path / "groups.csv", stores, case)
            assert_summary(json.loads(files["summary.json"].read_bytes()), stores, case, target)

        agree()
