"""Logins: nothing tells who exists, nobody guesses for long, nobody locks others out."""

import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace

import pytest

from app.access import passwords
from app.access.limits import PREFIX, AttemptLimits, site
from app.access.login import LoginService
from app.access.scopes import Role
from app.access.second_factor import SecondFactors
from app.access.server_secret import ServerSecret
from app.errors import LoginFailed, TooManyLogins
from app.storage.counters import shared_counters
from app.storage.redis_client import build_redis
from app.storage.resources import Resources
from tests.access.services import PASSWORD, Accounts, accounts_of

HOME, ELSEWHERE = "192.0.2.1", "198.51.100.9"


@pytest.fixture(params=["Redis counts", "Redis is silent"])
def either(request: pytest.FixtureRequest, accounts: Accounts) -> Accounts:
    """With Redis, and with one that nobody answers for (60)."""
    return accounts if request.param == "Redis counts" else without_redis(accounts)


def without_redis(accounts: Accounts) -> Accounts:
    with socket.create_server(("127.0.0.1", 0)) as closed_soon:
        port = closed_soon.getsockname()[1]
    silent = build_redis(f"redis://127.0.0.1:{port}", timeout_seconds=0.2, retries=0)
    limits = AttemptLimits(shared_counters(silent, prefix=PREFIX))
    return replace(accounts, logins=LoginService(accounts.resources.engine, limits, SecondFactors(ServerSecret([]))))


def outcome(accounts: Accounts, name: str, password: str, address: str = HOME) -> str:
    try:
        accounts.logins.authenticate(name, password, address)
    except (LoginFailed, TooManyLogins) as refused:
        return f"{refused.status} {refused.message}"
    return "in"


def test_57_whatever_is_wrong_the_answer_is_the_same(accounts: Accounts) -> None:
    accounts.person("ada")
    accounts.users.disable(accounts.person("gone").id)
    accounts.users.add("invited", role=Role.VIEWER)
    accounts.users.add("robot", role=Role.VIEWER, kind="service")
    wrong = [("ada", "a wrong password"), ("nobody", PASSWORD), ("gone", PASSWORD), ("invited", PASSWORD)]
    wrong += [("robot", PASSWORD), ("\x00", PASSWORD), ("x" * 10_000, PASSWORD), ("ada", PASSWORD + " "), ("", "")]
    assert {outcome(accounts, name, password) for name, password in wrong} == {
        "401 The name, the password or the code is wrong, or the user is disabled."
    }
    assert outcome(accounts, "ADA", PASSWORD) == "in"


def test_a_name_logs_in_whatever_its_case(accounts: Accounts) -> None:
    accounts.person("Zoë Ünal")
    assert {outcome(accounts, name, PASSWORD) for name in ("ZOË ÜNAL", "zoë ünal", "Zoe\u0308 U\u0308nal")} == {"in"}


def test_57_a_name_that_nobody_has_is_throttled_as_one_that_exists(either: Accounts) -> None:
    either.person("ada")
    said = {
        name: [outcome(either, name, "a wrong password", site_of(at)) for at in range(6)] for name in ("ada", "eve")
    }
    assert said["ada"] == said["eve"]
    assert [one[:3] for one in said["ada"]] == ["401"] * 5 + ["429"]


@pytest.mark.usefixtures("shipped_passwords")
def test_57_a_password_is_hashed_once_whoever_is_named(accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a login takes is the hash; that both take as long is measured by hand, as a test must not ask a clock."""
    compared: list[str] = []

    def counting(password: str, stored: str) -> tuple[bool, str | None]:
        compared.append(stored.rpartition("$")[0].rpartition("$")[0])  # the parameters, without salt and hash
        return hashing.verify_and_update(password, stored)

    hashing = passwords._hashing
    monkeypatch.setattr(passwords, "_hashing", SimpleNamespace(verify_and_update=counting, hash=hashing.hash))
    accounts.person("ada")
    accounts.users.add("invited", role=Role.VIEWER)
    for name in ("ada", "eve", "invited"):
        outcome(accounts, name, "a wrong password")
    assert compared == ["$argon2id$v=19$m=19456,t=2,p=1"] * 3


def site_of(number: int) -> str:
    """One of many addresses, so that none of them has too many attempts."""
    return f"203.0.113.{number}"


def test_58_after_five_failures_only_known_addresses_may_log_in(either: Accounts) -> None:
    ada = either.person("ada")
    assert outcome(either, "ada", PASSWORD, HOME) == "in"
    attempts = [outcome(either, "ada", "a wrong password", site_of(at)) for at in range(6)]
    assert [one[:3] for one in attempts] == ["401"] * 5 + ["429"]
    with pytest.raises(TooManyLogins) as refused:
        either.logins.authenticate("ada", PASSWORD, ELSEWHERE)
    assert refused.value.retry_after_seconds == 900
    assert either.rows("SELECT throttled_until - first_failed_at = interval '15 minutes' FROM app_user") == [(True,)]
    assert outcome(either, "ada", PASSWORD, HOME) == "in"
    assert outcome(either, "ada", PASSWORD, ELSEWHERE) == "in"  # counted from nought again
    assert either.rows("SELECT count(*) FROM login_address") == [(2,)]
    assert either.users.get(ada.id) == ada


def test_58_the_throttle_ends_after_a_quarter_of_an_hour(accounts: Accounts) -> None:
    accounts.person("ada")
    for at in range(6):
        outcome(accounts, "ada", "a wrong password", site_of(at))
    accounts.run("UPDATE app_user SET first_failed_at = first_failed_at - interval '15 minutes'")
    assert outcome(accounts, "ada", PASSWORD, ELSEWHERE) == "in"


def test_58_many_guesses_at_once_do_not_slip_through(emptied: Resources) -> None:
    replicas = [accounts_of(emptied) for _ in range(2)]
    replicas[0].person("ada")
    with ThreadPoolExecutor(10) as pool:
        asked = [pool.submit(outcome, replicas[at % 2], "ada", "a wrong password", site_of(at)) for at in range(10)]
    assert sorted(one.result()[:3] for one in asked) == ["401"] * 5 + ["429"] * 5


def test_59_one_password_for_many_names_is_stopped_by_its_address(accounts: Accounts) -> None:
    said = [outcome(accounts, f"user {number}", PASSWORD, HOME)[:3] for number in range(25)]
    assert said == ["401"] * 20 + ["429"] * 5
    assert outcome(accounts, "user", PASSWORD, ELSEWHERE)[:3] == "401"


def test_59_replicas_count_together(emptied: Resources) -> None:
    replicas = [accounts_of(emptied) for _ in range(2)]
    said = [outcome(replicas[at % 2], f"user {at}", PASSWORD, HOME)[:3] for at in range(22)]
    assert said == ["401"] * 20 + ["429"] * 2


def test_60_while_redis_is_silent_a_replica_lets_a_quarter_pass(accounts: Accounts) -> None:
    alone = without_redis(accounts)
    said = [outcome(alone, f"user {number}", PASSWORD, HOME)[:3] for number in range(8)]
    assert said == ["401"] * 5 + ["429"] * 3


def test_all_addresses_together_are_limited_and_one_that_may_not_counts_for_no_other(accounts: Accounts) -> None:
    alone = without_redis(accounts).logins._limits
    for _ in range(100):
        with_limit(alone, HOME)
    assert sum(with_limit(alone, site_of(at)) for at in range(100)) == 300 // 4 - 5


def with_limit(limits: AttemptLimits, address: str) -> bool:
    try:
        limits.count(address)
    except TooManyLogins:
        return False
    return True


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
        ("testclient", None),
        (None, None),
    ],
)
def test_who_has_a_network_of_ipv6_is_one_address(address: str | None, expected: str | None) -> None:
    assert site(address) == expected


def test_what_is_recorded_of_attempts_names_no_unknown_user(accounts: Accounts) -> None:
    ada = accounts.person("ada")
    accounts.run("DELETE FROM login_address")
    for name, password in (("ada", PASSWORD), ("ada", "a wrong password"), ("my secret password", "x")):
        outcome(accounts, name, password, HOME)
    recorded = accounts.rows(
        "SELECT outcome, object_id, host(ip), detail FROM audit WHERE action = 'login' ORDER BY id"
    )
    assert recorded == [("done", ada.id, HOME, {}), ("failed", ada.id, HOME, {}), ("failed", None, HOME, {})]
