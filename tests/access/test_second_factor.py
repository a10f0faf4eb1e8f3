"""Codes of an authenticator app: the vectors of RFC 6238 come with pyotp; here is what is made of them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
from sqlalchemy import Connection, func, insert, select, update

from app.access.second_factor import RECOVERY_CODES, SecondFactors
from app.access.server_secret import ServerSecret, server_secret
from app.access.tables import audit, second_factor, user
from app.errors import LoginFailed, NoSecondFactor, SetupError
from app.ids import new_id
from app.settings import Settings
from app.storage.resources import Resources

KEY = "a secret key of thirty-two characters or more"
STEP_SECONDS = 30


@pytest.fixture
def connection(resources: Resources) -> Iterator[Connection]:
    with resources.engine.connect() as one:
        yield one
        one.rollback()


@pytest.fixture
def ada(connection: Connection) -> str:
    identifier = new_id(datetime.now(UTC))
    connection.execute(insert(user).values(id=identifier, name=identifier, kind="person", role="viewer"))
    return identifier


@pytest.fixture
def factors() -> SecondFactors:
    return SecondFactors(ServerSecret([KEY]))


def app_of(factors: SecondFactors, connection: Connection, user_id: str) -> pyotp.TOTP:
    """The authenticator app of somebody who scans the code that is shown."""
    enrolment = factors.enrol(connection, user_id, "ada")
    query = parse_qs(urlsplit(enrolment.address).query)
    assert query["secret"] == [enrolment.secret]
    return pyotp.TOTP(query["secret"][0])


def set_up(factors: SecondFactors, connection: Connection, user_id: str) -> tuple[pyotp.TOTP, list[str]]:
    """An app whose first code was used two steps ago."""
    app = app_of(factors, connection, user_id)
    codes = factors.confirm(connection, user_id, app.now())
    connection.execute(update(second_factor).values(last_step=second_factor.c.last_step - 2))
    return app, codes


def test_a_code_counts_once(factors: SecondFactors, connection: Connection, ada: str) -> None:
    app, _ = set_up(factors, connection, ada)
    code = app.now()
    assert factors.accepts(connection, ada, f"{code[:3]} {code[3:]}")
    assert not factors.accepts(connection, ada, code)


def test_the_code_that_confirms_does_not_count_again(factors: SecondFactors, connection: Connection, ada: str) -> None:
    app = app_of(factors, connection, ada)
    code = app.now()
    factors.confirm(connection, ada, code)
    assert not factors.accepts(connection, ada, code)


def test_codes_of_the_step_before_count_and_no_others(factors: SecondFactors, connection: Connection, ada: str) -> None:
    app, _ = set_up(factors, connection, ada)
    connection.execute(update(second_factor).values(last_step=0))
    now = datetime.now(UTC).timestamp() // STEP_SECONDS * STEP_SECONDS
    for steps in (-3, 2):
        assert not factors.accepts(connection, ada, app.at(int(now) + steps * STEP_SECONDS))
    assert factors.accepts(connection, ada, app.at(int(now) - 1))


@pytest.mark.parametrize("code", ["", "000000x", "é" * 6, "1" * 10_000, "-1", "\ud800"])
def test_a_text_that_is_no_code_is_refused(factors: SecondFactors, connection: Connection, ada: str, code: str) -> None:
    set_up(factors, connection, ada)
    assert not factors.accepts(connection, ada, code)


def test_a_factor_counts_from_its_confirmation_on(factors: SecondFactors, connection: Connection, ada: str) -> None:
    app = app_of(factors, connection, ada)
    assert not factors.is_set(connection, ada)
    assert not factors.accepts(connection, ada, app.now())
    with pytest.raises(LoginFailed):
        factors.confirm(connection, ada, "000000" if app.now() != "000000" else "000001")
    assert not factors.is_set(connection, ada)
    factors.confirm(connection, ada, app.now())
    assert factors.is_set(connection, ada)


def test_an_enrolment_that_is_not_confirmed_leaves_the_factor_as_it_was(
    factors: SecondFactors, connection: Connection, ada: str
) -> None:
    old, _ = set_up(factors, connection, ada)
    new = app_of(factors, connection, ada)
    assert new.secret != old.secret
    assert not factors.accepts(connection, ada, new.now())
    assert factors.accepts(connection, ada, old.now())


def test_recovery_codes_count_once_each_and_their_use_is_in_the_audit(
    factors: SecondFactors, connection: Connection, ada: str
) -> None:
    _, codes = set_up(factors, connection, ada)
    assert len({*codes}) == RECOVERY_CODES
    assert factors.accepts(connection, ada, codes[3].upper())
    assert not factors.accepts(connection, ada, codes[3])
    assert factors.accepts(connection, ada, codes[0])
    left = connection.scalars(
        select(audit.c.detail["codes_left"].as_integer())
        .where(audit.c.action == "second_factor.recover", audit.c.object_id == ada)
        .order_by(audit.c.id)
    )
    assert [*left] == [RECOVERY_CODES - 1, RECOVERY_CODES - 2]


def test_to_set_up_anew_replaces_recovery_codes(factors: SecondFactors, connection: Connection, ada: str) -> None:
    _, codes = set_up(factors, connection, ada)
    set_up(factors, connection, ada)
    assert not factors.accepts(connection, ada, codes[0])


def test_a_removed_factor_is_gone(factors: SecondFactors, connection: Connection, ada: str) -> None:
    app, codes = set_up(factors, connection, ada)
    factors.remove(connection, ada)
    assert not factors.is_set(connection, ada)
    assert not factors.accepts(connection, ada, app.now())
    assert not factors.accepts(connection, ada, codes[0])
    with pytest.raises(NoSecondFactor):
        factors.remove(connection, ada)
    with pytest.raises(NoSecondFactor):
        factors.confirm(connection, ada, app.now())


def test_the_database_alone_makes_no_codes(factors: SecondFactors, connection: Connection, ada: str) -> None:
    app, _ = set_up(factors, connection, ada)
    stranger = SecondFactors(ServerSecret(["another secret key of thirty-two characters"]))
    with pytest.raises(SetupError, match="Add the earlier key"):
        stranger.accepts(connection, ada, app.now())


def test_a_new_secret_key_keeps_the_factors_of_the_old_one(
    factors: SecondFactors, connection: Connection, ada: str
) -> None:
    app, _ = set_up(factors, connection, ada)
    later = SecondFactors(ServerSecret(["another secret key of thirty-two characters", KEY]))
    assert later.accepts(connection, ada, app.now())


def test_without_a_secret_key_none_can_be_set_up(connection: Connection, ada: str) -> None:
    with pytest.raises(SetupError, match="OPENHOURS_SECRET_KEY"):
        SecondFactors(ServerSecret([])).enrol(connection, ada, "ada")


def test_the_key_of_a_home_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "new")
    first, second = server_secret(settings), server_secret(settings)
    assert first.newest_id() == second.newest_id()
    [file] = (tmp_path / "new").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.read_text() not in repr(first)
    assert server_secret(Settings(home=tmp_path / "other")).newest_id() != first.newest_id()


def test_a_recovery_code_of_somebody_else_is_refused(factors: SecondFactors, connection: Connection, ada: str) -> None:
    _, codes = set_up(factors, connection, ada)
    other = new_id(datetime.now(UTC))
    connection.execute(insert(user).values(id=other, name=other, kind="person", role="viewer"))
    set_up(factors, connection, other)
    assert not factors.accepts(connection, other, codes[0])
    assert connection.scalar(select(func.count()).select_from(second_factor)) == 2
