"""What is known of a repository's pull requests: 0 is not the same as not read."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text

from app.reports.not_read import tell_not_read
from app.series.collected import coverage
from app.storage.resources import Resources
from tests.kinds import context_of

#: Up to here everything is read.
MARK = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)

REPOSITORIES = ("whole", "under-way", "never", "gap", "gone", "left")


def sources(resources: Resources) -> None:
    """Two sources; the second reads no pull requests."""
    with resources.engine.begin() as connection:

        def put(table: str, **values: Any) -> None:
            names = ", ".join(values)
            places = ", ".join(f":{name}" for name in values)
            connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({places})"), values)

        put("source", id="a", kind="github", name="hub", options='{"streams": null}')
        put("source", id="b", kind="github", name="other", options='{"streams": ["commits"]}')
        for number, name in enumerate(REPOSITORIES, 1):
            state = name if name in {"gone", "left"} else "ok"
            place = {"source_id": "a", "stream": "pull_requests", "scope": str(number), "position": "{}"}
            put("source_repository", source_id="a", repo_id=number, full_name=name, state=state, state_since=MARK)
            if name != "never":
                put("source_cursor", **place, watermark=MARK, **({"pass": "{}"} if name == "under-way" else {}))
        put("source_repository", source_id="b", repo_id=9, full_name="elsewhere")
        gap = {"source_id": "a", "scope": "4", "message": "m", "since": MARK - DAY}
        put("source_gap", **gap, stream="pull_requests", code="unavailable")
        put("source_gap", **gap | {"scope": "1"}, stream="issues", code="unavailable")
        put("source_gap", **gap | {"scope": "1"}, stream="pull_requests", code="gone", closed_at=MARK)


def test_what_was_read_up_to_an_instant_is_known_and_nothing_else(resources: Resources) -> None:
    sources(resources)
    with resources.engine.connect() as connection:
        found = {one.repository: one for one in coverage(connection, "pull_requests")}
    assert sorted(found) == sorted(set(REPOSITORIES) - {"left"})
    assert {name for name, one in found.items() if one.is_known()} == {"whole", "under-way"}
    assert {name for name, one in found.items() if one.is_known(MARK - 2 * DAY)} == set(found) - {"never"}
    assert {name for name, one in found.items() if one.is_known(MARK)} == {"whole", "under-way", "gone"}
    assert not any(one.is_known(MARK + DAY) for one in found.values())
    assert (found["gap"].gaps, found["gap"].since) == (("unavailable",), MARK - DAY)
    assert found["under-way"].is_reading


def test_a_report_warns_of_those_of_its_repositories_that_were_not_read_whole(
    resources: Resources, tmp_path: Path
) -> None:
    sources(resources)

    def told(repositories: list[str] | None) -> list[tuple[str, int, list[str]]]:
        warnings: list[Any] = []
        context = context_of(resources, tmp_path)
        object.__setattr__(context, "warn", warnings.append)
        with resources.engine.connect() as connection:
            tell_not_read(context, connection, "pull_requests", repositories=repositories)
        return [(one["code"], one["count"], one["examples"]) for one in warnings]

    assert told(["whole", "of-a-file"]) == []
    assert told(["whole", "gap"]) == [("not_read", 1, ["gap"])]
    assert told(None) == [("not_read", 3, ["gap", "gone", "never"])]
