"""Users: unique names, and always somebody who can administer them."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from app.access.principal import Principal, acting_as
from app.access.scopes import SCOPES_OF, Role
from app.errors import InvalidParameters, LastAdmin, NameTaken, OpenhoursError, UnknownUser, WeakPassword
from app.storage.resources import Resources
from tests.access.services import PASSWORD, Accounts, accounts_of


def test_a_name_is_taken_whatever_its_case(accounts: Accounts) -> None:
    ada = accounts.person("Ada Löwe")
    with pytest.raises(NameTaken, match="'ADA LöWE'"):
        accounts.person("ADA LöWE")
    with pytest.raises(NameTaken, match="'ADA LÖWE'"):
        accounts.person("ADA LÖWE")
    for name in ("ada löwe", "ADA LÖWE"):  # in a database whose locale has no case of such letters, too
        assert accounts.users.named(name) == ada
    assert accounts.users.named("ada lo\u0308we") == ada  # the same letters, composed otherwise


@pytest.mark.parametrize("name", ["", " ada", "ada ", "a\x00b", "a\nb", "a\u202eb", "x" * 101])
def test_a_name_is_refused_that_people_could_not_read(accounts: Accounts, name: str) -> None:
    with pytest.raises(InvalidParameters, match="1 to 100 printable characters"):
        accounts.person(name)


@pytest.mark.parametrize(
    "email", ["ada", "@example.com", "ada@", "a@b.c, d@e.f", "a@b.c\r\nBcc: d@e.f", "a" * 251 + "@b.c"]
)
def test_an_address_is_one_address(accounts: Accounts, email: str) -> None:
    with pytest.raises(InvalidParameters, match="email"):
        accounts.users.add("ada", role=Role.VIEWER, email=email)


def test_a_weak_password_makes_no_user(accounts: Accounts) -> None:
    with pytest.raises(WeakPassword):
        accounts.users.add("ada", role=Role.VIEWER, password="password1234")
    assert accounts.users.list(limit=10).items == []


def test_users_are_listed_in_pages_the_newest_first(accounts: Accounts) -> None:
    for name in ("ada", "bob", "cyn"):
        accounts.users.add(name, role=Role.VIEWER)
    first = accounts.users.list(limit=2)
    assert [one.name for one in first.items] == ["cyn", "bob"]
    second = accounts.users.list(limit=2, cursor=first.next_cursor)
    assert [one.name for one in second.items] == ["ada"]
    assert second.next_cursor is None


@pytest.mark.parametrize("user_id", ["0" * 32, "ada", "\x00", "' OR 1=1"])
def test_an_id_that_nobody_has_is_unknown(accounts: Accounts, user_id: str) -> None:
    for ask in (accounts.users.get, accounts.users.disable, accounts.users.remove, accounts.codes.link):
        with pytest.raises(UnknownUser):
            ask(user_id)


@pytest.mark.parametrize("action", ["disable", "remove", "demote"])
def test_73_the_last_administrator_stays(accounts: Accounts, action: str) -> None:
    ada = accounts.person("ada", Role.ADMIN)
    accounts.person("bob", Role.OPERATOR)
    accounts.users.add("invited", role=Role.ADMIN)  # has not chosen a password yet
    accounts.users.add("robot", role=Role.ADMIN, kind="service")
    gone = accounts.person("gone", Role.ADMIN)
    accounts.users.disable(gone.id)
    take = _taking(accounts, action)
    with pytest.raises(LastAdmin):
        take(ada.id)
    assert accounts.users.get(ada.id) == ada
    accounts.users.enable(gone.id)
    take(ada.id)


@pytest.mark.parametrize("action", ["disable", "remove", "demote"])
def test_73_of_two_administrators_who_are_taken_away_at_once_one_stays(emptied: Resources, action: str) -> None:
    replicas = [accounts_of(emptied), accounts_of(emptied)]
    admins = [replicas[0].person(name, Role.ADMIN) for name in ("ada", "bob")]
    with ThreadPoolExecutor(2) as pool:
        asked = [
            pool.submit(partial(_taking(replica, action), admin.id))
            for replica, admin in zip(replicas, admins, strict=True)
        ]
    assert sorted(type(one.exception()) is LastAdmin for one in asked) == [False, True]


def test_who_changed_a_user_is_recorded_with_the_change(accounts: Accounts) -> None:
    admin = Principal(name="root", via="session", scopes=SCOPES_OF[Role.ADMIN], user_id="1" * 32, address="192.0.2.1")
    with acting_as(admin):
        ada = accounts.person("ada")
        accounts.users.set_role(ada.id, Role.OPERATOR)
        accounts.users.disable(ada.id)
        accounts.users.disable(ada.id)  # changes nothing, so nothing is recorded
        accounts.users.enable(ada.id)
        accounts.users.remove(ada.id)
    recorded = accounts.rows("SELECT action, actor_name, object_id, host(ip) FROM audit ORDER BY id")
    actions = ["user.add", "user.role", "user.disable", "user.enable", "user.remove"]
    assert recorded == [(action, "root", ada.id, "192.0.2.1") for action in actions]
    assert PASSWORD not in str(accounts.rows("SELECT * FROM audit"))


@pytest.mark.parametrize("action", ["disable", "remove", "demote"])
def test_every_change_that_takes_rights_away_raises_the_epoch(accounts: Accounts, action: str) -> None:
    ada = accounts.person("ada", Role.OPERATOR)
    (before,) = accounts.rows("SELECT n FROM auth_epoch")
    _taking(accounts, action)(ada.id)
    assert accounts.rows("SELECT n FROM auth_epoch") > [before]


def test_a_refused_change_is_no_change(accounts: Accounts) -> None:
    ada = accounts.person("ada", Role.ADMIN)
    before = accounts.rows("SELECT count(*) FROM audit")
    for action in ("disable", "remove", "demote"):
        with pytest.raises(OpenhoursError):
            _taking(accounts, action)(ada.id)
    assert accounts.rows("SELECT count(*) FROM audit") == before


def _taking(accounts: Accounts, action: str):  # noqa: ANN202 - a union of bound methods
    return {
        "disable": accounts.users.disable,
        "remove": accounts.users.remove,
        "demote": lambda user_id: accounts.users.set_role(user_id, Role.VIEWER),
    }[action]
