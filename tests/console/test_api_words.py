"""What the API says in English, where a page knows it in another language."""

import pytest

from app.console.api_words import sentence, told, with_code
from app.console.refusal_words import ADVICE, CAUSES
from app.console.texts import texts_in
from app.ingest.refusal import REFUSALS, REJECTIONS
from app.schedules.timing import Timing

GERMAN = texts_in("de")


@pytest.mark.parametrize(
    ("text", "german"),
    [
        ("a file was rejected", "eine Datei wurde abgelehnt"),
        ("Paused by Ada (ops).", "Angehalten von Ada (ops)."),
        ("weekly hours from 2020-01-01 to 2020-06-30", "Öffnungszeiten der Woche von 01.01.2020 bis 30.06.2020"),
        ("holiday: Christmas (public:DE-BY)", "Feiertag: Christmas (public:DE-BY)"),
        ("is not one of active, inactive, unknown", "ist nichts von: active, inactive, unknown"),
        ("something that nobody has translated", None),
        ("Paused by\nsomebody", None),
        ("100% of %(it)s", None),
    ],
)
def test_forms_keep_what_stands_in_them(text: str, german: str | None) -> None:
    assert told(GERMAN, text) == german


@pytest.mark.parametrize(
    ("cron", "german"),
    [
        ("30 6 * * *", "Um 06:30 jeden Tag"),
        ("30 6 * * 1", "Um 06:30 am Montag"),
        ("30 6 * * 1-5", "Um 06:30 am Montag bis Freitag"),
        ("0 6,18 * * 1,3", "Um 06:00 und 18:00 am Montag und Mittwoch"),
        ("0 6 * * 1,3,5", "Um 06:00 am Montag, Mittwoch und Freitag"),
        ("0 7 1 * *", "Um 07:00 am ersten Tag jedes Monats"),
        ("0 7 L * *", "Um 07:00 am letzten Tag jedes Monats"),
        ("0 7 15 * *", "Um 07:00 am 15. jedes Monats"),
        ("20 * * * *", "In Minute 20 jeder Stunde"),
        ("* * * * *", "Jede Minute"),
    ],
)
def test_when_a_schedule_is_due_is_told_in_german(cron: str, german: str) -> None:
    assert told(GERMAN, Timing(cron, "UTC").words) == german


def test_english_is_as_the_api_says_it() -> None:
    assert told(texts_in("en"), "weekly hours from 2020-01-01") == "weekly hours from 2020-01-01"


def test_a_sentence_keeps_abbreviations() -> None:
    assert sentence("each defined in JSON") == "Each defined in JSON."


def test_code_stands_between_backticks() -> None:
    assert with_code("Is `<b>` or <i>, not `a`.") == "Is <code>&lt;b&gt;</code> or &lt;i&gt;, not <code>a</code>."


def test_every_refusal_has_its_advice_and_every_rejection_its_words() -> None:
    assert set(REFUSALS) <= set(ADVICE)
    assert set(REJECTIONS) == set(CAUSES)
