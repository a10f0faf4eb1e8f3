"""One-time codes: spent once, by one, in time."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from app.access.known import Known
from app.access.scopes import Role
from app.access.secrets import Kind, new_secret
from app.errors import (
    CodeSpent,
    InvalidParameters,
    InvalidToken,
    NameTaken,
    OpenhoursError,
    TooManyLogins,
    UnknownCode,
    WeakPassword,
)
from app.storage.resources import Resources
from tests.access.services import PASSWORD, Accounts, accounts_of

HERE = "192.0.2.1"
NEW_PASSWORD = "eleven green kettles"

#: What an operator sets for a set-up that nobody attends.
OWN_CODE = "0123456789abcdef0123456789abcdef"


def setup_code(accounts: Accounts) -> str:
    secret = accounts.codes.setup()
    assert secret is not None
    return secret.text


def test_67_the_code_makes_the_first_administrator_once(accounts: Accounts) -> None:
    code = setup_code(accounts)
    ada = accounts.codes.set_up(code, "ada", PASSWORD, HERE)
    assert (ada.name, ada.role, ada.kind) == ("ada", Role.ADMIN, "person")
    assert accounts.logins.prove("ada", PASSWORD, HERE) == ada.id
    with pytest.raises(CodeSpent):
        accounts.codes.set_up(code, "eve", PASSWORD, HERE)
    with pytest.raises(UnknownCode):
        accounts.codes.set_up(new_secret(Kind.ONCE).text, "eve", PASSWORD, HERE)
    assert accounts.codes.setup() is None
    assert [one.name for one in accounts.users.list(limit=10).items] == ["ada"]


@pytest.mark.parametrize("own", [None, OWN_CODE])
def test_67_of_two_at_once_one_becomes_administrator(emptied: Resources, own: str | None) -> None:
    replicas = [accounts_of(emptied, setup_code=own) for _ in range(2)]
    code = own or setup_code(replicas[0])
    with ThreadPoolExecutor(2) as pool:
        asked = [
            pool.submit(replica.codes.set_up, code, name, PASSWORD, HERE)
            for replica, name in zip(replicas, ("ada", "eve"), strict=True)
        ]
    assert sorted(str(type(one.exception()).__name__) for one in asked) == ["CodeSpent", "NoneType"]
    assert len(replicas[0].users.list(limit=10).items) == 1


def test_a_code_is_good_for_nothing_once_there_is_a_user(accounts: Accounts) -> None:
    code = setup_code(accounts)
    accounts.person("ada", Role.ADMIN)
    with pytest.raises(CodeSpent):
        accounts.codes.set_up(code, "eve", PASSWORD, HERE)


def test_67_the_twenty_first_wrong_code_in_a_minute_is_not_looked_at(accounts: Accounts) -> None:
    code = setup_code(accounts)
    for _ in range(20):
        with pytest.raises(UnknownCode):
            accounts.codes.set_up(new_secret(Kind.ONCE).text, "eve", PASSWORD, HERE)
    with pytest.raises(TooManyLogins):
        accounts.codes.set_up(code, "eve", PASSWORD, HERE)
    accounts.codes.set_up(code, "ada", PASSWORD, "192.0.2.2")


def test_a_newer_code_replaces_the_one_before(accounts: Accounts) -> None:
    first, second = setup_code(accounts), setup_code(accounts)
    with pytest.raises(CodeSpent):
        accounts.codes.set_up(first, "ada", PASSWORD, HERE)
    accounts.codes.set_up(second, "ada", PASSWORD, HERE)


def test_a_weak_password_or_a_wrong_name_does_not_spend_the_code(accounts: Accounts) -> None:
    code = setup_code(accounts)
    with pytest.raises(WeakPassword):
        accounts.codes.set_up(code, "ada", "password1234", HERE)
    with pytest.raises(InvalidParameters):
        accounts.codes.set_up(code, " ", PASSWORD, HERE)
    accounts.codes.set_up(code, "ada", PASSWORD, HERE)


def test_a_code_is_good_for_a_day(accounts: Accounts) -> None:
    code = setup_code(accounts)
    (lasts,) = accounts.rows("SELECT extract(epoch FROM expires_at - created_at)::int FROM token")
    assert lasts == (86_400,)
    accounts.run("UPDATE token SET expires_at = now()")
    with pytest.raises(CodeSpent):
        accounts.codes.set_up(code, "ada", PASSWORD, HERE)


def test_who_is_invited_chooses_a_password(accounts: Accounts) -> None:
    bob = accounts.users.add("bob", role=Role.OPERATOR)
    link = accounts.codes.link(bob.id)
    assert (link.purpose, link.lasts.total_seconds()) == ("invite", 72 * 3600)
    assert accounts.codes.set_password(link.secret.text, PASSWORD, HERE).has_password
    assert accounts.logins.prove("bob", PASSWORD, HERE) == bob.id


def test_69_a_reset_link_works_once_for_its_own_user_and_ends_their_sessions(accounts: Accounts) -> None:
    ada, bob = accounts.person("ada"), accounts.person("bob")
    session = accounts.sessions.begin(ada.id, None, None)
    link = accounts.codes.link(ada.id)
    assert (link.purpose, link.lasts.total_seconds()) == ("reset", 3600)
    with pytest.raises(UnknownCode):
        accounts.codes.set_password(link.secret.text, NEW_PASSWORD, HERE, name="bob")
    with pytest.raises(WeakPassword):
        accounts.codes.set_password(link.secret.text, "ada ada ada Ada", HERE)
    accounts.codes.set_password(link.secret.text, NEW_PASSWORD, HERE, name="Ada")
    with pytest.raises(CodeSpent):
        accounts.codes.set_password(link.secret.text, PASSWORD, HERE)
    with pytest.raises(InvalidToken):
        Known(accounts.resources.engine).principal_of(session)
    assert accounts.logins.prove("ada", NEW_PASSWORD, HERE) == ada.id
    assert accounts.logins.prove("bob", PASSWORD, HERE) == bob.id


def test_69_a_reset_link_is_good_for_an_hour_and_for_nothing_else(accounts: Accounts) -> None:
    ada = accounts.person("ada", Role.ADMIN)
    code = accounts.codes.link(ada.id).secret.text
    with pytest.raises(UnknownCode):
        accounts.codes.set_up(code, "eve", PASSWORD, HERE)
    accounts.run("UPDATE token SET expires_at = now()")
    with pytest.raises(CodeSpent):
        accounts.codes.set_password(code, NEW_PASSWORD, HERE)


def test_of_two_who_use_a_reset_link_at_once_one_sets_the_password(emptied: Resources) -> None:
    replicas = [accounts_of(emptied) for _ in range(2)]
    code = replicas[0].codes.link(replicas[0].person("ada").id).secret.text
    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(one.codes.set_password, code, NEW_PASSWORD, HERE) for one in replicas]
    assert sorted(str(type(one.exception()).__name__) for one in asked) == ["CodeSpent", "NoneType"]


def test_a_newer_link_replaces_the_one_before_and_a_disabled_user_has_none(accounts: Accounts) -> None:
    ada = accounts.person("ada")
    first, second = (accounts.codes.link(ada.id).secret.text for _ in range(2))
    with pytest.raises(CodeSpent):
        accounts.codes.set_password(first, NEW_PASSWORD, HERE)
    accounts.users.disable(ada.id)
    with pytest.raises(UnknownCode):
        accounts.codes.set_password(second, NEW_PASSWORD, HERE)


def test_a_service_account_gets_no_link(accounts: Accounts) -> None:
    robot = accounts.users.add("uploader", role=Role.OPERATOR, kind="service")
    with pytest.raises(InvalidParameters, match="make a key"):
        accounts.codes.link(robot.id)


@pytest.mark.parametrize("code", ["", "oh1_", "\x00", "x" * 10_000, OWN_CODE, "\ud800"])
def test_what_is_no_code_is_unknown(accounts: Accounts, code: str) -> None:
    for ask in (
        lambda: accounts.codes.set_up(code, "ada", PASSWORD, HERE),
        lambda: accounts.codes.set_password(code, PASSWORD, HERE),
    ):
        with pytest.raises(UnknownCode):
            ask()


def test_no_code_is_recorded_and_no_error_repeats_one(accounts: Accounts) -> None:
    code = setup_code(accounts)
    accounts.codes.set_up(code, "ada", PASSWORD, HERE)
    ada = accounts.users.named("ada")
    link = accounts.codes.link(ada.id).secret.text
    accounts.codes.set_password(link, NEW_PASSWORD, HERE)
    everything = str(accounts.rows("SELECT * FROM audit")) + str(accounts.rows("SELECT * FROM token"))
    for one in (code, link, PASSWORD, NEW_PASSWORD):
        assert one not in everything
    with pytest.raises(OpenhoursError) as refused:
        accounts.codes.set_password(link, NEW_PASSWORD, HERE)
    assert link not in str(refused.value.details) + refused.value.message


def test_a_name_that_is_taken_makes_no_second_administrator(emptied: Resources) -> None:
    accounts = accounts_of(emptied, setup_code=OWN_CODE)
    accounts.codes.set_up(OWN_CODE, "ada", PASSWORD, HERE)
    with pytest.raises(CodeSpent):
        accounts.codes.set_up(OWN_CODE, "ada", PASSWORD, HERE)
    with pytest.raises(NameTaken):
        accounts.person("ada")
