"""No secret is shown, whether it is known or only looks like one; what is none stays as it is."""

import json
from collections.abc import Callable
from time import thread_time
from urllib.parse import quote

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.telemetry.redaction import MASK, SHORTEST_SECRET, Redactor


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://me:hush%2Fab=+9@db.example:5432/x", "postgresql://me:***@db.example:5432/x"),
        ("redis://:hush@redis.example/0 and redis://u:hush@b", "redis://:***@redis.example/0 and redis://u:***@b"),
        ("postgresql://me:hu@sh@db.example/x", "postgresql://me:***@db.example/x"),
        ("/k?a=b&X-Amz-Credential=AK%2F2024&X-Amz-Expires=60", "/k?a=b&X-Amz-Credential=***&X-Amz-Expires=60"),
        ("X-Amz-Security-Token=hush%3D&X-Amz-Signature=0afe HTTP", "X-Amz-Security-Token=***&X-Amz-Signature=*** HTTP"),
        ("{'X-Amz-Security-Token': b'hush', 'a': 1}", "{'X-Amz-Security-Token': b'***', 'a': 1}"),
        ("host:s3.example\nx-amz-security-token:hush\n\nhost", "host:s3.example\nx-amz-security-token:***\n\nhost"),
        (f"Signature:\n{'0a' * 32}", "Signature:\n***"),
        ("Authorization: Bearer hush\nHost: x", "Authorization: ***\nHost: x"),
        ("{'Authorization': 'AWS4 Credential=a, Signature=b', 'x': 1}", "{'Authorization': ***, 'x': 1}"),
        ("[(b'authorization', b'Bearer hush'), (b'a', b'b')]", "[(b'authorization', b***), (b'a', b'b')]"),
        ("Idempotency-Key 'hush' was used with another body", "Idempotency-Key *** was used with another body"),
        ('{"idempotency-key": "hush hush", "a": 1}', '{"idempotency-key": ***, "a": 1}'),
        ("Cookie: a=b; c=d", "Cookie: ***"),
        ("connection to host=db password=hush dbname=x", "connection to host=db password=*** dbname=x"),
        (f"GET /me/oh_abcdefgh{'Z' * 41} 404", "GET /me/oh_abcdefgh*** 404"),
        ("AWS_SECRET_ACCESS_KEY=hush AWS_REGION=x", "AWS_SECRET_ACCESS_KEY=*** AWS_REGION=x"),
    ],
)
def test_what_looks_like_a_secret_by_its_place_is_masked(text: str, shown: str) -> None:
    assert Redactor().redact(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "listening on http://127.0.0.1:8000, API page at /docs",
        "GET /reports?cursor=MjAyNA==: database_unavailable: Postgres does not answer; try again in a moment.",
        'FATAL:  password authentication failed for user "me"',
        "http://127.0.0.1:9000/openhours/reports/0123/a1/uptime.csv?X-Amz-Expires=60",
        "the Idempotency-Key must not be longer than 255 characters",
        "mail to a@b.example or see http://b.example/c:d@e",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert Redactor().redact(text) == text


@given(secret=st.text(min_size=SHORTEST_SECRET), around=st.tuples(st.text(), st.text()))
def test_a_known_secret_is_masked_however_it_is_written(secret: str, around: tuple[str, str]) -> None:
    assume("*" not in secret)  # what is left around a mask could make it up again
    redactor = Redactor()
    redactor.learn([secret])
    for written in (secret, quote(secret, safe="", errors="replace"), repr(secret)[1:-1]):
        assert written not in redactor.redact(written.join(around))


@pytest.mark.parametrize("password", ["hush-hush", "it's \\ 50% é", "p@ss/word"])
def test_of_an_address_all_is_masked_and_the_password_by_itself(password: str) -> None:
    address = f"postgresql://me:{quote(password, safe='')}@db.example/x"
    redactor = Redactor()
    redactor.learn([address])
    shown = redactor.redact(f"{address} {password!r} {quote(password, safe='')} {password}")
    assert shown == f"{MASK} {repr(password)[0]}{MASK}{repr(password)[0]} {MASK} {MASK}"


def test_short_values_and_none_take_nothing_out_of_words() -> None:
    redactor = Redactor()
    redactor.learn(["", None, "abc", "redis://:abc@redis.example"])
    assert redactor.redact("abcdef redis://:abc@other.example") == "abcdef redis://:***@other.example"


def cookies(times: int) -> str:
    return json.dumps({"Cookie" * times: "="})


@pytest.mark.parametrize(
    "line", [lambda times: "://" * times, lambda times: "a:" * times, lambda times: "password " * times, cookies]
)
def test_masking_a_line_that_is_eight_times_as_long_takes_about_eight_times_as_long(line: Callable[[int], str]) -> None:
    redactor = Redactor()
    redactor.learn(["hush-hush"])

    def seconds(times: int) -> float:
        """Processor time of this thread, the least of three: nobody else's work counts."""
        taken = []
        for _ in range(3):
            text = line(times)
            begin = thread_time()
            shown = redactor.redact(f"hush-hush {text}")
            taken.append(thread_time() - begin)
            assert shown == f"{MASK} {text}"
        return min(taken)

    # Where every place is compared with the rest of the line, eight times as long takes 64 times as long.
    assert seconds(16_000) < 24 * max(seconds(2_000), 0.000_5)
