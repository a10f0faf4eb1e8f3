"""Passwords: which are accepted, how they are stored, and how one is compared with what is stored.

Stored is argon2id with the least parameters that OWASP recommends (Password Storage Cheat Sheet): 19 MiB, 2 passes, one
lane. They stand in each hash, so a hash of earlier parameters still verifies and is made anew at the next login.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.resources import files
from typing import Final, TypeVar

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from app.errors import WeakPassword

T = TypeVar("T")

#: Characters of a password. OWASP ASVS 5.0, 6.2.1: at least 8; 6.2.9: at least 64 must be possible.
LEAST: Final = 12
MOST: Final = 200

#: Characters that a password must have besides the words that everybody tries first.
LEAST_OTHERS: Final = 8

#: Different characters that a password must have.
LEAST_DIFFERENT: Final = 5

#: The 10,000 most common passwords, the commonest first: from the frequency list of zxcvbn 4.5 (MIT, Dropbox and
#: Daniel Wolf), in lower case.
_COMMON_FILE: Final = "common_passwords.txt"

#: Hashes at the same time in this process: each takes 19 MiB and a core.
_AT_ONCE: Final = 2

_hashing: Final = PasswordHash((Argon2Hasher(time_cost=2, memory_cost=19 << 10, parallelism=1),))


def require_strong(password: str, *, name: str) -> None:
    """Refuse a password that is guessed soon.

    Raises:
        WeakPassword: it is too short or too long, or has little besides a common password, the user's ``name`` or
            ``openhours``. The message never repeats it.
    """
    if not LEAST <= len(password) <= MOST:
        raise WeakPassword(
            f"The password has {len(password)} characters; choose one of {LEAST} to {MOST}, such as four words."
        )
    if (different := len(set(password))) < LEAST_DIFFERENT:
        raise WeakPassword(
            f"The password has only {different} different characters; choose one of at least {LEAST_DIFFERENT}."
        )
    if not password.isprintable() and any(0xD800 <= ord(one) <= 0xDFFF for one in password):
        raise WeakPassword("The password contains half of a character (a surrogate), which is invalid; type it again.")
    plain = password.casefold()
    if plain in _common():
        raise WeakPassword("The password is one of the 10,000 most common ones; choose another one.")
    others, guessed = _without_guessed(plain, name.casefold())
    if len(others) < LEAST_OTHERS:
        raise WeakPassword(
            f"The password is easy to guess: apart from {' and '.join(guessed)} it has only {len(others)} characters. "
            f"Choose one with at least {LEAST_OTHERS} other characters, such as four words."
        )


def hash_password(password: str) -> str:
    """What is stored of a password; takes some 50 ms of a core, and waits while two others are hashed."""
    return _apart(lambda: _hashing.hash(password))


def verify(password: str, stored: str | None) -> tuple[bool, str | None]:
    """Whether it is the password that was stored, and what to store instead where parameters have changed since.

    Without a stored one it takes as long: how long a login takes must not tell which users there are.
    """
    typed = password.encode(errors="surrogatepass")  # JSON may hold halves of characters
    is_right, better = _apart(lambda: _hashing.verify_and_update(typed, stored or _of_nobody()))
    return (True, better) if is_right and stored is not None else (False, None)


def _apart(function: Callable[[], T]) -> T:
    """Call it in one of two threads that do nothing else.

    glibc keeps what a thread has freed for the next of its kind: with threads of requests, dozens of them would keep
    19 MiB each.
    """
    return _threads().submit(function).result()


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="passwords")


def _without_guessed(plain: str, name: str) -> tuple[str, list[str]]:
    """What is left of a password without the words that are tried first, and what these are, for people."""
    guessed = []
    for word, words in ((name, "your name"), ("openhours", "'openhours'")):
        if len(word) > 2 and word in plain:
            plain = plain.replace(word, "")
            guessed.append(words)
    start, end = _letters(plain)
    if plain[start:end] in _common():
        plain = plain[:start] + plain[end:]
        guessed.append("one of the 10,000 most common passwords")
    if guessed and "".join(filter(str.isalnum, plain)) in _common():  # as in dragon-123456789
        plain = ""
    return plain, guessed


def _letters(plain: str) -> tuple[int, int]:
    """From the first letter to behind the last: people decorate a word with digits and signs at its ends."""
    places = [at for at, character in enumerate(plain) if character.isalpha()]
    return (places[0], places[-1] + 1) if places else (0, 0)


@cache
def _common() -> frozenset[str]:
    return frozenset((files("app.access") / _COMMON_FILE).read_text(encoding="ascii").split())


@cache
def _of_nobody() -> str:
    return _hashing.hash("the password of nobody")
