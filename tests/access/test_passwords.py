"""Which passwords are accepted, and how they are stored."""

import re
from concurrent.futures import ThreadPoolExecutor
from threading import current_thread
from threading import enumerate as threads

import pytest

from app.access import passwords
from app.access.passwords import hash_password, require_strong, verify
from app.errors import WeakPassword

pytestmark = pytest.mark.usefixtures("shipped_passwords")

#: Of "four plain old words", with 8 MiB and one pass; made by argon2-cffi itself.
WEAK = "$argon2id$v=19$m=8192,t=1,p=1$iOda5FDDSbpZou8TTUPi1A$mcv7zqNAQ5zQ/zwDO6lGDKUg9d1JxKcG6kCBFsk3OB8"


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("elevenchars", "has 11 characters; choose one of 12 to 200"),
        ("x" * 201, "has 201 characters"),
        ("121212121212", "only 2 different characters"),
        ("qwerty123456", "one of the 10,000 most common"),
        ("QWERTY123456", "one of the 10,000 most common"),
        ("Dragon-84729!", "only 7 characters"),
        ("9876dragon9876!", None),
        ("dragon-123456789", "only 0 characters"),
        ("ada.lovelace-77", "your name"),
        ("openhours-2026", "'openhours'"),
        ("Openhours openhours openhours", "'openhours'"),
        ("four plain old words", None),
        ("päivää, hyvää huomenta", None),
        ("   spaces count   ", None),
    ],
)
def test_a_password_is_refused_for_being_short_or_soon_guessed_and_for_nothing_else(
    password: str, reason: str | None
) -> None:
    if reason is None:
        require_strong(password, name="Ada.Lovelace")
        return
    with pytest.raises(WeakPassword, match=re.escape(reason)) as refused:
        require_strong(password, name="Ada.Lovelace")
    assert password not in refused.value.message


def test_what_is_stored_names_the_parameters_that_owasp_recommends_at_least() -> None:
    assert hash_password("four plain old words").startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_a_password_is_compared_as_it_was_typed() -> None:
    stored = hash_password("four plain old words")
    assert verify("four plain old words", stored) == (True, None)
    assert verify("four plain old words ", stored) == (False, None)
    assert verify("Four plain old words", stored) == (False, None)


def test_who_has_no_password_is_let_in_by_none() -> None:
    assert verify("the password of nobody", None) == (False, None)


def test_a_hash_of_weaker_parameters_is_made_anew() -> None:
    is_right, better = verify("four plain old words", WEAK)
    assert is_right
    assert better is not None
    assert better.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_61_however_many_log_in_at_once_two_threads_hash() -> None:
    """The memory of a hash stays with its thread: those of fifty requests would keep a gigabyte."""
    with ThreadPoolExecutor(20) as requests:
        names = requests.map(lambda _: passwords._apart(lambda: current_thread().name), range(100))
        assert {name.partition("_")[0] for name in names} == {"passwords"}
    assert len([thread for thread in threads() if thread.name.startswith("passwords_")]) <= 2
