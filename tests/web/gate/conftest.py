"""Two replicas of an installation on a network, as far as a test may have one, and those who ask them."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from app.access.scopes import Scope
from app.access.secrets import Kind
from app.storage.resources import Resources
from app.web.server import serving
from tests.web.gate.people import People
from tests.web.test_addressed import with_settings


@dataclass(frozen=True, slots=True)
class Installation:
    """Its replicas' addresses, its users, and each credential of the attacks by its name."""

    replicas: tuple[str, str]
    people: People
    credentials: dict[str, str]


@pytest.fixture(scope="module")
def attacked(untouched: Resources) -> Iterator[Installation]:
    """Users and keys are needed here, although it listens on loopback; nothing that is asked may change anything."""
    resources = with_settings(untouched, auth="on")
    people = People(resources.engine)
    credentials = credentials_of(people)
    with serving(resources, slots=0) as first, serving(resources, slots=0) as second:
        yield Installation((first, second), people, credentials)


def credentials_of(people: People) -> dict[str, str]:
    """One credential of each sort that the attacks use, as text."""
    viewer, operator, admin = (people.user(role, role) for role in ("viewer", "operator", "admin"))
    gone = people.user("gone", "admin", disabled=True)
    revoked = people.credential(admin)
    people.revoke(revoked)
    made = {
        "viewer": people.credential(viewer),
        "operator": people.credential(operator),
        "admin": people.credential(admin),
        "limited": people.credential(operator, scopes=[Scope.REPORTS_READ]),
        "beyond": people.credential(viewer, scopes=[Scope.REPORTS_READ, Scope.REPORTS_RUN]),
        "expired": people.credential(admin, lasts=-1),
        "revoked": revoked,
        "disabled": people.credential(gone),
        "session": people.credential(operator, Kind.SESSION),
        "refresh": people.credential(admin, Kind.REFRESH),
    }
    return {name: secret.text for name, secret in made.items()}
