"""Holidays of a country as a file that can be loaded."""

import re
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from app.commands.calendar import calendar
from app.errors import InvalidParameters
from app.storage.resources import Resources
from tests.conftest import load_file


def run(*arguments: str) -> str:
    done = CliRunner().invoke(calendar, list(arguments))
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.output


def test_its_file_is_loaded_as_a_calendar(resources: Resources, tmp_path: Path) -> None:
    path = tmp_path / "bavaria.csv"
    run("DE", "--subdivision", "BY", "--years", "2026-2027", "--output", str(path))
    loaded = load_file(resources, "holidays", path)
    assert loaded.rows_rejected == 0
    with resources.engine.connect() as connection:
        days = set(connection.execute(text("SELECT calendar, on_date::text, what FROM calendar_day")).all())
    # Epiphany and All Saints' are holidays in Bavaria, Corpus Christi 2026 was the 4th of June.
    for on in ("2026-01-06", "2026-06-04", "2026-11-01", "2026-12-25", "2027-12-26"):
        assert ("public:DE-BY", on, "closed") in days
    assert not [on for _, on, _ in days if on[:4] not in {"2026", "2027"}]


def test_names_come_in_the_language_that_is_asked_for() -> None:
    assert "public:US,2026-12-25,closed,Christmas Day\n" in run("US", "--years", "2026", "--language", "en_US")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("XX", "--years", "2026"), "no country 'XX'"),
        (("DE", "--years", "2026", "--subdivision", "ZZ"), "no subdivision 'ZZ'; allowed: BB"),
        (("DE", "--years", "2026", "--category", "bank"), "no holidays of category 'bank'; allowed: catholic"),
        (("DE", "--years", "2026", "--language", "xx"), "no names in 'xx'; allowed: de"),
        (("DE", "--years", "next"), "--years is 'next'; allowed: a year such as 2026"),
        (("DE", "--years", "2028-2026"), "allowed: up to 50 years between 1970 and 2099"),
    ],
)
def test_what_there_is_not_is_refused_with_what_there_is(arguments: tuple[str, ...], said: str) -> None:
    with pytest.raises(InvalidParameters, match=re.escape(said)):
        run(*arguments)
