"""What a process knows of credentials: rights that were taken away count within a second on each replica."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event, select, update

from app.access.known import LOOK_SECONDS, MOST_ROWS, ROW_SECONDS, Known
from app.access.scopes import SCOPES_OF, Role, Scope
from app.access.secrets import Kind, new_secret
from app.access.tables import token
from app.errors import DatabaseUnavailable, InvalidToken
from app.storage.postgres import build_engine
from app.storage.resources import Resources
from tests.web.gate.people import People

#: After it a look is due, and within the second that is promised.
A_LOOK = LOOK_SECONDS + 0.1


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.began = datetime.now(UTC)

    def __call__(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return self.began + timedelta(seconds=self.seconds - 1000)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def people(resources: Resources) -> People:
    return People(resources.engine)


@pytest.fixture
def replicas(resources: Resources, clock: Clock) -> tuple[Known, Known]:
    first, second = (Known(resources.engine, clock=clock, now=clock.now) for _ in range(2))
    return first, second


@contextmanager
def counted(engine: Engine) -> Iterator[list[str]]:
    """Every statement that Postgres is asked meanwhile."""
    statements: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_who_comes_in_may_do_what_the_role_has_and_the_key_was_given(
    people: People, replicas: tuple[Known, Known]
) -> None:
    operator = people.user("Ada", "operator")
    all_of_it = people.credential(operator)
    some = people.credential(operator, scopes=[Scope.REPORTS_RUN, Scope.USERS_ADMIN])
    known, _ = replicas
    principal = known.principal_of(all_of_it, address="10.1.2.3")
    assert (principal.name, principal.role, principal.via) == ("Ada", Role.OPERATOR, "key")
    assert (principal.user_id, principal.token_id, principal.address) == (operator, all_of_it.id, "10.1.2.3")
    assert principal.scopes == SCOPES_OF[Role.OPERATOR]
    assert known.principal_of(some).scopes == {Scope.REPORTS_RUN}


def test_in_the_steady_state_postgres_is_asked_nothing(people: People, replicas: tuple[Known, Known]) -> None:
    known, _ = replicas
    secret = people.credential(people.user("Ada", "viewer"))
    known.principal_of(secret)
    with counted(people.engine) as statements:
        for _ in range(100):
            assert known.cached(secret) is not None
    assert statements == []


def test_one_look_a_second_is_shared_by_all_credentials(
    people: People, replicas: tuple[Known, Known], clock: Clock
) -> None:
    known, _ = replicas
    secrets = [people.credential(people.user(f"user {n}", "viewer")) for n in range(5)]
    for secret in secrets:
        known.principal_of(secret)
    clock.seconds += A_LOOK
    with counted(people.engine) as statements:
        assert [known.cached(secret) for secret in secrets] == [None] * 5
        for secret in secrets:
            known.principal_of(secret)
    assert [statement for statement in statements if "auth_epoch" in statement] == statements


@pytest.mark.parametrize("how", ["revoked", "disabled", "demoted"])
def test_rights_that_were_taken_away_count_on_each_replica_after_the_next_look(
    people: People, replicas: tuple[Known, Known], clock: Clock, how: str
) -> None:
    user_id = people.user("Ada", "operator")
    secret = people.credential(user_id)
    for known in replicas:
        known.principal_of(secret)
    if how == "revoked":
        people.revoke(secret)
    else:
        people.change(user_id, **({"role": "viewer"} if how == "demoted" else {"disabled_at": datetime.now(UTC)}))
    clock.seconds += A_LOOK
    assert A_LOOK < 1
    for known in replicas:
        assert known.cached(secret) is None
        if how == "demoted":
            assert known.principal_of(secret).scopes == SCOPES_OF[Role.VIEWER]
        else:
            with pytest.raises(InvalidToken):
                known.principal_of(secret)


def test_a_row_that_was_read_before_a_revocation_is_not_kept_after_it(
    people: People, replicas: tuple[Known, Known], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, _ = replicas
    secret = people.credential(people.user("Ada", "operator"))
    known.refresh()
    ask = known._of_token

    def overtaken(*asked: Any) -> Any:
        found = ask(*asked)
        people.revoke(secret)
        clock.seconds += A_LOOK
        known.refresh()
        return found

    monkeypatch.setattr(known, "_of_token", overtaken)
    known.principal_of(secret)
    assert known.cached(secret) is None


def test_a_row_is_read_again_after_a_minute_whatever_the_epoch_says(
    people: People, replicas: tuple[Known, Known], clock: Clock
) -> None:
    known, _ = replicas
    secret = people.credential(people.user("Ada", "operator"))
    known.principal_of(secret)
    with people.engine.begin() as connection:
        connection.execute(update(token).values(revoked_at=datetime.now(UTC)))
    clock.seconds += ROW_SECONDS - 1
    known.refresh()
    assert known.cached(secret) is not None
    clock.seconds += 2
    with pytest.raises(InvalidToken):
        known.principal_of(secret)


def test_a_credential_that_is_known_ends_when_it_says(
    people: People, replicas: tuple[Known, Known], clock: Clock
) -> None:
    known, _ = replicas
    secret = people.credential(people.user("Ada", "operator"), lasts=30)
    known.principal_of(secret)
    clock.seconds += 31
    with pytest.raises(InvalidToken):
        known.principal_of(secret)


def test_a_session_that_nobody_has_used_for_half_a_day_has_ended(
    people: People, replicas: tuple[Known, Known], clock: Clock
) -> None:
    known, _ = replicas
    secret = people.credential(people.user("Ada", "operator"), Kind.SESSION, lasts=7 * 86400)
    clock.seconds += 12 * 3600 - 60
    known.principal_of(secret)
    known.uses.write()
    clock.seconds += 12 * 3600 - 60
    known.principal_of(secret)
    known.uses.write()
    clock.seconds += 12 * 3600 + 60
    with pytest.raises(InvalidToken):
        known.principal_of(secret)


def test_the_last_use_is_written_apart_and_once_a_minute(
    people: People, replicas: tuple[Known, Known], clock: Clock
) -> None:
    known, _ = replicas
    secret = people.credential(people.user("Ada", "viewer"))

    def last() -> tuple[Any, Any]:
        with people.engine.connect() as connection:
            row = connection.execute(select(token.c.last_used_at, token.c.last_ip)).one()
            return row.last_used_at, row.last_ip

    known.principal_of(secret, address="10.1.2.3")
    assert last() == (None, None)
    known.uses.write()
    first = clock.now()
    assert last() == (first, "10.1.2.3")
    clock.seconds += 30
    known.principal_of(secret, address="10.1.2.4")
    known.uses.write()
    assert last() == (first, "10.1.2.3")
    clock.seconds += 31
    known.principal_of(secret, address="10.1.2.4")
    known.uses.write()
    assert last() == (clock.now(), "10.1.2.4")


def test_without_postgres_nobody_is_let_in_by_what_may_have_been_revoked(
    people: People, replicas: tuple[Known, Known], clock: Clock
) -> None:
    secret = people.credential(people.user("Ada", "viewer"))
    known = Known(build_engine("postgresql://nobody@127.0.0.1:1/none", pool_size=1), clock=clock)
    with pytest.raises(DatabaseUnavailable):
        known.principal_of(secret)


def test_a_stranger_leaves_nothing_behind(people: People, replicas: tuple[Known, Known]) -> None:
    known, _ = replicas
    for _ in range(3):
        with pytest.raises(InvalidToken):
            known.principal_of(new_secret(Kind.KEY))
    assert known._rows == {}
    assert MOST_ROWS == 10_000
