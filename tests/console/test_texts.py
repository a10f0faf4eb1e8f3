"""Every text of a page has its translation, with the same values in it."""

import ast
import re

import pytest

from app.console.texts import CATALOGUES, LANGUAGES, language_for, texts_in
from tests.texts import TRANSLATED, all_of, catalogue, ids_of, path_of, written

VALUES = re.compile(r"%\(\w+\)s")


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalogue_has_the_texts_of_the_pages_and_no_others(language: str) -> None:
    """``make texts`` writes it."""
    assert path_of(language).read_bytes() == written(language)


def test_texts_of_templates_stand_where_they_are_found() -> None:
    """Babel finds those of ``{% trans %}`` and ``_()`` alone, and in Python none within an f-string."""
    templates = [path.read_text("utf-8") for path in (CATALOGUES.parent / "templates").iterdir()]
    assert [found for text in templates for found in re.findall(r"""\btexts(?:\.counted)?\(["'].*""", text)] == []
    english = {one for message in catalogue(TRANSLATED[0]) for one in ids_of(message.id)}
    for path in CATALOGUES.parent.rglob("*.py"):
        for called in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(called, ast.Call) and ast.unparse(called.func).endswith("texts") and called.args:
                text = called.args[0]
                assert not isinstance(text, ast.Constant) or text.value in english, f"{path.name}: {ast.unparse(text)}"


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_text_is_translated(language: str) -> None:
    assert [one.id for one in catalogue(language) if one.id and (one.fuzzy or not all_of(one.string))] == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_has_the_values_of_its_text(language: str) -> None:
    for one in catalogue(language):
        texts = ids_of(one.id)
        for translated in one.string if isinstance(one.string, tuple) else (one.string,):
            assert set(VALUES.findall(translated)) == {name for text in texts for name in VALUES.findall(text)}, one.id


@pytest.mark.parametrize(
    ("chosen", "accepted", "language"),
    [
        (None, None, "en"),
        (None, "de-AT,de;q=0.9,en;q=0.8", "de"),
        (None, "fr-FR,fr;q=0.9", "en"),
        (None, "fr, de;q=0.5", "de"),
        ("en", "de", "en"),
        ("tlh", "de", "de"),
        (None, ";;;,,,*", "en"),
    ],
)
def test_a_page_is_in_the_language_that_was_chosen_or_that_the_browser_prefers(
    chosen: str | None, accepted: str | None, language: str
) -> None:
    assert language_for(chosen, accepted) == language


@pytest.mark.parametrize("language", LANGUAGES)
def test_dates_and_numbers_are_those_of_the_language(language: str) -> None:
    texts = texts_in(language)
    number, share, first, day = {
        "en": ("1,234.5", "99.96%", 6, "Mar 1, 2026"),
        "de": ("1.234,5", "99,96\N{NO-BREAK SPACE}%", 0, "01.03.2026"),
    }[language]
    assert texts.number(1234.5) == number
    assert texts.share(0.9996, digits=2) == share
    assert texts.week()[0] == first, "the week begins on Sunday in English, on Monday in German"
    assert texts.day("2026-03-01") == day


def test_an_instant_is_told_on_the_clock_of_its_zone() -> None:
    texts = texts_in("en")
    shown = texts.instant("2026-07-01T22:30:00Z", "Europe/Berlin")
    assert 'datetime="2026-07-01T22:30:00Z"' in shown
    assert "Jul 2, 2026, 12:30\N{NARROW NO-BREAK SPACE}AM Europe/Berlin (+0200)" in shown
