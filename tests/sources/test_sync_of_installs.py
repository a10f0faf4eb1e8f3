"""Syncs of pypistats.org into the series: what is lost there is unknown here, and what grows late is replaced."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text

from app.sources.api import client
from app.sources.service import GivenToken, SourceService
from app.storage.resources import Resources
from tests.pypistats import Pypistats, serve
from tests.sources.syncing import one, rows, sync

COUNTS = "SELECT key, day, n FROM install_day JOIN entity ON id = entity_id ORDER BY 1, 2"
COVERED = "SELECT key, day FROM source_day JOIN entity ON id = told_of ORDER BY 1, 2"
GAPS = "SELECT scope, code, closed_at IS NULL FROM source_gap ORDER BY 1, 2"


@pytest.fixture(autouse=True)
def _without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "PAUSES", (0.01, 0.01, 0.01))


@pytest.fixture
def site() -> Iterator[Pypistats]:
    now = datetime.now(UTC).replace(hour=12) - timedelta(days=20)
    days = {now.date() - timedelta(days=number): 10 for number in range(1, 9)}
    mirrored = {"pip": dict.fromkeys(days, 1), "rich": dict.fromkeys(days, 1)}
    with serve(Pypistats(now, installs={"pip": days, "rich": dict(days)}, mirrored=mirrored)) as there:
        yield there


def days_later(site: Pypistats, count: int) -> None:
    for _ in range(count):
        for package in ("pip", "rich"):
            site.installs[package][site.now.date()] = 10
        site.now += timedelta(days=1)


def sync_again(resources: Resources) -> None:
    """A sync, as if some hours had passed."""
    with resources.engine.begin() as connection:
        connection.execute(text("UPDATE source_cursor SET updated_at = updated_at - interval '4 hours'"))
        connection.execute(text("UPDATE source_budget SET blocked_until = NULL"))
        connection.execute(text("UPDATE report SET not_before = NULL"))
    sync(resources, "pypistats")


def truth(site: Pypistats, *, without: set[tuple[str, date]] = frozenset()) -> list[tuple[str, date, int]]:
    """What the site tells of days that are over for 24 hours."""
    until = (site.now - timedelta(hours=24)).date()
    told = [(package, day, n) for package, of in site.installs.items() for day, n in of.items() if n and day < until]
    return sorted(row for row in told if row[:2] not in without)


def test_what_is_lost_late_or_grown_at_the_site_is_told_as_it_is(resources: Resources, site: Pypistats) -> None:
    options = {"address": site.address, "projects": ["pip", "rich"]}
    SourceService(resources).add("pypistats", "pypistats", options, GivenToken())
    lost = site.now.date() - timedelta(days=5)
    quiet = site.now.date() - timedelta(days=4)
    site.installs["rich"][quiet] = 0  # only mirrors have downloaded it
    site.mirrored["pip"].pop(lost)
    kept = site.installs["pip"].pop(lost)
    assert sync(resources, "pypistats", asked=False) == 1
    assert rows(resources, COUNTS) == truth(site)
    covered = rows(resources, COVERED)
    assert ("rich", quiet) in covered, "nobody has installed it: 0"
    assert ("pip", lost) not in covered, "nobody knows"
    assert rows(resources, GAPS) == [("pip", "days_missing", True)]
    assert one(resources, "SELECT source FROM source_day LIMIT 1") == "pypistats"

    site.installs["pip"][lost] = kept
    grown = site.now.date() - timedelta(days=8)
    site.installs["rich"][grown] += 2
    days_later(site, 2)
    sync_again(resources)
    assert rows(resources, COUNTS) == truth(site)
    assert rows(resources, GAPS) == [("pip", "days_missing", False), ("rich", "revised", False)]


def test_a_refusal_waits_an_outage_is_told_and_neither_takes_anything_away(
    resources: Resources, site: Pypistats
) -> None:
    options = {"address": site.address, "projects": ["pip", "rich", "nope"]}
    SourceService(resources).add("pypistats", "pypistats", options, GivenToken())
    sync(resources, "pypistats", asked=False)
    before = rows(resources, COUNTS)
    assert before == truth(site)
    assert rows(resources, GAPS) == [("nope", "gone", True)]
    days_later(site, 1)
    site.refusals.append((429, {"Retry-After": "600"}))
    sync_again(resources)
    assert rows(resources, COUNTS) == before
    assert one(resources, "SELECT count(*) FROM report WHERE status = 'queued' AND not_before > now()") == 1
    site.refusals.extend([(503, {})] * 4)
    sync_again(resources)
    assert ("pip", "unavailable", True) in rows(resources, GAPS)
    missing = {("pip", site.now.date() - timedelta(days=2))}
    assert rows(resources, COUNTS) == truth(site, without=missing), "the other project is read all the same"
    sync_again(resources)
    assert rows(resources, COUNTS) == truth(site)


@pytest.mark.parametrize("days_back", [3, None])
def test_a_reset_still_asks_for_days_that_were_lost_before_and_compares_those_that_grow(
    resources: Resources, site: Pypistats, days_back: int | None
) -> None:
    service = SourceService(resources)
    service.add("pypistats", "pypistats", {"address": site.address, "projects": ["pip", "rich"]}, GivenToken())
    lost = site.now.date() - timedelta(days=6)
    site.mirrored["pip"].pop(lost)
    kept = site.installs["pip"].pop(lost)
    sync(resources, "pypistats", asked=False)
    service.reset("pypistats", since=None if days_back is None else site.now - timedelta(days=days_back))
    sync(resources, "pypistats", asked=False)
    assert rows(resources, GAPS) == [("pip", "days_missing", True)]
    site.installs["pip"][lost] = kept
    site.installs["rich"][site.now.date() - timedelta(days=7)] += 2
    days_later(site, 1)
    sync_again(resources)
    assert rows(resources, COUNTS) == truth(site)
