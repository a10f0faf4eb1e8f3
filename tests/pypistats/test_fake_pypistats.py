"""The fake answers what the site documents, member by member."""

from datetime import date, timedelta

import httpx2
import pytest

from tests.pypistats import Pypistats, serve
from tests.pypistats.server import noon

DAY = date(2026, 11, 10)


def site() -> Pypistats:
    return Pypistats(
        noon(DAY + timedelta(days=1)),
        installs={"pip": {DAY: 8, DAY - timedelta(days=1): 4}},
        mirrored={"pip": {DAY: 2}},
    )


@pytest.mark.parametrize(
    ("path", "kind", "data"),
    [
        ("recent", "recent_downloads", {"last_day": 8, "last_week": 12, "last_month": 12}),
        ("recent?period=day", "recent_downloads", {"last_day": 8}),
        (
            "overall",
            "overall_downloads",
            [
                {"category": "with_mirrors", "date": "2026-11-09", "downloads": 4},
                {"category": "with_mirrors", "date": "2026-11-10", "downloads": 10},
                {"category": "without_mirrors", "date": "2026-11-09", "downloads": 4},
                {"category": "without_mirrors", "date": "2026-11-10", "downloads": 8},
            ],
        ),
        (
            "overall?mirrors=true",
            "overall_downloads",
            [
                {"category": "with_mirrors", "date": "2026-11-09", "downloads": 4},
                {"category": "with_mirrors", "date": "2026-11-10", "downloads": 10},
            ],
        ),
        (
            "python_minor?version=3.12",
            "python_minor_downloads",
            [
                {"category": "3.12", "date": "2026-11-09", "downloads": 2},
                {"category": "3.12", "date": "2026-11-10", "downloads": 4},
            ],
        ),
        (
            "system?os=Linux",
            "system_downloads",
            [
                {"category": "Linux", "date": "2026-11-09", "downloads": 2},
                {"category": "Linux", "date": "2026-11-10", "downloads": 4},
            ],
        ),
    ],
)
def test_each_endpoint_has_the_members_of_the_site(path: str, kind: str, data: object) -> None:
    with serve(site()) as there:
        answer = httpx2.get(f"{there.address}/packages/pip/{path}")
        assert answer.json() == {"data": data, "package": "pip", "type": kind}


def test_unknown_packages_lost_days_refusals_and_days_that_are_too_old_or_too_new_are_as_at_the_site() -> None:
    with serve(site()) as there:
        assert httpx2.get(f"{there.address}/packages/nope/overall").status_code == 404
        there.lost.add(DAY)
        only = httpx2.get(f"{there.address}/packages/pip/overall?mirrors=false").json()["data"]
        assert only == [{"category": "without_mirrors", "date": "2026-11-09", "downloads": 4}]
        there.refusals.append((429, {"Retry-After": "7"}))
        refused = httpx2.get(f"{there.address}/packages/pip/overall")
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "7")
        there.now = noon(DAY)
        assert [one["date"] for one in httpx2.get(f"{there.address}/packages/pip/system?os=Linux").json()["data"]] == [
            "2026-11-09"
        ]
        there.now = noon(DAY + timedelta(days=181))
        assert httpx2.get(f"{there.address}/packages/pip/overall").status_code == 404
