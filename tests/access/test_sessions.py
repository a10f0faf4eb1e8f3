"""Sessions: ten of a user, none that somebody else planted, ended on every replica."""

from datetime import UTC, datetime

import pytest

from app.access.credentials import remove_ended
from app.access.known import Known
from app.access.secrets import Secret
from app.access.sessions import MOST
from app.errors import InvalidParameters, InvalidToken, UnknownSession, WeakPassword
from tests.access.services import PASSWORD, Accounts

NEW_PASSWORD = "eleven green kettles"


def works(accounts: Accounts, secret: Secret) -> bool:
    try:
        Known(accounts.resources.engine).principal_of(secret)
    except InvalidToken:
        return False
    return True


def test_with_the_eleventh_session_the_one_used_longest_ago_ends(accounts: Accounts) -> None:
    ada = accounts.person("ada")
    begun = []
    for number in range(MOST):
        begun.append(accounts.sessions.begin(ada.id, "192.0.2.1", f"browser {number}"))
        accounts.run(
            "UPDATE token SET created_at = created_at - interval '1 hour', expires_at = expires_at - interval '1 hour'"
        )
    accounts.run(f"UPDATE token SET last_used_at = now() WHERE id = '{begun[0].id}'")
    last = accounts.sessions.begin(ada.id, "192.0.2.1", "one more")
    assert [one.id for one in accounts.sessions.list(ada.id)] == [
        last.id,
        begun[0].id,
        *(one.id for one in begun[:1:-1]),
    ]
    assert [works(accounts, one) for one in begun] == [True, False, *[True] * 8]


@pytest.mark.parametrize("column", ["created_at = created_at - interval '12 hours'", "expires_at = now()"])
def test_a_session_that_nobody_used_for_half_a_day_or_is_a_week_old_has_ended(accounts: Accounts, column: str) -> None:
    ada = accounts.person("ada")
    secret = accounts.sessions.begin(ada.id, None, None)
    accounts.run(f"UPDATE token SET {column}")
    assert accounts.sessions.list(ada.id) == []
    assert not works(accounts, secret)


def test_62_the_session_from_before_a_login_ends_with_it(accounts: Accounts) -> None:
    ada, mallory = accounts.person("ada"), accounts.person("mallory")
    planted = accounts.sessions.begin(mallory.id, None, None)
    own = accounts.sessions.begin(ada.id, None, None, instead_of=planted)
    assert (works(accounts, planted), works(accounts, own)) == (False, True)


def test_a_session_of_somebody_else_looks_like_one_that_does_not_exist(accounts: Accounts) -> None:
    ada, bob = accounts.person("ada"), accounts.person("bob")
    secret = accounts.sessions.begin(ada.id, None, None)
    for session_id in (secret.id, "AAAAAAAA", "\x00"):
        with pytest.raises(UnknownSession, match="of yours"):
            accounts.sessions.end(bob.id, session_id)
    accounts.sessions.end(ada.id, secret.id)
    assert not works(accounts, secret)


def test_all_other_sessions_end_and_keys_stay(accounts: Accounts) -> None:
    ada = accounts.person("ada")
    one, two, own = (accounts.sessions.begin(ada.id, None, None) for _ in range(3))
    _, key = accounts.keys.make(ada.id, "notebook")
    assert accounts.sessions.end_others(ada.id, but=own.id) == 2
    assert [works(accounts, each) for each in (one, two, own, key)] == [False, False, True, True]


def test_64_a_password_is_changed_only_by_who_knows_it_and_ends_all_sessions(accounts: Accounts) -> None:
    ada = accounts.person("ada")
    stolen, own = (accounts.sessions.begin(ada.id, None, None) for _ in range(2))
    with pytest.raises(InvalidParameters, match="current_password: is not your password"):
        accounts.passwords.change(ada.id, current="a wrong password", new=NEW_PASSWORD, address="192.0.2.1")
    with pytest.raises(WeakPassword):
        accounts.passwords.change(ada.id, current=PASSWORD, new="password1234", address="192.0.2.1")
    assert works(accounts, stolen)
    new = accounts.passwords.change(ada.id, current=PASSWORD, new=NEW_PASSWORD, address="192.0.2.1")
    assert [works(accounts, each) for each in (stolen, own, new)] == [False, False, True]
    assert accounts.logins.prove("ada", PASSWORD, "192.0.2.1") is None
    assert accounts.logins.prove("ada", NEW_PASSWORD, "192.0.2.1") == ada.id


def test_what_ended_a_month_ago_is_removed(accounts: Accounts) -> None:
    ada = accounts.person("ada")
    late, old = (accounts.sessions.begin(ada.id, None, None) for _ in range(2))
    revoked, _ = accounts.keys.make(ada.id, "revoked")
    kept, _ = accounts.keys.make(ada.id, "kept")
    now = datetime.now(UTC)
    accounts.run(f"UPDATE token SET expires_at = now() - interval '29 days' WHERE id = '{late.id}'")
    accounts.run(f"UPDATE token SET expires_at = now() - interval '31 days' WHERE id = '{old.id}'")
    accounts.run(f"UPDATE token SET revoked_at = now() - interval '31 days' WHERE id = '{revoked.id}'")
    assert remove_ended(accounts.resources.engine, now) == 2
    assert {row[0] for row in accounts.rows("SELECT id FROM token")} == {late.id, kept.id}


def test_65_what_a_disabled_user_had_is_refused_and_sessions_do_not_come_back(accounts: Accounts) -> None:
    ada = accounts.person("ada")
    session = accounts.sessions.begin(ada.id, None, None)
    _, key = accounts.keys.make(ada.id, "notebook")
    accounts.users.disable(ada.id)
    assert [works(accounts, each) for each in (session, key)] == [False, False]
    accounts.users.enable(ada.id)
    assert [works(accounts, each) for each in (session, key)] == [False, True]
