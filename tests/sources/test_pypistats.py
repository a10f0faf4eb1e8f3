"""The client of pypistats.org: it waits as it is told to, and tells what is missing from what is broken."""

from collections.abc import Iterator
from datetime import date, timedelta

import httpx2
import pytest

from app.errors import InvalidParameters, SourceRefused, SourceUnavailable
from app.sources.api.client import PAUSES, ApiClient
from app.sources.api.rules import Rules
from app.sources.checks import check
from app.sources.contract import Absence, Access, Missing, MustWait
from app.sources.options import source_options
from app.sources.registry import SOURCE_KINDS
from app.storage.resources import Resources
from tests.pypistats import Pypistats as Site
from tests.pypistats import serve
from tests.pypistats.server import noon

KIND = SOURCE_KINDS["pypistats"]
TODAY = date(2026, 11, 20)


@pytest.fixture
def site() -> Iterator[Site]:
    days = {TODAY - timedelta(days=number): 10 for number in range(1, 40)}
    with serve(Site(noon(TODAY), installs={"pip": days, "rich": dict(days)})) as there:
        yield there


class Asking:
    """A client whose pauses are counted, not slept."""

    def __init__(self, resources: Resources, site: Site) -> None:
        self.access = Access(site.address, lambda: None, "nobody", resources.engine)
        self.slept: list[float] = []

    def get(self, path: str) -> object:
        with httpx2.Client() as http:
            return ApiClient(self.access, http, Rules(), sleep=self.slept.append).get(path).body["package"]


@pytest.mark.usefixtures("resources")
def test_an_answer_that_is_broken_or_a_failure_is_asked_for_again_and_a_third_failure_is_an_error(
    resources: Resources, site: Site
) -> None:
    asking = Asking(resources, site)
    site.refusals.extend([(502, {}), (200, {})])  # the body of the second is no JSON
    assert asking.get("/packages/pip/overall") == "pip"
    assert asking.slept == [*PAUSES[:2]]
    site.refusals.extend([(503, {})] * 4)
    with pytest.raises(SourceUnavailable, match=r"did not answer properly, 4 times: status 503"):
        asking.get("/packages/pip/overall")


@pytest.mark.parametrize("after", ["120", "Fri, 20 Nov 2026 12:02:00 GMT"])
def test_a_longer_pause_than_a_slot_may_be_held_for_ends_the_sync(resources: Resources, site: Site, after: str) -> None:
    site.refusals.append((429, {"Retry-After": after}))
    with pytest.raises(MustWait, match=r"wants a pause of 1(20|19) seconds"):
        Asking(resources, site).get("/packages/pip/overall")


@pytest.mark.parametrize(("status", "absence"), [(404, Absence.GONE), (403, Absence.FORBIDDEN), (410, Absence.OFF)])
def test_what_is_not_there_is_a_state_and_no_failure(
    resources: Resources, site: Site, status: int, absence: Absence
) -> None:
    site.refusals.append((status, {}))
    with pytest.raises(Missing) as missing:
        Asking(resources, site).get("/packages/pip/overall")
    assert missing.value.absence is absence


def test_a_look_refuses_projects_that_the_site_does_not_know(resources: Resources, site: Site) -> None:
    access = Access(site.address, lambda: None, "nobody", resources.engine)
    some = source_options(KIND, {"projects": ["pip", "nope"], "address": site.address})
    assert [(one.level, one.message) for one in check(KIND, some, access)] == [
        ("warning", "nope: the API knows no such project yet; it is asked once a day."),
        ("ok", "Can be read: pip."),
    ]
    with pytest.raises(SourceRefused, match="nope: the API knows no such project; check the spelling"):
        check(KIND, source_options(KIND, {"projects": ["nope"], "address": site.address}), access)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "projects: [] names nothing that pypistats could read; allowed: names of projects such as requests"),
        ({"projects": ["-x"]}, "'-x' is not a name of a project such as requests"),
        ({"repositories": ["acme/*"], "projects": ["pip"]}, "is not what a source of pypistats names; give projects"),
        ({"projects": ["pip"], "app": {"id": "1", "installation": 2}}, "app: is of GitHub; pypistats has no apps"),
        ({"projects": ["pip"], "streams": ["download"]}, "did you mean 'downloads'?"),
    ],
)
def test_options_of_another_kind_are_refused(given: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidParameters) as refused:
        source_options(KIND, given)
    assert message in refused.value.message


def test_spellings_of_a_project_are_one_project() -> None:
    given = {"projects": ["Flask-Login", "flask_login", "flask.login"]}
    assert source_options(KIND, given).projects == ("flask-login",)
