"""Keys: shown once, limited to what their owner may, ended in time."""

from datetime import timedelta

import pytest

from app.access.keys import MOST
from app.access.known import Known
from app.access.scopes import Role, Scope
from app.access.secrets import Secret
from app.errors import InvalidParameters, InvalidToken, KeyEnded, UnknownKey, UnknownUser
from app.storage.resources import Resources
from tests.access.services import Accounts, accounts_of


def works(accounts: Accounts, secret: Secret) -> bool:
    """Whether a replica that knows nothing yet lets it in."""
    try:
        Known(accounts.resources.engine).principal_of(secret)
    except InvalidToken:
        return False
    return True


def test_a_key_is_shown_once_and_then_only_by_its_ends(accounts: Accounts) -> None:
    ada = accounts.person("ada", Role.OPERATOR)
    key, secret = accounts.keys.make(ada.id, "notebook")
    assert works(accounts, secret)
    assert secret.text.startswith(f"oh_{key.id}")
    assert key.hint == f"oh_{key.id}…{secret.text[-4:]}"
    assert accounts.keys.list(limit=10).items == [key]
    assert secret.text not in str(accounts.rows("SELECT * FROM token")) + str(accounts.rows("SELECT * FROM audit"))


@pytest.mark.parametrize("days", [30, 90, 365])
def test_a_key_ends_after_the_days_that_were_chosen(accounts: Accounts, days: int) -> None:
    ada = accounts.person("ada")
    key, _ = accounts.keys.make(ada.id, "notebook", days=days)
    assert key.expires_at == key.created_at + timedelta(days=days)


@pytest.mark.parametrize("days", [0, -1, 31, 366, None])
def test_no_other_lifetime_is_accepted(accounts: Accounts, days: int | None) -> None:
    ada = accounts.person("ada")
    with pytest.raises(InvalidParameters, match="30, 90, 365"):
        accounts.keys.make(ada.id, "notebook", days=days)


def test_a_key_may_last_where_the_operator_says_so(emptied: Resources) -> None:
    accounts = accounts_of(emptied, may_last=True)
    key, secret = accounts.keys.make(accounts.person("ada").id, "notebook", days=None)
    assert key.expires_at is None
    assert works(accounts, secret)


def test_72_a_key_has_no_scope_beyond_the_role_of_its_owner(accounts: Accounts) -> None:
    ada = accounts.person("ada", Role.VIEWER)
    with pytest.raises(InvalidParameters, match=r"scopes: .reports:run. is not one of data:read, reports:read"):
        accounts.keys.make(ada.id, "notebook", scopes=[Scope.REPORTS_READ, Scope.REPORTS_RUN])


def test_with_a_limited_key_nobody_makes_one_that_may_more(accounts: Accounts) -> None:
    ada = accounts.person("ada", Role.OPERATOR)
    with pytest.raises(InvalidParameters, match="reports:run"):
        accounts.keys.make(ada.id, "more", scopes=[Scope.REPORTS_RUN], within=[Scope.REPORTS_READ])
    key, _ = accounts.keys.make(ada.id, "all of it", within=[Scope.REPORTS_READ])
    assert key.scopes == (Scope.REPORTS_READ,)


def test_a_service_account_has_keys_that_outlive_who_made_them(accounts: Accounts) -> None:
    robot = accounts.users.add("uploader", role=Role.OPERATOR, kind="service")
    _, secret = accounts.keys.make(robot.id, "nightly", scopes=[Scope.DATA_WRITE])
    principal = Known(accounts.resources.engine).principal_of(secret)
    assert (principal.name, principal.kind, principal.scopes) == ("uploader", "service", {Scope.DATA_WRITE})


@pytest.mark.parametrize(("overlap_hours", "old_works"), [(0, False), (24, True), (168, True)])
def test_a_replaced_key_works_on_as_long_as_was_said(accounts: Accounts, overlap_hours: int, old_works: object) -> None:
    ada = accounts.person("ada")
    old, old_secret = accounts.keys.make(ada.id, "notebook", scopes=[Scope.DATA_READ], days=30)
    new, new_secret = accounts.keys.replace(old.id, overlap_hours=overlap_hours)
    assert (new.name, new.scopes, new.replaces) == ("notebook", (Scope.DATA_READ,), old.id)
    assert new.expires_at == new.created_at + timedelta(days=30)
    assert works(accounts, new_secret)
    assert works(accounts, old_secret) == old_works
    assert accounts.keys.get(old.id).expires_at == new.created_at + timedelta(hours=overlap_hours)


def test_to_replace_a_key_never_makes_it_last_longer(accounts: Accounts) -> None:
    key, _ = accounts.keys.make(accounts.person("ada").id, "notebook")
    accounts.run("UPDATE token SET expires_at = now() + interval '1 hour'")
    ends_at = accounts.keys.get(key.id).expires_at
    accounts.keys.replace(key.id, overlap_hours=168)
    assert accounts.keys.get(key.id).expires_at == ends_at


def test_of_a_chain_two_keys_work_at_most(accounts: Accounts) -> None:
    ada = accounts.person("ada")
    first, first_secret = accounts.keys.make(ada.id, "notebook")
    second, second_secret = accounts.keys.replace(first.id, overlap_hours=168)
    with pytest.raises(KeyEnded, match=f"replaced by {second.id}"):
        accounts.keys.replace(first.id, overlap_hours=168)
    _, third_secret = accounts.keys.replace(second.id, overlap_hours=168)
    assert [works(accounts, one) for one in (first_secret, second_secret, third_secret)] == [False, True, True]


def test_a_revoked_key_is_not_replaced(accounts: Accounts) -> None:
    key, secret = accounts.keys.make(accounts.person("ada").id, "notebook")
    accounts.keys.revoke(key.id)
    accounts.keys.revoke(key.id)
    assert not works(accounts, secret)
    with pytest.raises(KeyEnded, match="revoked"):
        accounts.keys.replace(key.id, overlap_hours=0)


@pytest.mark.parametrize("overlap_hours", [-1, 1, 169])
def test_no_other_overlap_is_accepted(accounts: Accounts, overlap_hours: int) -> None:
    key, _ = accounts.keys.make(accounts.person("ada").id, "notebook")
    with pytest.raises(InvalidParameters, match="0, 24, 168"):
        accounts.keys.replace(key.id, overlap_hours=overlap_hours)


def test_a_key_of_somebody_else_looks_like_one_that_does_not_exist(accounts: Accounts) -> None:
    ada, bob = accounts.person("ada"), accounts.person("bob")
    key, secret = accounts.keys.make(ada.id, "notebook")
    said = []
    for key_id in (key.id, "AAAAAAAA"):
        for ask in (accounts.keys.get, accounts.keys.revoke):
            with pytest.raises(UnknownKey) as refused:
                ask(key_id, owner=bob.id)
            said.append(refused.value.message.replace(key_id, "…"))
        with pytest.raises(UnknownKey):
            accounts.keys.replace(key_id, overlap_hours=0, owner=bob.id)
    assert len(set(said)) == 1
    assert works(accounts, secret)


def test_keys_are_listed_in_pages_and_bounded_in_number(accounts: Accounts) -> None:
    ada, bob = accounts.person("ada"), accounts.person("bob")
    made = [accounts.keys.make(ada.id, f"key {number}")[0] for number in range(3)]
    accounts.keys.make(bob.id, "another's")
    first = accounts.keys.list(limit=2, owner=ada.id)
    second = accounts.keys.list(limit=2, owner=ada.id, cursor=first.next_cursor)
    assert [*first.items, *second.items] == made[::-1]
    assert second.next_cursor is None
    accounts.run(
        "INSERT INTO token (id, kind, user_id, sha256, last4, name, expires_at) "
        "SELECT to_char(n, 'FM00000000'), 'key', user_id, sha256(n::text::bytea), last4, name, expires_at "
        f"FROM token, generate_series(1, {MOST - 3}) AS n WHERE name = 'key 0'"
    )
    with pytest.raises(InvalidParameters, match="100 keys already"):
        accounts.keys.make(ada.id, "one more")


def test_only_keys_that_end_soon_are_listed_where_somebody_asks_for_them(accounts: Accounts) -> None:
    ada, bob = accounts.person("ada"), accounts.person("bob")
    soon, _ = accounts.keys.make(ada.id, "soon", days=30)
    later, _ = accounts.keys.make(ada.id, "later", days=90)
    revoked, _ = accounts.keys.make(ada.id, "revoked", days=30)
    accounts.keys.revoke(revoked.id)
    expired, _ = accounts.keys.make(ada.id, "expired", days=30)
    accounts.run(f"UPDATE token SET expires_at = now() - interval '1 second' WHERE id = '{expired.id}'")
    of_bob, _ = accounts.keys.make(bob.id, "of bob", days=30)
    assert soon.expires_at is not None
    until = soon.expires_at + timedelta(days=1)
    assert accounts.keys.list(limit=10, ends_before=until).items == [of_bob, soon]
    assert accounts.keys.list(limit=10, owner=ada.id, ends_before=until).items == [soon]
    assert later in accounts.keys.list(limit=10, ends_before=until + timedelta(days=90)).items
    assert accounts.keys.list(limit=10, ends_before=soon.expires_at - timedelta(days=1)).items == []


def test_nobody_has_a_key_of_a_user_who_does_not_exist(accounts: Accounts) -> None:
    with pytest.raises(UnknownUser):
        accounts.keys.make("0" * 32, "notebook")
